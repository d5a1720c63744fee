"""Where a note that is renamed says its old name itself: its first heading, and its property `title`."""

import json
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from vaultkit.labs.notebook import is_notebook
from vaultkit.lines import Scan
from vaultkit.note import Note, parse_note
from vaultkit.outline import strip_heading
from vaultkit.skeleton import quoted
from vaultkit.subpath import resolve_subpath
from vaultkit.vault import Vault


class Title(NamedTuple):
    """A name in a line of a note, from `column` to `end`; `new` would stand there, and say `name`."""

    line: int
    column: int
    end: int
    new: str
    name: str
    is_heading: bool


def titles(vault: Vault, moves: dict[str, str]) -> dict[str, list[Title]]:
    """What says the old name in the notes that get another one, by their paths as they are."""
    found = {}
    for path, target in moves.items():
        note = vault.notes.get(path)
        if note is None or is_notebook(path):
            continue
        name = parse_note(target, "").stem
        if name != note.stem and (said := list(_titles(note, name))):
            found[path] = said
    return found


def _titles(note: Note, name: str) -> Iterator[Title]:
    for text in note.texts:
        if text.key == "title" and _same(text.value, note.stem) and text.line == text.end_line:
            new = _value(note.scan, text.line, text.column, name)
            yield Title(text.line, text.column, text.end_column, new, name, False)
    first = next((heading for heading in note.headings if heading.level == 1), None)
    if first and _same(first.text, note.stem):
        column = note.scan.lines[first.line - 1].find(first.text)
        if column >= 0:
            yield Title(first.line, column, column + len(first.text), name, name, True)


def _same(text: str, name: str) -> bool:
    return unicodedata.normalize("NFC", text.strip()) == unicodedata.normalize("NFC", name)


def _value(scan: Scan, line: int, column: int, name: str) -> str:
    """The name as a YAML text in the quotes that the old one has."""
    mark = scan.lines[line - 1][column : column + 1]
    if mark == "'":
        return "'" + name.replace("'", "''") + "'"
    return json.dumps(name, ensure_ascii=False) if mark == '"' else quoted(name)


def new_subpath(note: Note, title: Title, subpath: str) -> tuple[str, str] | None:
    """(part of the subpath, what it becomes) if that part names the heading that changes."""
    part = subpath.split("#")[0]
    found = resolve_subpath(note, part) if strip_heading(part) else None
    if not title.is_heading or found is None or isinstance(found, int) or found.line != title.line:
        return None
    return part, title.name
