"""Carry a note's blocks over to its translation: code, output, control comments, and blocks that it lacks.

Every edit is a whole piece between a control comment and the end of an output fence, or a new such piece
between blank lines. Prose is never touched; blocks that only the translation has stay.
"""

from collections.abc import Iterator

from vaultkit.check.align import Pair, aligned, same_code
from vaultkit.edit import Edit
from vaultkit.note import Note
from vaultkit.run.program import Block, program_of

_SETUP = "<!-- run: setup"


def carried(english: Note, chinese: Note) -> list[Edit]:
    """The edits that bring the blocks of `chinese` in line with those of `english`."""
    ours = program_of(english.path, english.scan)
    theirs = program_of(chinese.path, chinese.scan)
    if any(not block.fence.closed for block in [*ours.blocks, *theirs.blocks]):
        return []
    pairs = aligned(ours.blocks, theirs.blocks)
    carrier = _Carrier(english, chinese, pairs)
    return [edit for place, pair in enumerate(pairs) for edit in carrier.edits(place, *pair)]


def words(block: Block) -> tuple[object, ...]:
    """What the control words of both languages must agree in; reasons and messages may be translated."""
    control = block.control
    return control.raises, bool(control.message), control.fresh, bool(control.skip), control.requires


def setup(block: Block) -> str:
    return "\n".join(one.code for one in block.setups)


class _Carrier:
    def __init__(self, english: Note, chinese: Note, pairs: list[Pair]) -> None:
        self.english = english
        self.chinese = chinese
        self.pairs = pairs
        self.end = "\r\n" if "\r\n" in chinese.text else "\n"

    def edits(self, place: int, ours: Block | None, theirs: Block | None) -> Iterator[Edit]:
        if ours is not None and theirs is not None:
            if words(ours) != words(theirs) or not same_code(setup(ours), setup(theirs)):
                yield from self._head(ours, theirs)
            if not same_code(ours.fence.code, theirs.fence.code):
                last = theirs.output.end_line if theirs.output else theirs.fence.end_line
                prefix = theirs.fence.prefix
                opening = self.chinese.scan.lines[theirs.line - 1]
                rows = [opening, *_placed(prefix, self._body(ours)[1:])]
                yield self._replace(theirs.line, last, rows)
        elif ours is not None:
            yield self._insert(place, ours)

    def _head(self, ours: Block, theirs: Block) -> Iterator[Edit]:
        """New control comments above the fence; set-up that stands elsewhere goes."""
        scan, prefix = self.chinese.scan, theirs.fence.prefix
        ranges = {c.line: c for c in scan.comments}
        for one in theirs.setups:
            if one.line < theirs.head:
                yield Edit(one.line, 0, self._lines(one.line, ranges[one.line].end_line), "")
        plain = self._plain(self.chinese if words(ours) == words(theirs) else self.english,
                            theirs if words(ours) == words(theirs) else ours)  # fmt: skip
        rows = _placed(prefix, [*_setups(ours), *plain])
        yield self._replace(theirs.head, theirs.line - 1, rows)

    def _plain(self, note: Note, block: Block) -> list[str]:
        """The control comments of a block that are no set-up, without their container's prefix."""
        setups = {one.line for one in block.setups}
        found: list[str] = []
        for comment in note.scan.comments:
            if block.head <= comment.line < block.line and comment.line not in setups:
                rows = note.scan.lines[comment.line - 1 : comment.end_line]
                found += [_bare(row, block.fence.prefix) for row in rows]
        return found

    def _body(self, block: Block) -> list[str]:
        """The fence and its output, without their container's prefix."""
        last = block.output.end_line if block.output else block.fence.end_line
        rows = self.english.scan.lines[block.line - 1 : last]
        return [_bare(row, block.fence.prefix) for row in rows]

    def _insert(self, place: int, ours: Block) -> Edit:
        """The whole block where the translation lacks it, between blank lines."""
        rows = [*_setups(ours), *self._plain(self.english, ours), *self._body(ours)]
        section = self._section(self.english, ours.line)
        for before, copy in reversed(self.pairs[:place]):
            if before and copy and self._section(self.english, before.line) == section:
                prefix = copy.fence.prefix if before.fence.prefix == ours.fence.prefix else ""
                last = copy.output.end_line if copy.output else copy.fence.end_line
                return self._new(last, prefix, rows, after=True)
        for after, copy in self.pairs[place + 1 :]:
            if after and copy and self._section(self.english, after.line) == section:
                prefix = copy.fence.prefix if after.fence.prefix == ours.fence.prefix else ""
                return self._new(copy.head - 1, prefix, rows, after=False)
        return self._new(self._end_of(section), "", rows, after=True)

    def _new(self, line: int, prefix: str, rows: list[str], *, after: bool) -> Edit:
        """An edit that adds rows below a line, with a blank line where they would touch a neighbour."""
        blank = prefix.rstrip()
        lines = self.chinese.scan.lines
        text = [prefix + row if row else blank for row in rows]
        last = line >= len(lines)
        if after or (line and lines[line - 1].strip(" \t>")):
            text.insert(0, blank)
        if not last and (not after or lines[line].strip(" \t>")):
            text.append(blank)
        joined = "".join(row + self.end for row in text)
        if last and lines and not self.chinese.text.endswith(("\n", "\r")):
            return Edit(line, 0, lines[-1], lines[-1] + self.end + joined.removesuffix(self.end))
        return Edit(line + 1, 0, "", joined)

    def _section(self, note: Note, line: int) -> int:
        """How many headings stand above a line."""
        return sum(heading.line < line for heading in note.headings)

    def _end_of(self, section: int) -> int:
        """Last line with text of the translation's section of that number, or of the whole note."""
        lines = self.chinese.scan.lines
        headings = self.chinese.headings
        end = headings[section].line - 1 if section < len(headings) else len(lines)
        while end > self.chinese.scan.front_end and not lines[end - 1].strip():
            end -= 1
        return end

    def _lines(self, first: int, last: int) -> str:
        return "".join(line + self.end for line in self.chinese.scan.lines[first - 1 : last])

    def _replace(self, first: int, last: int, rows: list[str]) -> Edit:
        old = self._lines(first, last)
        new = "".join(row + self.end for row in rows)
        if last == len(self.chinese.scan.lines) and not self.chinese.text.endswith(("\n", "\r")):
            old, new = old.removesuffix(self.end), new.removesuffix(self.end)
        return Edit(first, 0, old, new)


def _setups(block: Block) -> list[str]:
    rows = []
    for one in block.setups:
        rows += [_SETUP, *one.code.rstrip("\n").split("\n"), "-->"]
    return rows


def _bare(row: str, prefix: str) -> str:
    return row[len(prefix) :] if row.startswith(prefix) else row.lstrip(" \t>")


def _placed(prefix: str, rows: list[str]) -> list[str]:
    return [(prefix + row).rstrip() if not row.strip() else prefix + row for row in rows]
