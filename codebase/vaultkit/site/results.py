"""What the note runner last saw, for the badge: true for the text and engine as they are now, or absent."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vaultkit.run.data import is_current
from vaultkit.run.fingerprints import Fingerprints
from vaultkit.run.results import engine_digest, load_results, results_key


@dataclass(frozen=True, slots=True)
class Verdict:
    """A note whose every block passed or was declared a skip."""

    blocks: int
    passed: int
    skipped: int
    when: str
    device: str
    versions: dict[str, str]


class Results:
    """The runner's results of one vault; a broken or missing file means no badges."""

    def __init__(self, vault: Path, known: dict[str, list[object]] | None = None) -> None:
        """known: fingerprints of files that an earlier look took, which this one adds to."""
        self.vault = vault
        self._known = known
        self.entries = load_results(vault)

    @cached_property
    def _engine(self) -> str:
        return engine_digest(self.vault, self._fingerprints)

    @cached_property
    def _fingerprints(self) -> Fingerprints:
        return Fingerprints(self._known)

    def verdict(self, path: str) -> Verdict | None:
        """The verdict on a note (vault path), None unless all its blocks passed and nothing changed since."""
        entry = self.entries.get(path)
        if entry is None:
            return None
        blocks, passed, skipped = (int(entry.get(name) or 0) for name in ("blocks", "passed", "skipped"))
        if not passed or passed + skipped != blocks:
            return None
        if entry.get("key") != results_key(self.vault, path, self._engine):
            return None
        if not is_current(self.vault, entry, self._fingerprints):
            return None
        versions = {str(name): str(version) for name, version in dict(entry.get("versions") or {}).items()}
        return Verdict(
            blocks, passed, skipped, str(entry.get("when", "")), str(entry.get("device")), versions
        )
