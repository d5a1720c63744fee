"""Execute one piece of a note's code in the note's module and catch all it prints and raises."""

import io
import linecache
import sys
import time
from importlib import import_module
from pathlib import Path
from threading import Thread, current_thread
from types import ModuleType
from typing import Any

from vaultkit.run import asserts
from vaultkit.run.borrowed import Borrowed
from vaultkit.run.compiled import Program, compiled
from vaultkit.run.limit import rest, time_limit

MODULE = "note"  # the same for each note, so that what a block prints does not depend on the file's name


class Execution:
    """What happened when a block ran. `blocked_by` is the number of the earlier block whose error
    stopped it, `value` what a notebook shows of the last line's value, `left` after the note's last block
    the threads that it has left running.
    """

    __slots__ = ("blocked_by", "error", "figures", "left", "seconds", "stderr", "stdout", "value")

    def __init__(self, blocked_by: int = 0) -> None:
        self.error: BaseException | None = None
        self.stdout = ""
        self.stderr = ""
        self.seconds = 0.0
        self.figures: dict[str, bytes] = {}
        self.blocked_by = blocked_by
        self.left: list[str] = []
        self.value = ""


def new_module(file: Path) -> ModuleType:
    module = ModuleType(MODULE)
    module.__file__ = str(file)
    return module


class _Captured(io.StringIO):
    """What a block prints; what threads of other notes print meanwhile is not its own, and is dropped.

    A block may close it, write bytes to it and ask for its encoding, as if it were a terminal's.
    """

    encoding = "utf-8"

    def __init__(self, strangers: set[Thread]) -> None:
        super().__init__()
        self.strangers = strangers

    def write(self, text: str) -> int:
        if self.strangers and current_thread() in self.strangers:
            return len(text)
        return super().write(text)

    @property
    def buffer(self) -> Any:
        return _Bytes(self)

    def close(self) -> None:
        """What was printed is still to be read."""


class _Bytes(io.RawIOBase):
    def __init__(self, text: _Captured) -> None:
        self.text = text

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.text.write(bytes(data).decode("utf-8", "replace"))
        return len(bytes(data))


def said(error: BaseException) -> str:
    """The text of an error, whose class may be unable to tell it."""
    try:
        return str(error)
    except Exception as broken:
        return f"<no text: {type(broken).__name__}>"


def execute(
    module: ModuleType,
    pieces: list[tuple[int, str]],
    file: Path,
    seconds: float,
    borrowed: Borrowed | None = None,
    strangers: set[Thread] | None = None,
    *,
    values: bool = False,
) -> Execution:
    """Run `pieces` (line above the code, code) in `module`; only what the last piece prints is kept.

    With `values`, a piece that ends in an expression shows its value, as a notebook's cell does.

    The code is compiled with the note's own line numbers. Ctrl-C passes, all else is caught.
    What the note has `borrowed` is in place only while its code runs; `strangers` are threads of others.
    """
    result = Execution()
    started = time.perf_counter()
    host = sys.modules.get(MODULE)
    sys.modules[MODULE] = module
    asserts.forget(module.__dict__)
    stops = any("faulthandler" in code for _line, code in pieces)
    try:
        with time_limit(seconds):
            for line, code in pieces:
                out, err = _Captured(strangers or set()), io.StringIO()
                streams = sys.stdout, sys.stderr
                try:
                    sys.stdout, sys.stderr = out, err
                    program = compiled("\n" * line + code, str(file), values=values)
                    if program.needs_hidden and borrowed:
                        module.__dict__.update(borrowed.functions())
                    if borrowed:
                        borrowed.put_again()
                    exec(program.code, module.__dict__)
                    result.value = _value(program, module.__dict__)
                finally:
                    if borrowed:
                        borrowed.give_back()
                    sys.stdout, sys.stderr = streams
                    result.stdout, result.stderr = out.getvalue(), err.getvalue()
    except BaseException as error:  # a note may raise anything, SystemExit included
        if isinstance(error, KeyboardInterrupt) and not _is_raised(error):
            raise
        result.error = error
    finally:
        if stops:
            rest()  # the block may have stopped, or replaced, what watches it
        sys.modules.pop(MODULE, None)
        if host is not None:
            sys.modules[MODULE] = host
    if result.error is None:
        asserts.forget(module.__dict__)
    result.seconds = time.perf_counter() - started
    return result


def _is_raised(error: BaseException) -> bool:
    """True if a `raise` made it: Ctrl-C comes between any two instructions."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    raising = import_module("opcode").opmap["RAISE_VARARGS"]
    return trace is not None and trace.tb_frame.f_code.co_code[trace.tb_lasti] == raising


def _value(program: Program, namespace: dict[str, Any]) -> str:
    """What a notebook shows of the value of a piece's last line, "" if there is none."""
    if program.last is None:
        return ""
    value = eval(program.last, namespace)
    return "" if value is None else repr(value)


def show_source(file: Path, pieces: list[tuple[int, str]], total: int) -> None:
    """Let tracebacks and `inspect` see the note's code at its own lines, without `> ` and without
    the prose.
    """
    lines = ["\n"] * total
    for line, code in pieces:
        rows = code.splitlines(keepends=True)
        lines[line : line + len(rows)] = rows
    linecache.cache[str(file)] = (sum(map(len, lines)), None, lines, str(file))
