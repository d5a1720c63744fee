"""Judge an executed block: did it do what the note says, and if not, what is to be said about it."""

import sys
from dataclasses import dataclass
from typing import Literal

from vaultkit import place
from vaultkit.run.compare import diff_lines, output_lines, same_output
from vaultkit.run.execute import Execution
from vaultkit.run.figures import data_hash, same_figure
from vaultkit.run.limit import TimeLimit
from vaultkit.run.program import Block
from vaultkit.run.session import Session, is_expected

Status = Literal["passed", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that went wrong; `details` are whole lines, printed below the message.

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


@dataclass(frozen=True, slots=True)
class Verdict:
    status: Status
    block: Block
    reason: str = ""
    failures: tuple[Failure, ...] = ()


def printed(block: Block, execution: Execution) -> list[str]:
    """What the note must show for this block: what it printed, then `Name: message` if it is to raise."""
    text = execution.stdout
    if execution.error and block.control.raises:
        text = f"{text.rstrip()}\n" if text.strip() else ""
        text += f"{type(execution.error).__name__}: {execution.error}".rstrip(": ")
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
    failures = ([output] if output else []) + _figures(session, block, execution)
    return Verdict("failed" if failures else "passed", block, failures=tuple(failures))


def update_hint(session: Session) -> str:
    return f'look at it, then: {place.command("vaultkit")} update "{session.path}"'


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
    if is_expected(error, name):
        return None
    line = error_line(session, block, error)
    if isinstance(error, TimeLimit):
        hint = f"make it quicker, or: <!-- run: timeout {int(block.control.timeout or 60) * 2} -->"
        return Failure(line, "too-slow", str(error), hint=hint, error=error)
    said = f"{type(error).__name__}: {error}".rstrip(": ").split("\n")[0]
    expected = f" (expected {name})" if name else ""
    return Failure(
        line, "block-error", said + expected, hint=_error_hint(error), error=error,
        expected=[name] if name else [], actual=f"{type(error).__name__}: {error}".rstrip(": ").split("\n"),
    )  # fmt: skip


def _error_hint(error: BaseException) -> str:
    if type(error).__name__ == "Skipped":
        return 'declare it instead: <!-- run: skip "why" --> on the line above the block'
    if isinstance(error, ModuleNotFoundError):
        return f"is `{error.name}` installed in {sys.prefix}?"
    return ""


def error_line(session: Session, block: Block, error: BaseException) -> int:
    """The note's line that raised: the innermost frame in the note, or the line of a syntax error."""
    if isinstance(error, SyntaxError) and error.filename == str(session.file) and error.lineno:
        return error.lineno
    line, trace = block.line, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == str(session.file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _output(session: Session, block: Block, execution: Execution) -> Failure | None:
    got = printed(block, execution)
    if block.output is None:
        if not got:
            return None
        details = tuple(f"+ {line}" for line in got)
        message = "prints, but the note shows no output"
        hint = update_hint(session)
        return Failure(block.fence.end_line, "output-missing", message, details, hint, None, [], got)
    want = output_lines(block.output.code)
    if not got:
        hint, line = update_hint(session), block.output.line
        return Failure(line, "output-stale", "prints nothing", hint=hint, expected=want, actual=[])
    if same_output(want, got):
        return None
    details = ("- the note shows, + the block printed", *diff_lines(want, got))
    message = "printed something else than the note shows"
    hint, line = update_hint(session), block.output.line
    return Failure(line, "output-differs", message, details, hint, None, want, got)


def _figures(session: Session, block: Block, execution: Execution) -> list[Failure]:
    found = []
    for name, drawn in execution.figures.items():
        committed = session.attachments / name
        if same_figure(committed, drawn):
            continue
        was, now = "none", data_hash(drawn)[:12]
        if committed.exists():
            was, now = data_hash(committed.read_bytes())[:12], data_hash(drawn)[:12]
            message = f"draws {name} with other data than the committed figure ({now}, was {was})"
        else:
            message = f"draws {name}, which is not among the attachments"
        hint = update_hint(session)
        found.append(Failure(block.line, "figure-differs", message, hint=hint, expected=[was], actual=[now]))
    return found
