"""One process at a time: read, change and write a file again without losing what another has written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

try:
    import fcntl
except ImportError:  # a system without such locks: the last writer wins, whole files still
    fcntl = None  # type: ignore[assignment]


@contextmanager
def locked(folder: str) -> Iterator[None]:
    """Hold the lock of a folder, which is made if need be. Raises OSError where nothing can be written."""
    os.makedirs(folder, exist_ok=True)
    handle = os.open(os.path.join(folder, ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
