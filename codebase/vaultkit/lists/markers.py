"""Text between markers that a program writes, in a note that is otherwise the author's.

`<!-- tracker: topics 1a2b3c4d -->` … `<!-- /tracker: topics -->`: everything between the two lines is written
anew; the number is a digest of what was written last, so that an edit by hand is seen and never overwritten.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from vaultkit.errors import Problem, VaultError
from vaultkit.note import Note

_OPEN = re.compile(r"<!-- tracker: (?P<name>[a-z-]+)(?: (?P<digest>[0-9a-f]{8}))? -->")
_TARGET = re.compile(r"\[\[[^\]|\\#]+")
_CLOSE = re.compile(r"<!-- /tracker: (?P<name>[a-z-]+) -->")


class Part(NamedTuple):
    """One generated part of a note; lines are 1-based, `last` is the line of the closing marker."""

    name: str
    first: int
    last: int
    digest: str
    text: str

    @property
    def edited(self) -> bool:
        """True if what stands between the markers is not what was last written there."""
        return bool(self.text.strip()) and self.digest != digest(self.text)


def digest(text: str) -> str:
    """What an edit by hand changes. Where a link leads is left out: a rename of notes is no such edit."""
    text = _TARGET.sub("[[", text)
    return hashlib.sha256("\n".join(text.split("\n")).strip().encode()).hexdigest()[:8]


def parts(note: Note) -> Iterator[Part]:
    """The generated parts of a note in order. Raises VaultError for markers that do not match."""
    opened: tuple[re.Match[str], int] | None = None
    for comment in note.scan.comments:
        line = note.scan.lines[comment.line - 1].strip()
        start, end = _OPEN.fullmatch(line), _CLOSE.fullmatch(line)
        if start and opened:
            raise _wrong(note, comment.line, f"`{line}` inside the part that opens on line {opened[1]}")
        if start:
            opened = start, comment.line
        elif end and not (opened and opened[0]["name"] == end["name"]):
            raise _wrong(note, comment.line, f"`{line}` closes a part that is not open")
        elif end and opened:
            first = opened[1]
            text = "\n".join(note.scan.lines[first : comment.line - 1])
            yield Part(end["name"], first, comment.line, opened[0]["digest"] or "", text)
            opened = None
    if opened:
        raise _wrong(note, opened[1], f"`<!-- /tracker: {opened[0]['name']} -->` is missing")


def rewrite(note: Note, make: Callable[[str], str | None]) -> str:
    """The note's text with each part written anew by `make(name)`; every other byte stays.

    Raises VaultError if a part was edited by hand, or if `make` does not know its name (returns None).
    """
    ends = _line_starts(note.text)
    newline = "\r\n" if "\r\n" in note.text else "\n"
    problems, pieces, position = [], [], 0
    for part in parts(note):
        made = make(part.name)
        if made is None:
            problems.append(Problem(note.path, part.first, "tracker", f"there is no part `{part.name}`"))
        elif part.edited:
            message = f"part `{part.name}` was edited by hand; nothing was written"
            hint = f"move your words outside the markers (line {part.last}), then run it again"
            problems.append(Problem(note.path, part.first, "tracker", message, hint))
        else:
            opening = f"<!-- tracker: {part.name} {digest(made)} -->"
            pieces += [note.text[position : ends[part.first - 1]], opening, newline]
            pieces += [f"\n{made.strip()}\n".replace("\n", newline), newline]
            position = ends[part.last - 1]
    if problems:
        raise VaultError(problems)
    return "".join([*pieces, note.text[position:]])


def _line_starts(text: str) -> list[int]:
    return [0, *(end.end() for end in re.finditer(r"\r\n|\n|\r", text))]


def _wrong(note: Note, line: int, message: str) -> VaultError:
    return VaultError(
        Problem(note.path, line, "tracker", message, "markers stand in pairs, each on its own line")
    )
