"""The calendar and the system's randomness: a verdict that used them says nothing of the next run."""

import os
import random
import re
import time
from collections.abc import Callable
from typing import Any

_CLOCK = ("time", "time_ns", "localtime", "gmtime", "ctime", "strftime")
_CALENDAR = re.compile(rb"\b(?:date|datetime|Timestamp|pd|pendulum|arrow)\.(?:now|today|utcnow)\s*\(")

CALENDAR = "reads the calendar"
MACHINE = "asks how busy or how full the machine is"
RANDOMNESS = "draws random numbers of the system"


def reads_calendar(source: bytes) -> bool:
    """True if code asks `datetime` for the time: nothing can be put before a type of the interpreter."""
    return bool(_CALENDAR.search(source))


def wrap_clock(active: Callable[[], bool], see: Callable[[], None]) -> None:
    """From now on call `see()` before the time of day is read through `time`, while `active()`."""
    for name in _CLOCK:
        # With a time given, these only convert it.
        least = {"localtime": 1, "gmtime": 1, "ctime": 1, "strftime": 2}.get(name, 0)
        setattr(time, name, _before(getattr(time, name), active, see, least))


def wrap_randomness(active: Callable[[], bool], see: Callable[[], None]) -> None:
    """The same for the randomness of the system, from which unseeded generators start."""
    wrapped = _before(os.urandom, active, see, 0)
    os.urandom = random._urandom = wrapped  # type: ignore[attr-defined]
    random.seed = _before(random.seed, active, see, 1)


def wrap_machine(active: Callable[[], bool], see: Callable[[], None]) -> None:
    """The same for what other processes change at any time."""
    for name in ("statvfs", "fstatvfs", "getloadavg"):
        if hasattr(os, name):
            setattr(os, name, _before(getattr(os, name), active, see, 0))


def _before(
    original: Callable[..., Any], active: Callable[[], bool], see: Callable[[], None], enough: int
) -> Callable[..., Any]:
    """`original`, preceded by `see` unless it is given `enough` arguments (0: always preceded)."""

    def asked(*arguments: Any, **options: Any) -> Any:
        if active() and (not enough or len(arguments) + len(options) < enough or arguments[-1:] == (None,)):
            see()
        return original(*arguments, **options)

    asked.__name__, asked.__doc__ = getattr(original, "__name__", "asked"), original.__doc__
    return asked
