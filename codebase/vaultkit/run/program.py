"""The program of a note: its Python blocks in order, with control words, set-up code and output."""

from typing import NamedTuple

from vaultkit.errors import Problem
from vaultkit.fences import PYTHON_LIKE, Fence
from vaultkit.lines import Comment, Scan
from vaultkit.run.control import Control, ControlError, is_control, parse, setup_code
from vaultkit.run.html_code import html_python
from vaultkit.run.requirements import present, why_absent

# Words that other runners read from the info string; here they would silently do nothing.
_FOREIGN_WORDS = frozenset({"notest", "no-test", "continuation", "skip", "test"})


class Setup(NamedTuple):
    """Hidden code; `line` (1-based) is the line of its comment, the code starts on the next."""

    line: int
    code: str


class Block(NamedTuple):
    """One Python block; `number` counts from 1 in the note, skipped blocks included. `head` is the line of
    the first control comment directly above the fence, the fence's own line if there is none.
    """

    number: int
    fence: Fence
    control: Control
    setups: tuple[Setup, ...]
    output: Fence | None
    head: int = 0

    @property
    def line(self) -> int:
        return self.fence.line


class Program:
    """All blocks of one note, and what is wrong with their fences and control comments."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.blocks: list[Block] = []
        self.declared: set[int] = set()  # lines of fences shown as Python, no blocks, but declared as skipped
        self.problems: list[Problem] = []

    @property
    def silent(self) -> bool:
        """True if there is nothing to run, nor anything wrong with Python that is shown."""
        return not self.blocks and all(problem.code.startswith("output") for problem in self.problems)

    def problem(self, line: int, code: str, message: str, hint: str) -> None:
        self.problems.append(Problem(self.path, line, code, message, hint))


def program_of(path: str, scan: Scan) -> Program:
    """The program of a scanned note; `path` is only for its problems."""
    program = Program(path)
    controls = {c.end_line: c for c in scan.comments if is_control(c)}
    outputs = {fence.line: fence for fence in scan.fences if fence.is_output and not fence.hidden}
    used: set[int] = set()
    setups: list[Setup] = []
    for fence in scan.fences:
        if fence.hidden:
            continue
        above = _comments_above(controls, fence)
        if fence.shown_as_python and not fence.is_python and above and _control(program, above).skip:
            used |= {comment.end_line for comment in above}
            program.declared.add(fence.line)
        _check_fence(program, fence, scan)
        if not fence.is_python:
            if fence.shown_as_python:
                outputs.pop(_after(scan, fence.end_line), None)  # what is wrong is said of the code
            continue
        used |= {comment.end_line for comment in above}
        earlier = [c for line, c in sorted(controls.items()) if line < fence.line and line not in used]
        used |= {comment.end_line for comment in earlier}
        setups, plain = _split_setups(program, sorted([*earlier, *above], key=lambda c: c.line))
        for stray in plain:
            if stray not in above:
                _stray(program, stray)
        control = _control(program, [comment for comment in plain if comment in above])
        output = outputs.pop(_after(scan, fence.end_line), None)
        if output and output.prefix != fence.prefix:
            hint = "give it the same indent and marks as the code"
            program.problem(
                output.line, "output-place", "output fence in another container than its code", hint
            )
        head = above[0].line if above else fence.line
        program.blocks.append(Block(len(program.blocks) + 1, fence, control, tuple(setups), output, head))
    for line, comment in sorted(controls.items()):
        if line not in used:
            _stray(program, comment)
    for fence in outputs.values():
        hint = "put it right after the block, with nothing but blank lines between, or delete it"
        program.problem(fence.line, "output-place", "output fence without a Python block before it", hint)
    for line in html_python(scan):
        hint = "write it as a fence: ```python"
        program.problem(line, "fence-html", "code in HTML is shown as Python but never run", hint)
    program.problems.sort(key=lambda problem: problem.line)
    return program


def _after(scan: Scan, line: int) -> int:
    """The first line after `line` that is not blank: an output fence may stand apart from its block."""
    line += 1
    while line <= len(scan.lines) and not scan.lines[line - 1].strip(" \t>"):
        line += 1
    return line


def _comments_above(controls: dict[int, Comment], fence: Fence) -> list[Comment]:
    """Control comments stacked directly above the fence, topmost first."""
    found: list[Comment] = []
    line = fence.line - 1
    while line in controls:
        found.insert(0, controls[line])
        line = controls[line].line - 1
    return found


def _split_setups(program: Program, comments: list[Comment]) -> tuple[list[Setup], list[Comment]]:
    setups: list[Setup] = []
    plain: list[Comment] = []
    for comment in comments:
        try:
            code = setup_code(comment)
        except ControlError as error:
            program.problem(comment.line, "run-control", str(error), "")
            continue
        if code is None:
            plain.append(comment)
        else:
            setups.append(Setup(comment.line, code))
    return setups, plain


def _control(program: Program, comments: list[Comment]) -> Control:
    try:
        control = parse(comments)
        absent = [name for name in control.requires if not present(name)]
        return control._replace(skip=why_absent(absent[0])) if absent and not control.skip else control
    except ControlError as error:
        program.problem(comments[0].line, "run-control", str(error), "")
        return Control()


def _stray(program: Program, comment: Comment) -> None:
    try:
        code = setup_code(comment)
        what = (
            "control comment with no Python block below it"
            if code is None
            else "set-up with no block after it"
        )
    except ControlError as error:
        what = str(error)
    program.problem(
        comment.line, "run-control", what, "put it on the line right above the block's opening fence"
    )


def _check_fence(program: Program, fence: Fence, scan: Scan) -> None:
    if fence.language in PYTHON_LIKE and fence.line not in program.declared:
        hint = 'write ```python, or <!-- run: skip "why" --> on the line above, or ```text'
        program.problem(
            fence.line, "fence-language", f"`{fence.language}` is shown as Python but never run", hint
        )
    if not (fence.is_python or fence.is_output):
        return
    if not fence.closed:
        hint = f"close it with {fence.marker} at the same indent"
        program.problem(fence.line, "fence-unclosed", "fence is never closed in its container", hint)
    if fence.on_marker and ":" in scan.prefix(fence.line):
        hint = "start the fence on a line of its own, indented by four spaces"
        message = "fence on the line of a footnote or definition is not rendered"
        program.problem(fence.line, "fence-on-marker", message, hint)
    foreign = _FOREIGN_WORDS & set(fence.info.replace("}", " ").split())
    if foreign:
        hint = '<!-- run: skip "why" --> on the line above'
        message = f"`{min(foreign)}` in the info string has no effect"
        program.problem(fence.line, "fence-word", message, hint)
