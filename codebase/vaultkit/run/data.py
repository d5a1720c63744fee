"""The files besides its text and the engine that a note's badge depends on: data it read, its figures."""

import os
from functools import lru_cache
from pathlib import Path

from vaultkit import place
from vaultkit.files import NOTE_ENDINGS, walk
from vaultkit.run.fingerprints import FOLDER, Fingerprints, digest
from vaultkit.run.session import Session
from vaultkit.run.used import Dependency, Used

_NOT_DATA = (
    "codebase/kvist/",
    "codebase/vaultkit/",
    "kernels/",
    ".venv/",
    ".cache/",
    ".git/",
    "node_modules/",
)


def data_of(session: Session, used: Used | None) -> dict[str, object]:
    """What to keep with a note's result: `data`, {path from the project: fingerprint} of what it has read
    there; `files`, of all that is no note in the vault, if nobody can tell what it has read.
    """
    observer = session.observer
    if observer is None or used is None:
        return {"files": files_digest(session.vault, Fingerprints())}
    project, own = _project(session.vault), str(session.file)
    found, names = {}, _names(project)
    for thing in used.things:
        name = names.get(thing)
        if name is None:
            name = names[thing] = _name(*thing, project)
        if name and thing[1] != own and (value := observer.values.get(thing, "")) != FOLDER:
            found[name] = value
    unknown = {"files": files_digest(session.vault, Fingerprints())} if used.untracked else {}
    return {"data": dict(sorted(found.items())), **unknown}


@lru_cache
def _project(vault: Path) -> str:
    return str(place.project_of(vault)) + os.sep


@lru_cache
def _names(project: str) -> dict[Dependency, str]:
    """What `_name` says of things, for notes use much the same."""
    return {}


def _name(kind: str, name: str, project: str) -> str:
    """The path in the project of a file that is data, "" for all else."""
    inside = name.removeprefix(project)
    data = kind == "file" and inside != name and not inside.startswith(_NOT_DATA)
    return inside.replace(os.sep, "/") if data else ""


def files_digest(root: Path, fingerprints: Fingerprints) -> str:
    """Fingerprint of all files of the vault that are no notes: what counts if nobody watched the run."""
    rows = [
        f"{path} {fingerprints.file(os.path.abspath(file))}"
        for path, file in sorted(walk(str(root)))
        if not path.lower().endswith(NOTE_ENDINGS)
    ]
    return digest("\n".join(rows))


def is_current(root: Path, entry: dict[str, object], fingerprints: Fingerprints) -> bool:
    """True if the data that a result depends on is as it was."""
    data = entry.get("data")
    project = place.project_of(root)
    read = data.items() if isinstance(data, dict) else ()
    if any(fingerprints.file(str(project / name)) != value for name, value in read):
        return False
    return entry.get("files") in (None, files_digest(root, fingerprints))
