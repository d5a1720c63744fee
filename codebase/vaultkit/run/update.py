"""Write back what blocks print and draw, only where it differs from the note beyond tolerance."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path

from vaultkit import place
from vaultkit.labs.view import note_text
from vaultkit.labs.write import churn
from vaultkit.run.compare import has_ellipsis, output_lines, same_output
from vaultkit.run.figures import same_figure
from vaultkit.run.lab import rewritten_lab
from vaultkit.run.program import Block
from vaultkit.run.report import failures_text
from vaultkit.run.session import Session
from vaultkit.run.verdict import Verdict, again, judge, printed
from vaultkit.terminal import problem_here
from vaultkit.write import write_atomic

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_FIXABLE = frozenset({"output-missing", "output-stale", "output-differs", "figure-differs"})


@dataclass(slots=True)
class Update:
    """What an update of one note did or would do; `errors` non-empty means that nothing was written."""

    path: str
    diff: str = ""
    figures: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.diff or self.figures)


def update_note(
    file: Path,
    root: Path,
    *,
    write: bool = True,
    twins: list[Session] | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Update:
    """Run a note and bring its output fences and figures up to date; a block that fails leaves all
    as it was. `twins` holds the session of the last note, for a lab in two languages runs once; `told` is
    called with the number of each block that has run, and with 0.
    """
    twins = [] if twins is None else twins
    session = Session(file, root, twin=twins[0] if twins else None)
    twins[:] = [session]
    if told:
        session.after = lambda block: told(block.number, 0)
    try:
        return _update(session, write)
    finally:
        session.close()


def _update(session: Session, write: bool) -> Update:
    update = Update(
        session.path,
        errors=[str(problem_here(session.vault, problem)) for problem in session.program.problems],
    )
    if update.errors:
        return update
    original = session.file.read_bytes()
    verdicts = [judge(session, block) for block in session.program.blocks]
    update.errors = failures_text(session, filter(_is_wrong, verdicts), again(session, "run"))
    if update.errors:
        return update
    before = original.decode("utf-8-sig")
    after = rewritten(session) if session.lab.notebook is None else _rewritten_lab(session, before)
    if after != before:
        name = place.shown(session.file)
        old, new = (_shown(session, text) for text in (before, after))
        rows = unified_diff(old, new, name, name, lineterm="", n=2)
        update.diff = "\n".join(rows) or f"{name}: figures or counts"
    drawn = {name: svg for run in session.executed.values() for name, svg in run.figures.items()}
    stale = {n: svg for n, svg in drawn.items() if not same_figure(session.figure(n), svg)}
    if session.lab.notebook is not None:
        stale = {}  # a lab's figures stand in its outputs
    update.figures = sorted(stale)
    if write:
        _write(session, update, original, after, stale)
    return update


def _is_wrong(verdict: Verdict) -> bool:
    """True if a block fails in what cannot be written back."""
    output = verdict.block.output
    wild = output is not None and has_ellipsis(output)  # only its author knows what may vary
    fixable = _FIXABLE - {"output-differs"} if wild else _FIXABLE
    return any(failure.code not in fixable for failure in verdict.failures)


def _shown(session: Session, text: str) -> list[str]:
    """Lines to compare for a person; of a notebook its Markdown, without the code of its figures."""
    shown = text if session.lab.notebook is None else note_text(text, session.path)[0] or ""
    return shown.splitlines()


def _write(session: Session, update: Update, original: bytes, after: str, figures: dict[str, bytes]) -> None:
    if session.file.read_bytes() != original:
        update.errors.append(f"{place.shown(session.file)}: edited while it ran; nothing was written")
        return
    for name, svg in figures.items():
        write_atomic(session.attachments / name, svg)
    if update.diff:
        mark = b"\xef\xbb\xbf" if original.startswith(b"\xef\xbb\xbf") else b""
        write_atomic(session.file, mark + after.encode("utf-8"))


def rewritten(session: Session) -> str:
    """The note's text with each executed block's output fence brought up to date, all else as it was."""
    lines = _LINE.findall(session.text or "")
    for block in reversed(session.program.blocks):
        if block.control.skip:
            continue
        got = printed(block, session.executed[block.number])
        want = output_lines(block.output.code) if block.output else []
        if block.output is None and not got:
            continue
        if block.output and got and same_output(want, got, ellipsis=has_ellipsis(block.output)):
            continue
        first = block.output.line - 1 if block.output and got else block.fence.end_line
        last = block.output.end_line if block.output else first
        _replace(lines, first, last, _fence(block, got) if got else [])
    return "".join(lines)


def _replace(lines: list[str], first: int, last: int, rows: list[str]) -> None:
    """Put `rows` in place of the lines from index `first` to `last`, with the line ends of the line above;
    a text that does not end in a line end still does not.
    """
    above = lines[first - 1]
    end = above[len(above.rstrip("\r\n")) :]
    bare = not lines[last - 1].endswith(("\r", "\n"))
    if not end and rows:
        end = _ends(lines) or "\n"
        lines[first - 1] = above + end
    lines[first:last] = [row + end for row in rows]
    if bare and (rows or last > first):
        lines[first + len(rows) - 1] = lines[first + len(rows) - 1].rstrip("\r\n")


def _ends(lines: list[str]) -> str:
    """The line end of the first line that has one, "" if none has."""
    return next((line[len(line.rstrip("\r\n")) :] for line in lines if line.endswith(("\r", "\n"))), "")


def _rewritten_lab(session: Session, before: str) -> str:
    """The notebook's file with outputs and figures brought up to date, and nothing in it that churns."""
    lab, stale = session.lab, set()
    for block in session.program.blocks:
        if block.control.skip:
            continue
        run = session.executed[block.number]
        got, want = printed(block, run), output_lines(block.output.code) if block.output else []
        example = block.number in lab.examples
        same = same_output(want, got, rtol=lab.rtol) or bool(example and got and want)
        figures = [(lab.figures.get(name), svg) for name, svg in run.figures.items()]
        drawn = all(same_figure(was, svg) or bool(example and was) for was, svg in figures)
        if not (same and drawn):
            stale.add(block.number)
    if stale:  # examples are kept as they are until something else changes
        stale |= lab.examples & session.executed.keys()
    assert lab.notebook is not None
    if not stale and not churn(lab.notebook):
        return before
    return rewritten_lab(lab, session.program.blocks, session.executed, stale)


def _fence(block: Block, rows: list[str]) -> list[str]:
    """An output fence in the container of the block, its marker longer than any in the output."""
    prefix, marker = block.fence.prefix, block.fence.marker[0] * 3
    longest = max((len(run) for row in rows for run in re.findall(r"`+|~+", row)), default=0)
    marker = marker[0] * max(3, longest + 1)
    info = block.output.info if block.output else "output"
    return [prefix + marker + info, *((prefix + row).rstrip() for row in rows), prefix + marker]
