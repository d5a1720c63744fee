"""Change and move several files of a vault, all or none, even if the process is killed in the middle.

The new texts are first written into the hidden folder `.kvist-journal` of the vault; naming them in its
`journal.json` is the one step that decides. Killed before it, nothing has happened; killed after it, the next
command that reads the vault finishes the work. Each step can be done twice.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vaultkit.errors import Problem, VaultError
from vaultkit.write import write_atomic

try:
    import fcntl
except ImportError:  # no such locks on Windows: there two renames at once are not kept apart
    fcntl = None  # type: ignore[assignment]

FOLDER = ".kvist-journal"
_JOURNAL = "journal.json"


def commit(root: Path, texts: dict[str, tuple[bytes, bytes]], moves: dict[str, str]) -> list[str]:
    """Give files, by path, their new instead of their old bytes, then move files from path to path.

    Paths are relative to `root`. Returns those that somebody else changed at the same moment: they stay.
    """
    folder = root / FOLDER
    try:
        folder.mkdir()
    except FileExistsError:
        if recover(root) is None:
            hint = "wait until the other one is done"
            raise VaultError(Problem(FOLDER, 0, "busy", "another rename is at work here", hint)) from None
        folder.mkdir()
    except OSError as error:
        raise VaultError(_unwritable(error)) from error
    with _lock(folder):
        try:
            steps = []
            for number, (path, (old, new)) in enumerate(texts.items()):
                _write_through(folder / str(number), new)
                steps.append({"path": path, "old": _digest(old), "new": _digest(new)})
            journal = {"texts": steps, "moves": list(moves.items())}
            _write_through(folder / "next", json.dumps(journal).encode("ascii"))
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise VaultError(_unwritable(error)) from error
        os.replace(folder / "next", folder / _JOURNAL)
        return _finish(root, journal)


def recover(root: Path) -> list[str] | None:
    """Finish, or forget if it had not been decided, what a killed process left; None if it is still at work.

    Returns the paths that have been changed by somebody since and therefore stay as they are.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        return []
    with _lock(folder) as held:
        if not held:
            return None
        try:
            journal = json.loads((folder / _JOURNAL).read_text("ascii"))
        except (OSError, ValueError):
            shutil.rmtree(folder, ignore_errors=True)
            return []
        return _finish(root, journal)


def _finish(root: Path, journal: dict[str, Any]) -> list[str]:
    """Every step that is not done yet, then the end of the journal."""
    folder, missed = root / FOLDER, []
    moves = dict(journal["moves"])
    for number, step in enumerate(journal["texts"]):
        path = step["path"]
        file = root / path
        if not os.path.lexists(file) and path in moves:
            file = root / moves[path]  # moved already
        now = _hash(file)
        if now == step["old"]:
            _replace(file, (folder / str(number)).read_bytes(), folder / "part")
        elif now != step["new"]:
            missed.append(path)
    for old, new in moves.items():
        missed += _move(root / old, root / new, old)
    (folder / _JOURNAL).unlink()
    shutil.rmtree(folder, ignore_errors=True)
    return missed


def _replace(file: Path, data: bytes, part: Path) -> None:
    """Put `data` in place of `file` in one step, by way of `part`, which a kill may leave behind."""
    part.write_bytes(data)
    part.chmod(file.stat().st_mode & 0o777)
    try:
        os.replace(part, file)
    except OSError:  # the folder lies on another disk
        write_atomic(file, data)


def _move(old: Path, new: Path, path: str) -> list[str]:
    if not os.path.lexists(old):
        return []
    if os.path.lexists(new) and not os.path.samefile(old, new):
        return [path]
    new.parent.mkdir(parents=True, exist_ok=True)
    os.rename(old, new)
    return []


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Hold the journal; yields False if another process does. The system lets go when a process dies."""
    with open(folder / "lock", "w") as file:
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _write_through(file: Path, data: bytes) -> None:
    with open(file, "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def _hash(file: Path) -> str:
    try:
        return _digest(file.read_bytes())
    except OSError:
        return ""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _unwritable(error: OSError) -> Problem:
    what = f"cannot be written: {error.strerror or error}; nothing was changed"
    return Problem(FOLDER, 0, "unwritable", what)
