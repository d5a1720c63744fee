"""The files besides its text and the engine that a note's badge depends on: data it read, its figures."""

import os
from pathlib import Path

from vaultkit import place
from vaultkit.files import NOTE_ENDINGS, walk
from vaultkit.run.fingerprints import Fingerprints, digest
from vaultkit.run.observe import Observer

_NOT_DATA = (
    "codebase/kvist/",
    "codebase/vaultkit/",
    "kernels/",
    ".venv/",
    ".cache/",
    ".git/",
    "node_modules/",
)


def data_used(root: Path, note: Path, observer: Observer) -> dict[str, str]:
    """{path from the project: fingerprint} of what the last note that ran has read in the project."""
    project = str(place.project_of(root)) + os.sep
    found = {}
    for kind, name in observer.used().things:
        value = observer.values.get((kind, name), "")
        inside = name.removeprefix(project)
        data = kind == "file" and inside != name and not inside.startswith(_NOT_DATA)
        if data and value != "folder" and name != str(note):
            found[Path(inside).as_posix()] = value
    return dict(sorted(found.items()))


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
    if isinstance(data, dict):
        project = place.project_of(root)
        return all(fingerprints.file(str(project / name)) == value for name, value in data.items())
    return entry.get("files") in (None, files_digest(root, fingerprints))
