"""The files besides its text and the engine that a note's badge depends on: data it read, its figures."""

import os
from pathlib import Path

from vaultkit import place
from vaultkit.files import NOTE_ENDINGS, walk
from vaultkit.run.fingerprints import FOLDER, Fingerprints, digest
from vaultkit.run.session import Session

_NOT_DATA = (
    "codebase/kvist/",
    "codebase/vaultkit/",
    "kernels/",
    ".venv/",
    ".cache/",
    ".git/",
    "node_modules/",
)


def data_of(session: Session) -> dict[str, object]:
    """What to keep with a note's result: `data`, {path from the project: fingerprint} of what it has read
    there; `files`, of all that is no note in the vault, if nobody can tell what it has read.
    """
    observer = session.observer
    if observer is None:
        return {"files": files_digest(session.vault, Fingerprints())}
    used = observer.used()
    project = str(place.project_of(session.vault)) + os.sep
    found = {}
    for kind, name in used.things:
        value = observer.values.get((kind, name), "")
        inside = name.removeprefix(project)
        data = kind == "file" and inside != name and not inside.startswith(_NOT_DATA)
        if data and value != FOLDER and name != str(session.file):
            found[inside.replace(os.sep, "/")] = value
    unknown = {"files": files_digest(session.vault, Fingerprints())} if used.untracked else {}
    return {"data": dict(sorted(found.items())), **unknown}


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
