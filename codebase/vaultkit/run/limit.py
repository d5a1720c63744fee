"""A time limit on one block, and a guard against a block that would end the whole run.

Python can stop Python code only: a loop inside C code is ended with the process, some time after the limit,
and a crash there ends it at once. Both say on stderr which line of which note it was, and the exit code is
not 0.

What ends the process is a thread of `faulthandler`, which needs nothing of Python. Starting one costs more
than most blocks, so within `watched` the one that runs is left to the blocks that follow while its time is
right for them, up to SLACK seconds late.
"""

import _signal
import faulthandler
import os
import select
import sys
import threading
from signal import ITIMER_REAL, getitimer, setitimer
from time import monotonic
from types import FrameType
from typing import Any

DEFAULT_SECONDS = 60.0
GRACE = 1.5, 5.0  # a block that does not answer has its limit times this, and so many seconds more
SLACK = 5.0
AGAIN = (
    0.1  # seconds after which the alarm rings again if Python has not heard it: on a busy machine it may not
)
STDERR = 2

_alarm = getattr(_signal, "SIGALRM", None)
_ending = [0.0]  # when the watching thread will end the process, 0 while there is none
_depth = [0]


class TimeLimit(BaseException):
    """Raised inside a block that runs too long; no `except Exception` of the block can swallow it."""

    __module__ = "builtins"  # as a traceback shows it


class ProcessEnd(BaseException):
    """Raised where a block calls `os._exit`, which would pass for a run without a failure."""

    __module__ = "builtins"


class time_limit:
    """Raise TimeLimit in the body after `seconds`; no limit where the system has no alarm signal."""

    __slots__ = ("end", "handler", "outer", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        self.outer: Any = None
        if _alarm is None or threading.current_thread() is not threading.main_thread():
            return
        if not faulthandler.is_enabled():
            faulthandler.enable(STDERR)
        self.handler = _signal.signal(_alarm, self._expired)
        self.outer = getitimer(ITIMER_REAL)
        _watch(self.seconds)
        self.end = os._exit
        os._exit = _guarded(self.end)  # type: ignore[assignment]
        try:
            setitimer(ITIMER_REAL, self.seconds, AGAIN)
        except BaseException:  # it rings already
            self.__exit__()
            raise

    def __exit__(self, *error: object) -> None:
        if self.outer is None:
            return
        try:
            setitimer(ITIMER_REAL, 0)
        finally:  # the alarm may ring just now
            os._exit = self.end
            _signal.signal(_alarm, self.handler)  # type: ignore[arg-type]
            if not _depth[0]:
                rest()
            if self.outer[0]:
                setitimer(ITIMER_REAL, *self.outer)

    def _expired(self, signum: int, frame: FrameType | None) -> None:
        setitimer(ITIMER_REAL, 0)
        raise TimeLimit(f"ran longer than {self.seconds:g} s")


class watched:
    """In the body, which must not wait for anybody, blocks share one watching thread."""

    __slots__ = ()

    def __enter__(self) -> None:
        _depth[0] += 1

    def __exit__(self, *error: object) -> None:
        _depth[0] -= 1
        if not _depth[0]:
            rest()


def rest() -> None:
    """Nobody is watched until the next block starts."""
    if _ending[0]:
        faulthandler.cancel_dump_traceback_later()
        _ending[0] = 0.0


def takes_output() -> bool:
    """True if a few lines on stdout are taken at once: nobody has to read others first."""
    try:
        ready, number = select.poll(), sys.stdout.fileno()
        ready.register(number, select.POLLOUT)
        return ready.poll(0) == [(number, select.POLLOUT)]
    except (OSError, ValueError, AttributeError):  # no file, or a system that cannot tell
        return False


def _watch(seconds: float) -> None:
    now = monotonic()
    soonest = now + seconds * GRACE[0] + GRACE[1]
    if not soonest <= _ending[0] <= soonest + SLACK:
        _ending[0] = soonest + SLACK
        faulthandler.dump_traceback_later(_ending[0] - now, exit=True, file=STDERR)


def _guarded(original: Any) -> Any:
    owner = os.getpid()

    def end(status: int) -> None:
        if os.getpid() != owner:  # a forked child ends so, and may
            original(status)
        raise ProcessEnd(f"calls os._exit({status}), which would end the whole run")

    return end
