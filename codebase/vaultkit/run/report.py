"""The words of a failure: `path:line`, source, traceback, diff and the command to run it again."""

import linecache
from importlib import import_module
from types import CodeType, TracebackType

from vaultkit import place
from vaultkit.errors import Problem
from vaultkit.run.asserts import short
from vaultkit.run.program import Block
from vaultkit.run.session import Session
from vaultkit.run.verdict import Failure, Verdict, explained, last_frame

_MAX_VALUES = 8
_AROUND = 6  # lines of a block shown above and below the failing one


def problem_of(session: Session, failure: Failure) -> Problem:
    return Problem(place.shown(session.file), failure.line, failure.code, failure.message, failure.hint)


def failure_text(session: Session, verdict: Verdict, again: str) -> str:
    """Everything to say about a failed block; `again` is the command that runs it again."""
    parts: list[str] = []
    for failure in verdict.failures:
        parts.append(str(problem_of(session, failure)))
        if failure.error is not None:
            parts += _source(verdict.block, failure.line) + _traceback(session, failure.error)
        parts += [f"    {line}" for line in failure.details]
    error = verdict.failures[0].error if verdict.failures else None
    if error is not None:
        parts += _stderr(session, verdict.block)
    return "\n".join([*parts, f"    run again: {again}"])


def _source(block: Block, marked: int) -> list[str]:
    """The block's lines around the failing one."""
    rows = block.fence.code.splitlines()
    at = marked - block.line - 1 if block.line < marked <= block.line + len(rows) else 0
    first, last = max(0, at - _AROUND), min(len(rows), at + _AROUND + 1)
    width = len(str(block.line + len(rows)))
    lines = [f"    {'':>{width}} | …"] if first else []
    for number, row in enumerate(rows[first:last], block.line + 1 + first):
        mark = ">" if number == marked else " "
        lines.append(f"  {mark} {number:>{width}} | {row}".rstrip())
    return lines + ([f"    {'':>{width}} | …"] if last < len(rows) else [])


def _traceback(session: Session, error: BaseException) -> list[str]:
    """The traceback from the note's first frame on, with the note's path short, and the values of
    the last line.
    """
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename != str(session.file):
        trace = trace.tb_next
    whole = import_module("traceback").TracebackException  # dear to import, and seldom needed
    text = "".join(whole(type(error), error, trace).format())
    lines = text.replace(str(session.file), place.shown(session.file)).rstrip().split("\n")
    if isinstance(error, AssertionError):  # columns are those of the rewritten assert
        lines = [line for line in lines if line.strip(" ^~")]
    return [f"    {line}" for line in lines] + _values(session, error, trace)


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
        if name in scope and not callable(scope[name]) and not hasattr(scope[name], "__path__"):
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
