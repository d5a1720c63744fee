"""Carry a note's blocks over to its translation: code, output, control comments, and blocks that it lacks.

Every edit is a whole piece between a control comment and the end of an output fence, or a new such piece
between blank lines. Prose is never touched; blocks that only the translation has stay.
"""

from collections.abc import Iterator

from vaultkit.check.align import Pair, aligned, same_code
from vaultkit.check.insertion import Side, place_of
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
    edits = [edit for place, pair in enumerate(pairs) for edit in carrier.edits(place, *pair)]
    return [*edits, *carrier.inserted()]


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
        self.sides = (
            Side(english, [ours for ours, _ in pairs if ours is not None]),
            Side(chinese, [theirs for _, theirs in pairs if theirs is not None]),
        )
        self.new: dict[int, list[tuple[str, list[str], str]]] = {}
        self.end = "\r\n" if "\r\n" in chinese.text else "\n"

    def edits(self, place: int, ours: Block | None, theirs: Block | None) -> Iterator[Edit]:
        if ours is not None and theirs is not None:
            where = f"{self.english.path}:{ours.line}"
            if words(ours) != words(theirs) or not same_code(setup(ours), setup(theirs)):
                yield from self._head(ours, theirs, where)
            if not same_code(ours.fence.code, theirs.fence.code):
                last = theirs.output.end_line if theirs.output else theirs.fence.end_line
                prefix = theirs.fence.prefix
                opening = self.chinese.scan.lines[theirs.line - 1]
                rows = [opening, *_placed(prefix, self._body(ours)[1:])]
                yield self._replace(theirs.line, last, rows, f"code: as {where}")
        elif ours is not None:
            self._insert(place, ours)

    def _head(self, ours: Block, theirs: Block, where: str) -> Iterator[Edit]:
        """New control comments above the fence; set-up that stands elsewhere goes."""
        scan, prefix = self.chinese.scan, theirs.fence.prefix
        ranges = {c.line: c for c in scan.comments}
        for one in theirs.setups:
            if one.line < theirs.head:
                yield Edit(one.line, 0, self._lines(one.line, ranges[one.line].end_line), "")
        plain = self._plain(self.chinese if words(ours) == words(theirs) else self.english,
                            theirs if words(ours) == words(theirs) else ours)  # fmt: skip
        rows = _placed(prefix, [*_setups(ours), *plain])
        yield self._replace(theirs.head, theirs.line - 1, rows, f"set-up and control: as {where}")

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

    def _insert(self, place: int, ours: Block) -> None:
        """Keep the whole block for its place."""
        rows = [*_setups(ours), *self._plain(self.english, ours), *self._body(ours)]
        line, prefix = place_of(*self.sides, self.pairs, place)
        words = f"new block: as {self.english.path}:{ours.line}"
        self.new.setdefault(line, []).append((prefix, rows, words))

    def inserted(self) -> Iterator[Edit]:
        """The edits that put in the blocks that are kept, in order, each between blank lines."""
        lines = self.chinese.scan.lines
        for line, blocks in self.new.items():
            text: list[str] = []
            notes = []
            if line and lines[line - 1].strip(" \t>"):
                text.append(blocks[0][0].rstrip())
            for number, (prefix, rows, words) in enumerate(blocks):
                text += [prefix.rstrip()] if number else []
                notes.append((len(text), words))
                text += [prefix + row if row else prefix.rstrip() for row in rows]
            last = line >= len(lines)
            if not last and lines[line].strip(" \t>"):
                text.append(blocks[-1][0].rstrip())
            joined = "".join(row + self.end for row in text)
            if last and lines and not self.chinese.text.endswith(("\n", "\r")):
                shifted = tuple((row + 1, words) for row, words in notes)
                new = lines[-1] + self.end + joined.removesuffix(self.end)
                yield Edit(line, 0, lines[-1], new, shifted)
            else:
                yield Edit(line + 1, 0, "", joined, tuple(notes))

    def _lines(self, first: int, last: int) -> str:
        return "".join(line + self.end for line in self.chinese.scan.lines[first - 1 : last])

    def _replace(self, first: int, last: int, rows: list[str], words: str) -> Edit:
        old = self._lines(first, last)
        new = "".join(row + self.end for row in rows)
        if last == len(self.chinese.scan.lines) and not self.chinese.text.endswith(("\n", "\r")):
            old, new = old.removesuffix(self.end), new.removesuffix(self.end)
        return Edit(first, 0, old, new, ((0, words),))


def _setups(block: Block) -> list[str]:
    rows = []
    for one in block.setups:
        rows += [_SETUP, *one.code.rstrip("\n").split("\n"), "-->"]
    return rows


def _bare(row: str, prefix: str) -> str:
    return row[len(prefix) :] if row.startswith(prefix) else row.lstrip(" \t>")


def _placed(prefix: str, rows: list[str]) -> list[str]:
    return [(prefix + row).rstrip() if not row.strip() else prefix + row for row in rows]
