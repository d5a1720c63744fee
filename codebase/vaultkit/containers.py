"""Containers of Markdown lines: quotes, lists, tabs, admonitions, footnotes and definition lists.

CommonMark's rule for quotes and lists, plus the containers that only the site knows. Python-Markdown counts
list indents in fours where CommonMark counts the marker's width; `slack` is the difference, so that a fence
which either of the two shows as a fence is found.
"""

import re
from typing import NamedTuple

_OPENER = re.compile(
    r"""(?P<quote>>)
    | (?P<list>(?:[-*+]|\d{1,9}[.)])(?=[ \t]|$))
    | (?P<block>(?:!!!|\?\?\?\+?)(?=[ ])|===[!+]*(?=[ ]+["']))
    | (?P<footnote>\[\^[^\]\s]+\]:)
    | (?P<definition>:(?=[ \t]))""",
    re.VERBOSE,
)
MAX_DEPTH = 64  # containers within containers; what is deeper is text
_VISIBLE = re.compile(r"[^ \t]")
_START = frozenset(">-*+0123456789!?=[:")


class Container(NamedTuple):
    """An open container; `width` columns of indent keep a line inside (0 for a quote, which needs `>`)."""

    quote: bool
    width: int
    slack: int


class Cursor:
    """A position in a line that counts columns with tab stops of four, as CommonMark does."""

    __slots__ = ("column", "pending", "position", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.column = 0
        self.pending = 0  # columns of a tab that has been entered but not used up

    def indent(self) -> int:
        """Columns of white space ahead."""
        if not self.pending and self.text[self.position : self.position + 1] not in (" ", "\t"):
            return 0
        columns, column = self.pending, self.column + self.pending
        for char in self.text[self.position : self.next_visible()]:
            step = 1 if char == " " else 4 - column % 4
            columns += step
            column += step
        return columns

    def take(self, columns: int) -> None:
        """Consume that many columns of white space (no more than there are)."""
        while columns > 0:
            if not self.pending:
                char = self.text[self.position : self.position + 1]
                if char not in (" ", "\t"):
                    return
                self.pending = 1 if char == " " else 4 - self.column % 4
                self.position += 1
            used = min(columns, self.pending)
            self.pending -= used
            self.column += used
            columns -= used

    def skip(self, characters: int) -> None:
        """Consume visible characters."""
        self.position += characters
        self.column += characters
        self.pending = 0

    def next_visible(self) -> int:
        """Index of the next character that is not a space or tab, the line's length if there is none."""
        if self.text[self.position : self.position + 1] not in (" ", "\t", ""):
            return self.position
        found = _VISIBLE.search(self.text, self.position)
        return found.start() if found else len(self.text)

    def rest(self) -> str:
        return " " * self.pending + self.text[self.position :]


def enter(cursor: Cursor, stack: list[Container]) -> int:
    """Move the cursor through the containers of `stack` that the line continues; return how many."""
    slack = 0
    for depth, container in enumerate(stack):
        indent = cursor.indent()
        blank = cursor.next_visible() == len(cursor.text)
        if container.quote:
            if blank or indent > 3 + slack or cursor.text[cursor.next_visible()] != ">":
                return depth
            _enter_quote(cursor, indent)
        elif blank:
            cursor.take(min(indent, container.width))
        elif indent < container.width:
            return depth
        else:
            cursor.take(container.width)
        slack += container.slack
    return len(stack)


def open_new(cursor: Cursor, stack: list[Container], *, paragraph: bool = False) -> bool:
    """Push the containers that open on the rest of this line; true if a marker (not a quote) was met.

    In a `paragraph` that goes on, an empty item or a number other than 1 is text. Definitions are known at
    the top level only, as on the site.
    """
    on_marker = False
    while len(stack) < MAX_DEPTH:
        start = cursor.next_visible()
        if cursor.text[start : start + 1] not in _START:
            return on_marker
        indent = cursor.indent()
        if indent > 3 and indent > 3 + sum(c.slack for c in stack):
            return on_marker
        found = _OPENER.match(cursor.text, start)
        if not found:
            return on_marker
        if (found["definition"] and stack) or (paragraph and found["list"] and _is_text(cursor, found)):
            return on_marker
        paragraph = False
        if found.lastgroup == "quote":
            _enter_quote(cursor, indent)
            stack.append(Container(True, 0, 0))
            continue
        on_marker = True
        if found["block"]:
            stack.append(Container(False, indent + 4, 0))
            cursor.skip(len(cursor.text) - cursor.position)
            return False
        cursor.take(indent)
        cursor.skip(len(found.group()))
        stack.append(_list_like(cursor, indent, len(found.group()), is_list=bool(found["list"])))
    return on_marker


def _is_text(cursor: Cursor, found: re.Match[str]) -> bool:
    """True if a list marker cannot interrupt a paragraph."""
    number = found["list"][:-1]
    return (number.isdigit() and int(number) != 1) or not cursor.text[found.end() :].strip()


def _list_like(cursor: Cursor, indent: int, marker: int, *, is_list: bool) -> Container:
    if not is_list:  # footnotes and definitions continue at two (Obsidian) or four (the site) columns
        cursor.take(1)
        return Container(False, indent + 2, 2)
    spaces = cursor.indent()
    spaces = spaces if 1 <= spaces <= 4 and cursor.text[cursor.position :].strip() else 1
    cursor.take(spaces)
    width = indent + marker + spaces
    return Container(False, width, -width % 4)


def _enter_quote(cursor: Cursor, indent: int) -> None:
    cursor.take(indent)
    cursor.skip(1)
    cursor.take(1)
