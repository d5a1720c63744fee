"""The words of a failure: `path:line`, source, traceback, diff and the command to run it again."""

import linecache
import os
from collections.abc import Iterable
from importlib import import_module
from types import CodeType, ModuleType, TracebackType
from unicodedata import east_asian_width

from vaultkit import place
from vaultkit.errors import Problem
from vaultkit.run.asserts import short
from vaultkit.run.compare import cut
from vaultkit.run.limit import ProcessEnd
from vaultkit.run.program import Block
from vaultkit.run.session import Session
from vaultkit.run.verdict import Failure, Verdict, explained, is_unreadable, last_frame

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_MAX_VALUES = 8
_IMPORT = "<frozen importlib."
_AROUND = 6  # lines of a block shown above and below the failing one


def problem_of(session: Session, failure: Failure) -> Problem:
    return Problem(place.shown(session.file), failure.line, failure.code, failure.message, failure.hint)


def failures_text(session: Session, verdicts: Iterable[Verdict], again: str) -> list[str]:
    """What is to be said about each failed block; the last says `again`, the command that runs them again."""
    texts = [failure_text(session, verdict) for verdict in verdicts if verdict.status == "failed"]
    texts[-1:] = [f"{text}\n    run again: {again}" for text in texts[-1:]]
    return texts


def failure_text(session: Session, verdict: Verdict) -> str:
    """Everything to say about a failed block."""
    parts: list[str] = []
    for failure in verdict.failures:
        parts.append(str(problem_of(session, failure)))
        if failure.error is not None:
            parts += _source(session, verdict.block, failure)
            if not is_unreadable(session, failure.error) and not _is_end(session, failure.error):
                parts += _traceback(session, failure.error)
        else:  # of an error the traceback says it
            parts += [f"    {line}" for line in failure.details]
    error = verdict.failures[0].error if verdict.failures else None
    if error is not None:
        parts += _stderr(session, verdict.block)
    return "\n".join(parts)


def _is_end(session: Session, error: BaseException) -> bool:
    """True if the note itself asks for the end of the program: its line says it all."""
    last = last_frame(session, error.__traceback__)
    own = last is not None and (last.tb_next is None or _file(last.tb_next) == "<frozen _sitebuiltins>")
    return isinstance(error, ProcessEnd) or (isinstance(error, SystemExit) and own)


def _file(trace: TracebackType) -> str:
    return trace.tb_frame.f_code.co_filename


def _source(session: Session, block: Block, failure: Failure) -> list[str]:
    """The lines around the failing one: of the block, of its hidden set-up, or of an earlier block."""
    marked = failure.line
    error = failure.error if is_unreadable(session, failure.error) else None
    above, code, hidden = _piece(session, block, marked)
    rows = [cut(row) for row in code.splitlines()]
    at = marked - above - 1 if above < marked <= above + len(rows) else 0
    first, last = max(0, at - _AROUND), min(len(rows), at + _AROUND + 1)
    width = len(str(above + len(rows)))
    lines = [f"    hidden set-up, from line {above}:"] if hidden else []
    lines += [f"    {'':>{width}} | …"] if first else []
    for number, row in enumerate(rows[first:last], above + 1 + first):
        mark = ">" if number == marked else " "
        lines.append(f"  {mark} {number:>{width}} | {row}".rstrip())
        if number == marked and isinstance(error, SyntaxError):
            lines.append(f"    {'':>{width}} | {_carets(row, error)}")
    return lines + ([f"    {'':>{width}} | …"] if last < len(rows) else [])


def _piece(session: Session, block: Block, marked: int) -> tuple[int, str, bool]:
    """(line above, code, whether hidden) of what holds a line of the note; the block if nothing does."""
    for one in [block, *session.program.blocks]:
        for setup in one.setups:
            if setup.line < marked <= setup.line + len(setup.code.splitlines()):
                return setup.line, setup.code, True
        if one.line < marked < one.fence.end_line:
            return one.line, one.fence.code, False
    return block.line, block.fence.code, False


def _carets(row: str, error: SyntaxError) -> str:
    """Marks below the characters of a line that Python cannot read; a tab stays one."""
    start = min(max((error.offset or 1) - 1, 0), len(row))
    same = error.end_lineno in (None, error.lineno)
    end = max((error.end_offset or 0) - 1, start + 1) if same else len(row)
    blank = "".join(char if char == "\t" else " " * _columns(char) for char in row[:start])
    return blank + "^" * max(1, sum(map(_columns, row[start:end])))


def _columns(char: str) -> int:
    return 2 if east_asian_width(char) in "WF" else 1


def _traceback(session: Session, error: BaseException) -> list[str]:
    """The traceback from the note's first frame on, without what runs notes and imports modules, with the
    note's path short, and the values of the last line.
    """
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename != str(session.file):
        trace = trace.tb_next
    whole = import_module("traceback").TracebackException  # dear to import, and seldom needed
    told = whole(type(error), error, trace)
    told.stack[:] = [frame for frame in told.stack if not frame.filename.startswith((_OURS, _IMPORT))]
    text = "".join(told.format())
    lines = text.replace(str(session.file), place.shown(session.file)).rstrip().split("\n")
    if isinstance(error, AssertionError):  # columns are those of the rewritten assert
        lines = [line for line in lines if line.strip(" ^~")]
    return [f"    {cut(line)}" for line in lines] + _values(session, error, trace)


def _values(session: Session, error: BaseException, trace: TracebackType | None) -> list[str]:
    """Values on the note's failing line: of an assert's operands, else of plain names. Nothing is evaluated
    again.
    """
    last = last_frame(session, trace)
    if last is None:
        return []
    if isinstance(error, AssertionError):
        _, lines = explained(session, error)
        if lines:
            return [f"    {line}" for line in lines]
    frame = last.tb_frame
    source = linecache.getline(str(session.file), last.tb_lineno)
    found = []
    for name in _names(source):
        scope = frame.f_locals if name in frame.f_locals else frame.f_globals
        if name in scope and not callable(scope[name]) and not isinstance(scope[name], ModuleType):
            found.append(f"    where {name} = {short(scope[name])}")
    return found[:_MAX_VALUES]


def _names(source: str) -> list[str]:
    try:
        code: CodeType = compile(source.strip(), "line", "exec")
    except (SyntaxError, ValueError):
        return []
    return list(code.co_names)


def _stderr(session: Session, block: Block) -> list[str]:
    text = session.executed[block.number].stderr.strip()
    return ["    on stderr:", *(f"    {line}" for line in text.split("\n")[-20:])] if text else []
