"""Run notes in a process of their own, so that one which crashes it is named and the others still run.

A block can end the process: by a fault in C code, or by a loop there that outlives its time. No Python runs
then, so the command is divided: a forked child does all there is to do, and its parent only waits. Should the
child die, the parent says where it was, from what `faulthandler` wrote, and goes on with the notes that are
left in another child. What the dead one has learnt is lost: the notes before run again next time.
"""

from __future__ import annotations

import atexit
import faulthandler
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from time import sleep

from vaultkit import where
from vaultkit.run import limit
from vaultkit.run.notereport import NoteReport, Skip

TYPE_CHECKING = False  # importing typing costs more than this module
if TYPE_CHECKING:
    from typing import NoReturn

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if hasattr(signal, "SIGHUP") else ()
_STOPPED = {code for number in _ENDING for code in (128 + number, -number)}
FAILED = "the runner failed: "  # how a child's last words begin that did not die of a fault
PATIENCE = 2.0  # seconds for a child to end by itself that was told to
Show = Callable[[NoteReport], None]


class Death:
    """How a child ended that did not come to its end: its exit code, minus the signal if one killed it, what
    `faulthandler` wrote, the reports on the notes before the one that it was at, the number of that one's
    last block that had run to its end, and of those that had `passed`.
    """

    __slots__ = ("block", "code", "done", "dump", "passed")

    def __init__(self, code: int, dump: str, done: list[NoteReport], block: int, passed: int) -> None:
        self.code = code
        self.dump = dump
        self.done = done
        self.block = block
        self.passed = passed


class Guard:
    """One child and its parent; what the child says stands in a file in memory, where both find it."""

    def __init__(self) -> None:
        self.said = os.memfd_create("vaultkit-said")
        self.dump = os.memfd_create("vaultkit-dump")
        self.parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        self.child = os.fork()
        if not self.child:
            limit.STDERR = self.dump
            faulthandler.enable(self.dump)
            keep_apart()

    @staticmethod
    def possible() -> bool:
        """True where forking is known to be safe: in our own program, before anything heavy is loaded."""
        return sys.platform == "linux" and where.program

    def telling(self, show: Show) -> Show:
        """The child's `show`, which lets the parent know, too."""

        def tell(report: NoteReport) -> None:
            if os.getppid() != self.parent:  # nobody waits any more
                raise KeyboardInterrupt
            show(report)
            sys.stdout.flush()
            self._tell(report.path, report.blocks, report.passed, report.skipped, report.reused, report.ok)

        return tell

    def failed(self, error: Exception) -> None:
        """The child cannot go on: not the note has failed but what runs it."""
        said = str(error).splitlines() or [""]
        os.write(self.dump, f"{FAILED}{type(error).__name__}: {said[0]}\n".encode("utf-8", "replace"))

    def at(self, block: int, passed: int) -> None:
        """The child is in the middle of a note, whose block has run; so many have passed by now."""
        os.write(self.said, b"[%d, %d]\n" % (block, passed))

    def over(self, code: int) -> NoReturn:
        """The child has come to its end: what asked to be called then is, and it ends at once. To take a
        process with NumPy and MLX apart, object by object, costs as much as running fifty notes.
        """
        self._tell()
        with suppress(BaseException):
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)

    def _tell(self, *words: object) -> None:
        os.write(self.said, json.dumps(words).encode() + b"\n")

    def wait(self) -> int | Death:
        """The parent's part: the exit code of a child that came to its end or was stopped, else its death."""
        code = self._ended()
        rows = [json.loads(row) for row in _content(self.said).splitlines()]
        dump = _content(self.dump)
        os.close(self.said)
        os.close(self.dump)
        if [] in rows or code in _STOPPED:
            return code if code >= 0 else 128 - code
        block, passed = rows[-1] if rows and len(rows[-1]) == 2 else (0, 0)
        return Death(code, dump, [_report(*row) for row in rows if len(row) > 2], block, passed)

    def _ended(self) -> int:
        try:
            before = {number: signal.signal(number, _stop) for number in _ENDING[1:]}
        except ValueError:  # not the main thread
            before = {}
        try:
            return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        except KeyboardInterrupt:  # a terminal has told the child as well
            return self._stopped(signal.SIGINT, PATIENCE)
        except _Stop as stop:
            return self._stopped(stop.number, 0.0)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stopped(self, number: int, patience: float) -> int:
        with suppress(ChildProcessError, ProcessLookupError):
            while patience > 0:
                pid, _status = os.waitpid(self.child, os.WNOHANG)
                if pid:
                    break
                sleep(0.05)
                patience -= 0.05
            else:
                os.kill(self.child, number)
                os.waitpid(self.child, 0)
        return 128 + number


def keep_apart() -> None:
    """Nobody types while notes run, and what their processes print does not come between our own lines."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    with suppress(OSError, ValueError, AttributeError):  # stdout is no file
        said = sys.stdout
        ours = open(os.dup(said.fileno()), "wb")  # noqa: SIM115
        sys.stdout = TextIOWrapper(ours, said.encoding, said.errors, line_buffering=bool(said.line_buffering))
        os.dup2(2, said.fileno())


class _Stop(Exception):
    def __init__(self, number: int) -> None:
        self.number = number


def _stop(number: int, _frame: object) -> None:
    raise _Stop(number)


def _content(file: int) -> str:
    return os.pread(file, os.fstat(file).st_size, 0).decode("utf-8", "replace")


def _report(
    path: str, blocks: int, passed: int, skipped: list[list[object]], reused: bool, ok: bool
) -> NoteReport:
    report = NoteReport(path, blocks)
    report.passed, report.reused = passed, reused
    report.skipped = [Skip(int(str(line)), str(reason)) for line, reason in skipped]
    report.failures = [] if ok else [{}]  # said already
    return report
