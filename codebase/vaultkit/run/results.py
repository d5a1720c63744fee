"""Results of runs, for the badges on the site: one JSON, an entry per note, true only while its key matches.

`.cache/kvist/results.json` of the project: {note path: {"key", "blocks", "passed", "skipped", "seconds",
"when", "versions", "device"}}. A note is verified if the key still matches and passed + skipped == blocks.
"""

import hashlib
import json
import platform
import sys
from datetime import date
from pathlib import Path
from typing import Any

from vaultkit import place
from vaultkit.run.fingerprints import Fingerprints
from vaultkit.run.session import Session
from vaultkit.run.verdict import Verdict
from vaultkit.vault import read_text
from vaultkit.write import write_atomic

ENGINE = ("codebase/kvist", "kernels")  # what notes are run with, relative to the project
_SKIPPED = frozenset({"__pycache__", "build", ".cache"})


def engine_digest(root: Path, fingerprints: Fingerprints | None = None) -> str:
    """Hex digest of the names and bytes of all engine files of the project around the vault `root`.

    `fingerprints` spare reading files that have not changed.
    """
    fingerprints = fingerprints or Fingerprints()
    project = place.project_of(root)
    digest = hashlib.sha256()
    for folder in ENGINE:
        for file in sorted((project / folder).rglob("*")):
            if file.is_file() and not _SKIPPED.intersection(file.parts):
                digest.update(file.relative_to(project).as_posix().encode("utf-8", "replace") + b"\0")
                digest.update(fingerprints.file(str(file)).encode())
    return digest.hexdigest()


def results_key(root: Path, note_path: str, engine: str = "") -> str:
    """Key of a note's result: its text and the engine; pass `engine_digest(root)` when asking for
    many notes.
    """
    return key_of(engine or engine_digest(root), (Path(root) / note_path).read_bytes())


def key_of(engine: str, text: bytes) -> str:
    return hashlib.sha256(engine.encode() + b"\0" + text).hexdigest()


def load_results(root: Path) -> dict[str, dict[str, Any]]:
    """All results of the vault `root`; {} if there are none or the file is damaged."""
    try:
        loaded = json.loads(results_file(root).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(loaded, dict):
        return {}
    return {path: entry for path, entry in loaded.items() if isinstance(entry, dict)}


def results_file(root: Path) -> Path:
    return place.cache_folder(root) / "results.json"


def entry_of(session: Session, verdicts: list[Verdict], engine: str = "") -> dict[str, Any] | None:
    """The result of a note all of whose blocks were judged; None if its text has changed since it
    was read.
    """
    key = results_key(session.vault, session.path, engine)
    if read_text(session.file, session.path)[0] != session.text:
        return None
    return {
        "key": key,
        "blocks": len(session.program.blocks),
        "passed": sum(verdict.status == "passed" for verdict in verdicts),
        "skipped": sum(verdict.status == "skipped" for verdict in verdicts),
        "seconds": round(sum(execution.seconds for execution in session.executed.values()), 3),
        "when": date.today().isoformat(),
        "versions": _versions(),
        "device": _device(),
    }


def record(root: Path, entries: dict[str, dict[str, Any]]) -> None:
    """Merge entries into the results file; entries of notes that are gone are dropped."""
    if entries:
        before = load_results(root)
        known = {path: e for path, e in before.items() if (root / path).is_file()}
        if before == {**known, **entries}:
            return
        text = json.dumps({**known, **entries}, indent=1, ensure_ascii=False, sort_keys=True)
        write_atomic(results_file(root), text.encode() + b"\n")


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name, module in (("numpy", "numpy"), ("mlx", "mlx.core")):
        version = getattr(sys.modules.get(module), "__version__", None)
        if version:
            versions[name] = str(version)
    return versions


def _device() -> str:
    mlx = sys.modules.get("mlx.core")
    return "gpu" if mlx is not None and "gpu" in str(mlx.default_device()).lower() else "cpu"
