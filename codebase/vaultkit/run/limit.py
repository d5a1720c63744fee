"""A time limit on one block, and a guard against a block that would end the whole run.

Python can stop Python code only: a loop inside C code is ended with the process, some time after the limit,
and a crash there ends it at once. Both say on stderr which line of which note it was, and the exit code is
not 0.
"""

import faulthandler
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

DEFAULT_SECONDS = 60.0
GRACE = 1.5, 10.0  # a block that does not answer has its limit times this, and so many seconds more
STDERR = 2


class TimeLimit(BaseException):
    """Raised inside a block that runs too long; no `except Exception` of the block can swallow it."""


class ProcessEnd(BaseException):
    """Raised where a block calls `os._exit`, which would pass for a run without a failure."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeLimit in the body after `seconds`; no limit where the system has no alarm signal."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def expired(signum: int, frame: FrameType | None) -> None:
        raise TimeLimit(f"ran longer than {seconds:g} s")

    if not faulthandler.is_enabled():
        faulthandler.enable(STDERR)
    handler = signal.signal(signal.SIGALRM, expired)
    outer = signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(seconds * GRACE[0] + GRACE[1], exit=True, file=STDERR)
    try:
        with _no_quiet_end():
            yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if outer[0]:
            signal.setitimer(signal.ITIMER_REAL, *outer)


@contextmanager
def _no_quiet_end() -> Iterator[None]:
    original, owner = os._exit, os.getpid()

    def end(status: int) -> None:
        if os.getpid() != owner:  # a forked child ends so, and may
            original(status)
        raise ProcessEnd(f"os._exit({status}) would end the whole run")

    os._exit = end  # type: ignore[assignment]
    try:
        yield
    finally:
        os._exit = original
