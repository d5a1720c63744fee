"""A limit on the time that reading a text may take."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import NoReturn

from kvist.errors import KvistError

TIME_LIMIT = 30.0  # seconds


class _Late(BaseException):
    """The time is up; nothing on the way takes this for an error of its own."""


@contextlib.contextmanager
def limited(where: str, seconds: float | None = None) -> Iterator[None]:
    """KvistError after that time: a text can be made to keep the rules busy for hours."""
    most = seconds or TIME_LIMIT

    def late(*_: object) -> NoReturn:
        raise _Late

    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, most)
    try:
        yield
    except _Late:
        need = f"a text that is read and checked within {most:.0f} s"
        raise KvistError(where, need, "a longer time") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
