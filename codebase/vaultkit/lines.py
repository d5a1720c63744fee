"""The scanner's result: one note as lines of known kinds, with its fences, comments and non-prose spans."""

import re
from dataclasses import dataclass, field
from typing import Literal

from vaultkit.fences import Fence
from vaultkit.inline import Span, blank_out

LineKind = Literal["front", "blank", "text", "fence", "code", "indented", "comment", "math", "html"]
CommentKind = Literal["html", "percent"]

NOT_LINKS = frozenset({"code", "math", "html", "tag"})  # what hides a link; `%% %%` does not
NOT_PROSE = frozenset({"code", "math", "html", "percent"})  # what a reader does not read as text


@dataclass(frozen=True, slots=True)
class Comment:
    """An HTML or `%%` comment; lines are 1-based, columns 0-based, `end_column` exclusive.

    `text` is what stands between the marks, container prefixes of further lines removed.
    """

    kind: CommentKind
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(slots=True)
class Scan:
    """What the scanner knows of one note. Line numbers are 1-based everywhere."""

    lines: list[str]
    kinds: list[LineKind]
    prefixes: list[str]
    fences: list[Fence] = field(default_factory=list)
    paragraphs: list[list[int]] = field(default_factory=list)  # line numbers of each run of text lines
    comments: list[Comment] = field(default_factory=list)
    masks: dict[int, list[Span]] = field(default_factory=dict)
    front_end: int = 0  # line of the closing `---`, 0 without front matter
    unclosed_comment: int = 0  # line of a comment that is never closed, 0 if there is none

    def kind(self, line: int) -> LineKind:
        return self.kinds[line - 1]

    def prefix(self, line: int) -> str:
        """The container marks (`> - `) and indent before the content of a line."""
        return self.prefixes[line - 1]

    def visible(self, line: int, hide: frozenset[str] = NOT_LINKS) -> str:
        """A text line with the spans of `hide` blanked out, columns kept; "" for lines that are not text."""
        if self.kinds[line - 1] != "text":
            return ""
        if line not in self.masks:
            return self.lines[line - 1]
        return blank_out(self.lines[line - 1], self.masks.get(line, []), hide)

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


def strip_prefix(line: str, prefix: str) -> str:
    """`line` without the container prefix of the line where its comment began."""
    blank = re.sub(r"[^\s>]", " ", prefix)
    if line.startswith(blank):
        return line[len(blank) :]
    return "" if line.strip() == prefix.strip() else line
