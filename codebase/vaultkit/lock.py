"""One process at a time: read, change and write a file again without losing what another has written.

Whoever has to wait for longer than a moment is told for whom.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

try:
    import fcntl
except ImportError:  # a system without such locks: the last writer wins, whole files still
    fcntl = None  # type: ignore[assignment]

MOMENT = 0.5  # seconds to wait without a word: files are mostly held for milliseconds


@contextmanager
def locked(folder: str) -> Iterator[None]:
    """Hold the lock of a folder, which is made if need be. Raises OSError where nothing can be written."""
    os.makedirs(folder, exist_ok=True)
    with held(os.path.join(folder, ".lock"), "run that keeps its results"):
        yield


@contextmanager
def held(file: str, what: str, moment: float = MOMENT) -> Iterator[None]:
    """Hold the lock `file`, in which its holder's process stands; `what` it does is said to who waits for it
    longer than a `moment`. Raises OSError where nothing can be written.
    """
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if fcntl is not None and not _taken(handle, moment):
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
            by = f" (process {holder})" if holder.isdigit() else ""
            if holder != str(os.getpid()):  # else another thread of this one has it
                print(f"waiting for another {what}{by} ...", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        if fcntl is not None:
            os.ftruncate(handle, 0)
            os.pwrite(handle, b"%d\n" % os.getpid(), 0)
        yield
    finally:
        os.close(handle)


def _taken(handle: int, moment: float) -> bool:
    """True if the lock could be had within the moment."""
    end = monotonic() + moment
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if monotonic() >= end:
                return False
            sleep(0.01)
