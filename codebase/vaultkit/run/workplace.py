"""The temporary folders of a note that runs: one to draw figures into, one to work in after each `fresh`."""

import atexit
import os
import shutil
import tempfile
from itertools import count

_numbers = count(1)
_tops: dict[int, str] = {}  # one folder a process, made when the first note runs


def _top() -> str:
    pid = os.getpid()
    if pid not in _tops or not os.path.isdir(_tops[pid]):
        _tops[pid] = tempfile.mkdtemp(prefix="kvist-notes-")
        atexit.register(_clean, pid)
    return _tops[pid]


def _clean(pid: int) -> None:
    if pid == os.getpid():  # a process that a note has forked shares the folder, but must not delete it
        shutil.rmtree(_tops[pid], ignore_errors=True)


class Workplace:
    """Folder `name` and what is in it; nothing of it is left after `remove`."""

    def __init__(self) -> None:
        self.name = os.path.join(_top(), str(next(_numbers)))
        self.figures = os.path.join(self.name, "figures")
        self.works: list[str] = []
        os.makedirs(self.figures)

    def work(self) -> str:
        """A new empty folder."""
        self.works.append(os.path.join(self.name, f"work-{len(self.works) + 1}"))
        os.mkdir(self.works[-1])
        return self.works[-1]

    def remove(self) -> None:
        try:  # mostly they are empty, and this is ten times quicker than rmtree
            for folder in (self.figures, *self.works, self.name):
                os.rmdir(folder)
        except OSError:
            shutil.rmtree(self.name, ignore_errors=True)
