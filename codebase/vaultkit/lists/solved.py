"""Which exercises are solved: a record, true only while the solution is what was checked."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from vaultkit import place
from vaultkit.write import write_atomic

FOLDER = "study"  # in the project, owned by the learner
RECORD = "solved.json"


@dataclass(frozen=True, slots=True)
class Solved:
    """`entries`: {exercise: {"solution": digest, "when": day}}."""

    folder: Path
    entries: dict[str, Any]

    @classmethod
    def load(cls, vault: Path) -> "Solved":
        """The record of the project around `vault`; a missing or damaged one means that nothing is solved."""
        folder = place.project_of(vault) / FOLDER
        try:
            loaded = json.loads((folder / RECORD).read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            loaded = {}
        return cls(folder, loaded if isinstance(loaded, dict) else {})

    def solution(self, name: str) -> Path:
        return self.folder / f"{name}.py"

    def holds(self, name: str) -> bool:
        entry = self.entries.get(name)
        digest = entry.get("solution") if isinstance(entry, dict) else None
        return bool(digest) and digest == digest_of(self.solution(name))

    def with_verdict(self, name: str, solved: bool) -> "Solved":
        """The record after a check of the solution as it is now."""
        entries = {key: value for key, value in self.entries.items() if key != name}
        if solved:
            entries[name] = {"solution": digest_of(self.solution(name)), "when": date.today().isoformat()}
        return Solved(self.folder, entries)

    def save(self) -> None:
        text = json.dumps(self.entries, indent=1, sort_keys=True, ensure_ascii=False)
        write_atomic(self.folder / RECORD, text.encode() + b"\n")


def digest_of(file: Path) -> str:
    """Hex digest of a file, "" if it cannot be read."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
