"""The links of one text, rewritten for files that move."""

import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from vaultkit import frontmatter
from vaultkit.lines import Scan
from vaultkit.links import Link
from vaultkit.note import Note
from vaultkit.rename.style import new_linkpath
from vaultkit.rename.titles import Title, new_subpath
from vaultkit.resolve import resolve
from vaultkit.rewrite import encoded, quoted, rewritten
from vaultkit.vault import Vault

_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass
class Renaming:
    """A rename as links see it: the vault before, its file names after, and what moves where."""

    before: Vault
    after: Vault
    moves: dict[str, str]
    style: str
    captured: list[tuple[str, Link, str]] = field(default_factory=list)  # unresolved, now leading somewhere
    titles: dict[str, list[Title]] = field(default_factory=dict)  # what is changed in moved notes besides

    def moved(self, path: str) -> str:
        return self.moves.get(path, path)

    def rewrite(self, link: Link, source: str) -> str:
        """The link's new text; the same text if it leads where it led."""
        raw = self._rewrite(link, source) if link.target else link.raw
        path = resolve(self.before, link.target, source).path if link.target else source
        for title in self.titles.get(path or "", ()) if link.subpath else ():
            if found := new_subpath(self.before.notes[path or ""], title, link.subpath):
                old, new = found
                for was, now in ((old, new), (encoded(old), encoded(new))):
                    if f"#{was}" in raw:
                        return raw.replace(f"#{was}", f"#{now if link.is_wikilink else encoded(new)}", 1)
        return raw

    def _rewrite(self, link: Link, source: str) -> str:
        was = resolve(self.before, link.target, source)
        now = resolve(self.after, link.target, self.moved(source))
        if was.path is None:
            if link.target.startswith(("./", "../")):  # names a place beside its note: the same one after
                return rewritten(link, self._same_place(link.target, source))
            if now.path is not None:
                self.captured.append((source, link, now.path))
            return link.raw
        target = self.moved(was.path)
        if was.path not in self.moves and now.path == target and now.ambiguous <= was.ambiguous:
            return link.raw
        places = (source, self.moved(source))
        path = new_linkpath(self.after, link, was.path, places, target, self.style)
        return link.raw if path == link.target else rewritten(link, path)

    def _same_place(self, target: str, source: str) -> str:
        """The dotted path to where `target` points from `source`, from where `source` will be."""
        old, new = posixpath.dirname(source), posixpath.dirname(self.moved(source))
        place = posixpath.normpath(posixpath.join(old, target))
        if old == new:
            return target
        if place.startswith(".."):  # out of the vault
            return "../" * len(new.split("/") if new else ()) + place
        path = posixpath.relpath(place, new or ".")
        return path if path.startswith("../") else f"./{path}"


def rewrite_note(note: Note, renaming: Renaming) -> str:
    """The note's text (without a byte order mark) with its links rewritten; every other character stays."""
    edits = sorted(_edits(note, renaming), reverse=True)
    text = note.text
    for start, end, new in edits:
        text = text[:start] + new + text[end:]
    return text


def _edits(note: Note, renaming: Renaming) -> Iterator[tuple[int, int, str]]:
    """(start, end, new text) of each change, as offsets into the note's text."""
    starts: list[int] = []
    for title in renaming.titles.get(note.path, ()):
        starts = starts or _line_starts(note.text)
        at = starts[title.line - 1]
        yield at + title.column, at + title.end, title.new
    for link in note.links:
        new = renaming.rewrite(link, note.path)
        if new == link.raw:
            continue
        starts = starts or _line_starts(note.text)
        if link.kind == "frontmatter":
            yield _property_edit(note.scan, link, new, starts)
        else:
            yield _changed_part(note.text, starts[link.line - 1] + link.column, link.raw, new)


def _line_starts(text: str) -> list[int]:
    """Offset of each line; of the first, behind a byte order mark, where columns are counted from."""
    return [int(text.startswith("\ufeff")), *(end.end() for end in _LINE_END.finditer(text))]


def _changed_part(text: str, at: int, raw: str, new: str) -> tuple[int, int, str]:
    """The edit without what both have in common at their ends, so that line breaks in a link's text stay."""
    if text.startswith(raw, at) and "\n" not in raw:
        return at, at + len(raw), new
    tail = 0
    while tail < min(len(raw), len(new)) and raw[-1 - tail] == new[-1 - tail]:
        tail += 1
    head = 0
    while head < min(len(raw), len(new)) - tail and raw[head] == new[head]:
        head += 1
    place = at  # offsets of `raw` in the text, where a line may end in two characters
    for char in raw[:head]:
        place += 2 if char == "\n" and text.startswith("\r\n", place) else 1
    return place, place + len(raw) - head - tail, new[head : len(new) - tail]


def _property_edit(scan: Scan, link: Link, new: str, starts: list[int]) -> tuple[int, int, str]:
    line = scan.lines[link.line - 1]
    if line.startswith(link.raw, link.column):
        at = starts[link.line - 1] + link.column
        return at, at + len(link.raw), quoted(line, link, new)
    text = next(
        text
        for text in frontmatter.read("", scan).texts
        if (text.line, text.column, text.key) == (link.line, link.column, link.key)
    )  # YAML escapes something in it: write the whole text anew
    end = starts[text.end_line - 1] + text.end_column
    single = line[text.column : text.column + 1] == "'"
    value = "'" + new.replace("'", "''") + "'" if single else json.dumps(new, ensure_ascii=False)
    return starts[text.line - 1] + text.column, end, value
