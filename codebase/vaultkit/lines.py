"""The scanner's result: one note as lines of known kinds, with its fences, comments and non-prose spans."""

import re
from bisect import bisect_right
from typing import Literal, NamedTuple

from vaultkit.fences import Fence
from vaultkit.inline import Span, SpanKind, blank_out, by_line, opens_span, spans

LineKind = Literal["front", "blank", "text", "fence", "code", "indented", "comment", "math", "html"]
CommentKind = Literal["html", "percent"]

NOT_LINKS = frozenset({"code", "math", "html", "tag"})  # what hides a link; `%% %%` does not
NOT_PROSE = frozenset({"code", "math", "html", "percent"})  # what a reader does not read as text


class Comment(NamedTuple):
    """An HTML or `%%` comment; lines are 1-based, columns 0-based, `end_column` exclusive.

    `text` is what stands between the marks, container prefixes of further lines removed.
    """

    kind: CommentKind
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Covered(NamedTuple):
    """A span as it stands in the note; lines are 1-based, columns 0-based, `end_column` exclusive."""

    kind: SpanKind
    line: int
    column: int
    end_line: int
    end_column: int


class Scan:
    """What the scanner knows of one note. Line numbers are 1-based everywhere."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.kinds: list[LineKind] = ["text"] * len(lines)
        self.prefixes = [""] * len(lines)
        self.fences: list[Fence] = []
        self.paragraphs: list[list[int]] = []  # line numbers of each run of text lines
        self.comments: list[Comment] = []
        self.masks: dict[int, list[Span]] = {}  # what `covered` has found so far
        self.unseen: list[list[int]] = []  # paragraphs that `covered` knows nothing of
        self.waiting: dict[int, list[int]] = {}  # by line, one of them in which a span may be
        self.front_end = 0  # line of the closing `---`, 0 without front matter
        self.unclosed_comment = 0  # line of a comment that is never closed, 0 if there is none

    def kind(self, line: int) -> LineKind:
        return self.kinds[line - 1]

    def prefix(self, line: int) -> str:
        """The container marks (`> - `) and indent before the content of a line."""
        return self.prefixes[line - 1]

    def visible(self, line: int, hide: frozenset[str] = NOT_LINKS) -> str:
        """A text line with the spans of `hide` blanked out, columns kept; "" for lines that are not text."""
        if self.kinds[line - 1] != "text":
            return ""
        covered = self.covered(line)
        return blank_out(self.lines[line - 1], covered, hide) if covered else self.lines[line - 1]

    def covered(self, line: int) -> list[Span]:
        """The spans of a line that are not prose, in order."""
        if self.unseen:
            self._await_cover()
        if line in self.waiting:
            numbers = self.waiting[line]
            self.cover(numbers, [self.lines[number - 1] for number in numbers])
            for number in numbers:
                del self.waiting[number]
                if number in self.masks:
                    self.masks[number].sort()
        return self.masks.get(line, [])

    def _await_cover(self) -> None:
        """Leave to `covered` the paragraphs that are not looked at yet; few of their lines are asked for."""
        for numbers in self.unseen:
            if any(opens_span(self.lines[number - 1]) for number in numbers):
                self.waiting.update(dict.fromkeys(numbers, numbers))
        self.unseen.clear()

    def cover(self, numbers: list[int], texts: list[str]) -> list[Covered]:
        """Find the spans of a paragraph's `texts` and file them under their lines."""
        found = spans("\n".join(texts))
        if not found:
            return []
        if len(texts) == 1:
            self.masks.setdefault(numbers[0], []).extend(found)
            return [Covered(span.kind, numbers[0], span.start, numbers[0], span.end) for span in found]
        offsets = [0]
        for text in texts:
            offsets.append(offsets[-1] + len(text) + 1)
        placed = []
        for span in found:
            first = bisect_right(offsets, span.start) - 1
            last = bisect_right(offsets, span.end - 1) - 1
            for place, piece in by_line(span, offsets, first, last):
                self.masks.setdefault(numbers[place], []).append(piece)
            start, end = span.start - offsets[first], span.end - offsets[last]
            placed.append(Covered(span.kind, numbers[first], start, numbers[last], end))
        return placed

    def text_lines(self) -> list[int]:
        return [number for number, kind in enumerate(self.kinds, 1) if kind == "text"]


def split_lines(text: str) -> list[str]:
    """Lines as editors count them: ended by LF, CRLF or CR; other Unicode separators do not end a line."""
    lines = re.split(r"\r\n|\n|\r", text) if "\r" in text else text.split("\n")
    return lines[:-1] if not lines[-1] else lines


def front_matter_end(lines: list[str]) -> int:
    """Line number (1-based) of the closing `---` of the front matter, 0 if there is none."""
    if not lines or lines[0].rstrip(" \t") != "---":
        return 0
    for number, line in enumerate(lines[1:], 2):
        if line.rstrip(" \t") == "---":
            return number
    return 0


def text_between(lines: list[str], first: int, start: int, size: int, last: int, end: int) -> str:
    """What stands in a comment whose opener, `size` long, is at (first, start) and whose closer at (last,
    end); indices count from 0.
    """
    if first == last:
        return lines[first][start + size : end]
    prefix = lines[first][:start]
    inner = [strip_prefix(line, prefix) for line in lines[first + 1 : last]]
    return "\n".join([lines[first][start + size :], *inner, strip_prefix(lines[last][:end], prefix)])


def strip_prefix(line: str, prefix: str) -> str:
    """`line` without the container prefix of the line where its comment began."""
    blank = re.sub(r"[^\s>]", " ", prefix)
    if line.startswith(blank):
        return line[len(blank) :]
    return "" if line.strip() == prefix.strip() else line
