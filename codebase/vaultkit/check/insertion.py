"""Where in a translation a block belongs that it lacks: between the same pieces of prose as in the original.

A piece is what blank lines set apart: a paragraph, a list, a callout. Within a section, between the nearest
blocks that both languages have, pieces are counted; where the counts differ, the nearer end decides.
"""

from typing import NamedTuple

from vaultkit.check.align import Pair
from vaultkit.note import Note
from vaultkit.run.control import is_control
from vaultkit.run.program import Block


class Place(NamedTuple):
    """Below which line of the translation, and what each line of the block begins with there."""

    line: int
    prefix: str


class Side:
    """One language: its note, and the lines that are code, outputs and control comments."""

    def __init__(self, note: Note, blocks: list[Block]) -> None:
        self.note = note
        self.lines = note.scan.lines
        self.code: set[int] = set()
        for block in blocks:
            self.code.update(range(block.head, end_of(block) + 1))
        for comment in filter(is_control, note.scan.comments):
            self.code.update(range(comment.line, comment.end_line + 1))

    def section(self, line: int) -> int:
        """How many headings stand above a line."""
        return sum(heading.line < line for heading in self.note.headings)

    def start(self, section: int) -> int:
        """The line above the text of a section."""
        headings = self.note.headings
        if not section:
            return self.note.scan.front_end
        return headings[section - 1].line if section <= len(headings) else self.end(section)

    def end(self, section: int) -> int:
        """The last line with text of a section, or of the whole note if it has no such section."""
        headings = self.note.headings
        end = headings[section].line - 1 if section < len(headings) else len(self.lines)
        while end > self.note.scan.front_end and not self.lines[end - 1].strip():
            end -= 1
        return end

    def pieces(self, first: int, last: int) -> list[int]:
        """The last line of each piece of prose from line `first` to line `last`."""
        found: list[int] = []
        above = 0  # the line of text before, if it belongs to the piece at hand
        for number in range(first, last + 1):
            if number in self.code:
                above = 0
            elif self.lines[number - 1].strip():
                inside = self._inside(number)
                if above and (number == above + 1 or (inside and self._inside(above))):
                    found[-1] = number
                else:
                    found.append(number)
                above = number
        return found

    def out_of_container(self, line: int) -> int:
        """The last line of the list or callout that a line stands in; the line itself if in none."""
        while line and self._inside(line) and line < len(self.lines):
            if not self.lines[line].strip() or not self._inside(line + 1):
                break
            line += 1
        return line

    def _inside(self, number: int) -> bool:
        return bool(self.note.scan.prefix(number).strip() or self.lines[number - 1][:1] in " \t")


def end_of(block: Block) -> int:
    return block.output.end_line if block.output else block.fence.end_line


def place_of(english: Side, chinese: Side, pairs: list[Pair], number: int) -> Place:
    """Where the block of the original in `pairs[number]`, which has no copy, belongs in the translation."""
    ours = pairs[number][0]
    assert ours is not None
    section = english.section(ours.line)
    near = [
        pair for pair in (_both(pair) for pair in pairs) if pair and english.section(pair[0].line) == section
    ]
    before = max((pair for pair in near if pair[0].line < ours.line), key=_line, default=None)
    after = min((pair for pair in near if pair[0].line > ours.line), key=_line, default=None)
    container = ours.fence.prefix
    if before and container and before[0].fence.prefix == container:
        return Place(end_of(before[1]), before[1].fence.prefix)
    if after and container and after[0].fence.prefix == container:
        return Place(after[1].head - 1, after[1].fence.prefix)
    first = end_of(before[0]) if before else english.start(section)
    last = after[0].head - 1 if after else english.end(section)
    top = end_of(before[1]) if before else chinese.start(section)
    there = chinese.pieces(top + 1, after[1].head - 1 if after else chinese.end(section))
    passed = len(english.pieces(first + 1, ours.head - 1))
    to_come = len(english.pieces(first + 1, last)) - passed
    if passed and not to_come:
        passed = len(there)
    line = there[min(passed, len(there)) - 1] if passed and there else top
    return Place(chinese.out_of_container(line), "")


def _both(pair: Pair) -> tuple[Block, Block] | None:
    ours, theirs = pair
    return (ours, theirs) if ours is not None and theirs is not None else None


def _line(pair: tuple[Block, Block]) -> int:
    return pair[0].line
