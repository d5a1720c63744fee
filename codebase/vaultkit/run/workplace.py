"""The temporary folders of a note that runs: one to draw figures into, one to work in after each `fresh`."""

import atexit
import os
import sys
from importlib import import_module
from itertools import count

_numbers = count(1)
_spare: list[tuple[int, str]] = []  # folders of earlier notes that were left empty
_tops: dict[int, str] = {}  # one folder a process, made when the first note runs


def temporary_folder() -> str:
    """Where this system keeps temporary files: as `tempfile` says, which is dear to import."""
    loaded = sys.modules.get("tempfile")
    named = [os.environ[name] for name in ("TMPDIR", "TEMP", "TMP") if os.environ.get(name)]
    if loaded is None and os.name == "posix":
        for folder in map(os.path.abspath, [*named, "/tmp", "/var/tmp", "/usr/tmp"]):
            if os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK):
                return folder
    return str(import_module("tempfile").gettempdir())


def _top() -> str:
    pid = os.getpid()
    if pid not in _tops or not os.path.isdir(_tops[pid]):
        _tops[pid] = os.path.join(temporary_folder(), f"kvist-notes-{os.urandom(8).hex()}")
        os.mkdir(_tops[pid], 0o700)
        atexit.register(_clean, pid)
    return _tops[pid]


def _clean(pid: int) -> None:
    if pid == os.getpid():  # a process that a note has forked shares the folder, but must not delete it
        _remove(_tops[pid])


def _remove(folder: str) -> None:
    """Delete a folder and all below it: mostly empty folders, without `shutil`, which is dear to import."""
    try:
        for name in os.listdir(folder):
            os.rmdir(os.path.join(folder, name))
        os.rmdir(folder)
    except OSError:
        import_module("shutil").rmtree(folder, ignore_errors=True)


class Workplace:
    """Folder `name` and what is in it; nothing of it is left after `remove`, but empty folders for others."""

    def __init__(self) -> None:
        self.name = _folder()
        self.figures = _folder()
        self.works: list[str] = []

    def work(self) -> str:
        """A new empty folder."""
        self.works.append(self.name if not self.works else _folder())
        return self.works[-1]

    def remove(self) -> None:
        for folder in dict.fromkeys((self.figures, self.name, *self.works)):
            try:  # making and removing folders is dear, and mostly nothing was written
                empty = os.access(folder, os.W_OK) and not os.listdir(folder)
            except OSError:
                empty = False
            if empty:
                _spare.append((os.getpid(), folder))
            else:
                _remove(folder)


def _folder() -> str:
    while _spare:
        pid, folder = _spare.pop()
        if pid == os.getpid() and os.path.isdir(folder):
            return folder
    folder = os.path.join(_top(), str(next(_numbers)))
    os.mkdir(folder)
    return folder
