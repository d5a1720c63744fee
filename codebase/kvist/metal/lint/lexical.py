"""The text below the tokens: characters, includes, comments, strings, brackets.

What these find would lead the other rules astray, so a repaired text comes back: comments, bad strings and
bad includes are blank, every other character stays where it was.
"""

import difflib
import re
from collections.abc import Iterator

from kvist.metal.lint.problems import Problem
from kvist.metal.preprocess import ANGLE

_PIECE = re.compile(
    r"""//[^\n]*|/\*|"(?:\\[^\n]|[^"\\\n])*(?P<closed>"?)|'(?:\\[^\n]|[^'\\\n])*(?P<quoted>'?)
      |(?<![\w.])\d(?:[\w.']|(?<=[eEpP])[+-])*|[^/"'\d]+|.""",
    re.VERBOSE | re.DOTALL,
)
_INCLUDE = re.compile(r"^[ \t]*\#[ \t]*(?:include|import)\b(.*)$", re.MULTILINE)
_CONDITION = re.compile(r"^[ \t]*\#[ \t]*(if|ifdef|ifndef|endif)\b|^[ \t]*\#[ \t]*include", re.MULTILINE)
_PAIRS = {")": "(", "]": "[", "}": "{"}
MAX_DEPTH = 200


def not_ascii(raw: str) -> Iterator[Problem]:
    """Every line with a character beyond ASCII: the first of each."""
    for number, line in enumerate(raw.split("\n"), 1):
        if not line.isascii():
            column, strange = next((i, c) for i, c in enumerate(line, 1) if not c.isascii())
            message = f"the character {strange!r} is not ASCII"
            yield Problem(number, column, "non-ascii", message, "MLX hands source to Metal as ASCII")
        if "\0" in line:
            yield Problem(number, line.index("\0") + 1, "non-ascii", "a NUL character")


def note_on_comments(raw: str, code: str) -> Iterator[str]:
    """Comments may hold any character in a .metal file, but not in what MLX is given."""
    lines = zip(raw.split("\n"), code.split("\n"), strict=False)
    strange = [n for n, (line, kept) in enumerate(lines, 1) if not line.isascii() and kept.isascii()]
    if strange:
        more = f" and of {len(strange) - 1} more" if strange[1:] else ""
        yield (
            f"the comment of line {strange[0]}{more} is not ASCII: fine in a .metal file, but "
            "mx.fast.metal_kernel takes ASCII only"
        )


def without_comments(raw: str) -> tuple[str, list[Problem]]:
    """The text with blanks for comments, and where a comment has no end."""
    out, problems, position = [], [], 0
    while position < len(raw):
        match = _PIECE.match(raw, position)
        assert match is not None
        text, end = match.group(), match.end()
        if text == "/*":
            end = raw.find("*/", position + 2)
            if end < 0:
                problems.append(_at(raw, position, "syntax", "a comment without its end `*/`"))
                end = len(raw) - 2
            end += 2
        if text.startswith(("//", "/*")):
            text = "".join(c if c == "\n" else " " for c in raw[position:end])
        out.append(text)
        position = max(end, position + 1)
    return "".join(out)[: len(raw)], problems


def includes(raw: str, code: str) -> tuple[str, list[Problem]]:
    """`code` without the includes that Metal does not have. Those under `#if` are the preprocessor's."""
    problems: list[Problem] = []
    depth = 0
    for match in _CONDITION.finditer(code):
        depth += (match[1] in ("if", "ifdef", "ifndef")) - (match[1] == "endif")
        found = _INCLUDE.match(code, match.start())
        if found is None:
            continue
        target = found[1].strip()
        problem = None if depth > 0 else _bad_include(raw, found.start(1), target)
        if problem is not None:
            problems.append(problem)
            code = code[: found.start()] + " " * (found.end() - found.start()) + code[found.end() :]
    return code, problems


def _bad_include(raw: str, offset: int, target: str) -> Problem | None:
    angle = re.fullmatch(r"<([^<>]+)>", target)
    if re.fullmatch(r'"[^"]+"', target) or re.fullmatch(r"[A-Za-z_]\w*", target):
        return None
    if angle is None:
        return _at(raw, offset, "include", f"need <header> or a quoted path, got {target or 'nothing'}")
    name = angle[1].strip()
    if name in ANGLE or name.startswith("metal_") or name.startswith("MetalPerformancePrimitives/"):
        if name in ANGLE or not (near := difflib.get_close_matches(name, ANGLE, 1, 0.85)):
            return None
        return _at(raw, offset, "include", f"there is no header <{name}>", f"did you mean <{near[0]}>?")
    if "/" in name and name.endswith((".h", ".metal", ".hpp")) and not name.startswith(("sys/", "bits/")):
        return None  # found by -I
    near = difflib.get_close_matches(name, ANGLE, 1)
    hint = f"did you mean <{near[0]}>?" if near else "Metal has <metal_stdlib>, and no C or C++ library"
    return _at(raw, offset, "include", f"<{name}> is not a Metal header", hint)


def balanced(text: str, label: str) -> tuple[str, list[Problem]]:
    """The text with blanks for strings without an end, and the first bracket that does not match."""
    stack: list[tuple[str, int]] = []
    problems: list[Problem] = []
    pieces: list[str] = []
    position = 0
    directive = re.compile(r"^[ \t]*#[ \t]*(?!define)(?:\\\n|[^\n])*", re.MULTILINE)
    spans = [m.span() for m in directive.finditer(text)]
    at_span = 0
    while position < len(text):
        while at_span < len(spans) and spans[at_span][1] <= position:
            at_span += 1
        if at_span < len(spans) and spans[at_span][0] <= position:
            pieces.append(text[position : spans[at_span][1]])
            position = spans[at_span][1]
            continue
        match = _PIECE.match(text, position)
        assert match is not None
        piece, end = match.group(), match.end()
        if at_span < len(spans) and end > spans[at_span][0]:
            end = spans[at_span][0]
            piece = text[position:end]
        if piece[0] in "\"'" and not (match["closed"] or match["quoted"]):
            problems.append(_at(text, position, "syntax", f"a {piece[0]} without its end on this line"))
            piece = " " * len(piece)
        elif piece[0].isdigit():  # 1'000
            piece = piece.replace("'", "").ljust(len(piece))
        elif piece[0] not in "\"'" and not piece.startswith("//"):
            problem = _brackets(text, position, piece, stack)
            if problem is not None:
                return text, [*problems, problem]
            for stray in re.finditer(r"#(?![ \t]*define\b)", piece):
                line = text[text.rfind("\n", 0, position + stray.start()) + 1 : position + stray.start()]
                if not re.match(r"[ \t]*#[ \t]*define\b", line):
                    problems.append(_at(text, position + stray.start(), "syntax", "a `#` inside a line"))
                piece = piece[: stray.start()] + " " + piece[stray.end() :]
        pieces.append(piece)
        position = end
    if stack:
        problems.append(_at(text, stack[-1][1], "syntax", f"`{stack[-1][0]}` is never closed"))
    return "".join(pieces), problems


def _brackets(text: str, start: int, piece: str, stack: list[tuple[str, int]]) -> Problem | None:
    for index, c in enumerate(piece, start):
        if c in "([{":
            stack.append((c, index))
            if len(stack) > MAX_DEPTH:
                return _at(text, index, "syntax", f"brackets nested more than {MAX_DEPTH} deep")
        elif c in _PAIRS:
            if not stack or stack[-1][0] != _PAIRS[c]:
                opened = f"`{stack[-1][0]}` is open" if stack else "nothing is open"
                return _at(text, index, "syntax", f"`{c}` closes nothing: {opened}")
            stack.pop()
    return None


def _at(text: str, offset: int, code: str, message: str, hint: str = "") -> Problem:
    line = text.count("\n", 0, offset) + 1
    return Problem(line, offset - text.rfind("\n", 0, offset), code, message, hint)
