"""Execute one piece of a note's code in the note's module and catch all it prints and raises."""

import ast
import io
import linecache
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from vaultkit.run import asserts
from vaultkit.run.limit import time_limit

MODULE = "note"  # the same for each note, so that what a block prints does not depend on the file's name


@dataclass(slots=True)
class Execution:
    """What happened when a block ran. `blocked_by` is the number of the earlier block whose error
    stopped it, `value` what a notebook shows of the last line's value.
    """

    error: BaseException | None = None
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    figures: dict[str, bytes] = field(default_factory=dict)
    blocked_by: int = 0
    value: str = ""


def new_module(file: Path) -> ModuleType:
    module = ModuleType(MODULE)
    module.__file__ = str(file)
    return module


def execute(
    module: ModuleType, pieces: list[tuple[int, str]], file: Path, seconds: float, *, values: bool = False
) -> Execution:
    """Run `pieces` (line above the code, code) in `module`; only what the last piece prints is kept.

    With `values`, a piece that ends in an expression shows its value, as a notebook's cell does.

    The code is compiled with the note's own line numbers. KeyboardInterrupt passes, all else is caught.
    """
    result = Execution()
    started = time.perf_counter()
    host = sys.modules.get(MODULE)
    sys.modules[MODULE] = module
    asserts.forget(module.__dict__)
    try:
        with time_limit(seconds):
            for line, code in pieces:
                out, err = io.StringIO(), io.StringIO()
                try:
                    with redirect_stdout(out), redirect_stderr(err):
                        source = "\n" * line + code
                        if values:
                            result.value = _run_showing(source, str(file), module.__dict__)
                        else:
                            exec(asserts.compiled(source, str(file)), module.__dict__)
                finally:
                    result.stdout, result.stderr = out.getvalue(), err.getvalue()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a note may raise anything, SystemExit included
        result.error = error
    finally:
        sys.modules.pop(MODULE, None)
        if host is not None:
            sys.modules[MODULE] = host
    if result.error is None:
        asserts.forget(module.__dict__)
    result.seconds = time.perf_counter() - started
    return result


def _run_showing(source: str, name: str, namespace: dict[str, Any]) -> str:
    """Run code as a notebook does; the value of its last line, "" if there is none or `;` hides it."""
    tree = asserts.parsed(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec", dont_inherit=True), namespace)
    if not isinstance(last, ast.Expr):
        return ""
    value = eval(compile(ast.Expression(last.value), name, "eval", dont_inherit=True), namespace)
    return "" if value is None or source.rstrip().endswith(";") else repr(value)


def show_source(file: Path, pieces: list[tuple[int, str]], total: int) -> None:
    """Let tracebacks and `inspect` see the note's code at its own lines, without `> ` and without
    the prose.
    """
    lines = ["\n"] * total
    for line, code in pieces:
        rows = code.splitlines(keepends=True)
        lines[line : line + len(rows)] = rows
    linecache.cache[str(file)] = (sum(map(len, lines)), None, lines, str(file))
