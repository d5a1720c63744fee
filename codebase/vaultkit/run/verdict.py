"""Judge an executed block: did it do what the note says, and if not, what is to be said about it."""

import ast
import re
import shlex
import sys
from types import TracebackType
from typing import Literal, NamedTuple

from vaultkit import place, where
from vaultkit.run.asserts import explain
from vaultkit.run.compare import (
    cut,
    first_difference,
    has_ellipsis,
    output_lines,
    same_words,
    shortened,
    unified,
)
from vaultkit.run.execute import Execution, said
from vaultkit.run.figures import data_hash, same_figure
from vaultkit.run.limit import ProcessEnd, TimeLimit
from vaultkit.run.program import Block
from vaultkit.run.raised import raised
from vaultkit.run.session import Session, is_expected

Status = Literal["passed", "skipped", "failed"]


class Failure(NamedTuple):
    """One thing that went wrong; `details` are whole lines, printed below the message; of an error, where
    else it came up, which its traceback shows too.

    `expected` and `actual` are what the note says and what the block did, where they can be set side by side.
    """

    line: int
    code: str
    message: str
    details: tuple[str, ...] = ()
    hint: str = ""
    error: BaseException | None = None
    expected: list[str] | None = None
    actual: list[str] | None = None


class Verdict(NamedTuple):
    status: Status
    block: Block
    reason: str = ""
    failures: tuple[Failure, ...] = ()


def printed(block: Block, execution: Execution) -> list[str]:
    """What the note must show for this block: what it printed, then `Name: message` if it is to raise."""
    text = execution.stdout
    if execution.error and block.control.raises:
        text = f"{text.rstrip()}\n" if text.strip() else ""
        text += f"{type(execution.error).__name__}: {said(execution.error)}".rstrip(": ")
    if execution.value:
        text += execution.value + "\n"
    lines = output_lines(text)
    return lines if any(lines) else []


def judge(session: Session, block: Block) -> Verdict:
    """Run the note up to `block`, if that is not yet done, and judge the block."""
    if block.control.skip:
        return Verdict("skipped", block, block.control.skip)
    execution = session.run_to(block.number)
    failure = _error(session, block, execution)
    if failure:
        return Verdict("failed", block, failures=(failure,))
    output = _output(session, block, execution)
    failures = ([output] if output else []) + _figures(session, block, execution) + _left(block, execution)
    return Verdict("failed" if failures else "passed", block, failures=tuple(failures))


def _left(block: Block, execution: Execution) -> list[Failure]:
    if not execution.left:
        return []
    message = f"the note ends with threads still running: {', '.join(execution.left)}"
    return [Failure(block.line, "thread-left", message, hint="stop or join them in the note")]


def update_hint(session: Session) -> str:
    return f"look at it, then: {again(session, 'update')}"


def again(session: Session, verb: str) -> str:
    """The command that runs, or updates, just this note."""
    engine = "".join(f" --engine {shlex.quote(folder)}" for folder in where.engine[:1])
    return f"{place.command('vaultkit')} {verb} {shlex.quote(place.shown(session.file))}{engine}"


def _error(session: Session, block: Block, execution: Execution) -> Failure | None:
    if execution.blocked_by:
        earlier = session.block(execution.blocked_by)
        message = f"not run, because block {earlier.number} on line {earlier.line} failed"
        return Failure(block.line, "block-not-run", message, hint=f"mend line {earlier.line} first")
    error, name = execution.error, block.control.raises
    if error is None:
        if not name:
            return None
        hint = "delete `raises`, or let the block raise"
        message = f"should raise {name}, but raised nothing"
        return Failure(block.line, "no-error", message, hint=hint, expected=[name], actual=[])
    if is_expected(error, block.control):
        return None
    line = error_line(session, block, error)
    if isinstance(error, TimeLimit):
        hint = f"make it quicker, or: <!-- run: timeout {(block.control.timeout or 60) * 2:g} -->"
        return Failure(line, "too-slow", str(error), hint=hint, error=error)
    if isinstance(error, ProcessEnd):
        return Failure(line, "block-error", str(error), hint="leave it out", error=error)
    text = f"{type(error).__name__}: {_words(session, error)}".rstrip(": ")
    message = cut(text.split("\n")[0])
    if isinstance(error, AssertionError) and not said(error):
        message = f"{message}: {explained(session, error)[0]}".rstrip(": ")
    wanted = f"{name} with {block.control.message!r}" if block.control.message else name
    expected = f" (expected {wanted})" if name else ""
    hint = _error_hint(session, block, error)
    shown = [wanted] if name else []
    rows = raised(session, error)
    return Failure(line, "block-error", message + expected, rows, hint, error, shown, text.split("\n"))


def is_unreadable(session: Session, error: BaseException | None) -> bool:
    """True if Python cannot read the note's own code."""
    return isinstance(error, SyntaxError) and error.filename == str(session.file) and bool(error.lineno)


def _words(session: Session, error: BaseException) -> str:
    if isinstance(error, SystemExit) and error.code is None:
        return ""
    return error.msg if isinstance(error, SyntaxError) and is_unreadable(session, error) else said(error)


def _error_hint(session: Session, block: Block, error: BaseException) -> str:
    if isinstance(error, NameError) and error.name:
        for earlier in session.program.blocks[: block.number - 1]:
            if earlier.control.skip and error.name in bound_names(earlier.fence.code):
                where = f"block {earlier.number} on line {earlier.line}"
                return f"`{error.name}` is made by {where}, which is skipped: {earlier.control.skip}"
    if type(error).__name__ == "Skipped":
        return 'declare it instead: <!-- run: skip "why" --> on the line above the block'
    if isinstance(error, SystemExit):
        return "a note runs to its end: leave it out, or: <!-- run: raises SystemExit -->"
    if isinstance(error, EOFError) and said(error) == "EOF when reading a line":
        return "nobody is there to type while a note runs"
    if is_unreadable(session, error) and isinstance(error, SyntaxError):
        row = (error.text or "").lstrip()
        if row.startswith((">>> ", "... ")):
            return "leave out the prompts, and what is printed goes into an output fence"
        if row.startswith(("%", "!", "?")):
            return "a block is plain Python: IPython's commands are not"
    if is_unreadable(session, error) and re.search("(?:await|async).* outside", str(error)):
        return "a block is plain Python, where only an `async def` awaits: call asyncio.run(...)"
    if isinstance(error, ModuleNotFoundError):
        return f"is `{error.name}` installed in {sys.prefix}?"
    return ""


def last_frame(session: Session, trace: TracebackType | None) -> TracebackType | None:
    """The innermost entry of a traceback that is in the note."""
    last = None
    while trace:
        if trace.tb_frame.f_code.co_filename == str(session.file):
            last = trace
        trace = trace.tb_next
    return last


def explained(session: Session, error: BaseException) -> tuple[str, list[str]]:
    """A failed assertion with its values, and lines that name each; ("", []) if there is none."""
    last = last_frame(session, error.__traceback__)
    if last is None:
        return "", []
    pieces = [(block.line, block.fence.code) for block in session.program.blocks]
    pieces += [(setup.line, setup.code) for block in session.program.blocks for setup in block.setups]
    line, code = max(piece for piece in pieces if piece[0] < last.tb_lineno)
    return explain(code, last.tb_lineno - line, last.tb_frame)


def bound_names(code: str) -> set[str]:
    """Names that a block's own lines bind: by assignment, import, `def` or `class`."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
    return found


def error_line(session: Session, block: Block, error: BaseException) -> int:
    """The note's line that raised: the innermost frame in the note, or the line of a syntax error."""
    if isinstance(error, SyntaxError) and is_unreadable(session, error):
        return error.lineno or block.line
    last = last_frame(session, error.__traceback__)
    return last.tb_lineno if last else block.line


def _output(session: Session, block: Block, execution: Execution) -> Failure | None:
    got = printed(block, execution)
    if block.output is None:
        if not got:
            return None
        details = tuple(shortened([f"+ {line}" for line in got]))
        message = "prints, but the note shows no output"
        hint = update_hint(session)
        return Failure(block.fence.end_line, "output-missing", message, details, hint, None, [], got)
    want = output_lines(block.output.code)
    if not got:
        hint, line = update_hint(session), block.output.line
        return Failure(line, "output-stale", "prints nothing", (), hint, None, want, [])
    if block.number in session.lab.examples:
        return None
    rtol = session.lab.rtol
    first = first_difference(want, got, ellipsis=has_ellipsis(block.output), rtol=rtol)
    if first is None:
        return None
    rows = unified(want, got, place.shown(session.file), block.output.line + 1, rtol)
    message = "printed something else than the note shows"
    hint = update_hint(session)
    if same_words(want, got):
        hint = f"the same in another order: if it is a set's, print it sorted; else {hint}"
    line = min(block.output.line + 1 + first, block.output.end_line)
    return Failure(line, "output-differs", message, tuple(shortened(rows)), hint, None, want, got)


def _figures(session: Session, block: Block, execution: Execution) -> list[Failure]:
    found = []
    for name, drawn in execution.figures.items():
        committed = session.figure(name)
        if same_figure(committed, drawn) or (committed and block.number in session.lab.examples):
            continue
        was, now = "none", data_hash(drawn)[:12]
        if committed is not None:
            was, now = data_hash(committed)[:12], data_hash(drawn)[:12]
            message = f"draws {name} with other data than the committed figure ({now}, was {was})"
        else:
            message = f"draws {name}, which the note does not have yet"
        hint = update_hint(session)
        found.append(Failure(block.line, "figure-differs", message, (), hint, None, [was], [now]))
    return found
