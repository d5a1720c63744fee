"""Which notes their author keeps to himself: `publish: false` (as Obsidian Publish has it) or `draft: true`.

A private note has no page, and what the site makes of the others is made as if it were not there: its text,
its properties and title stand in no list, base, canvas, embed, graph, feed or index. A link to it is text.
"""

from dataclasses import replace
from typing import Any

from vaultkit.frontmatter import value_of
from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.resolve import resolve
from vaultkit.vault import Vault


def is_private(note: Note) -> bool:
    """True if the note's own properties keep it from being published."""
    return _says(value_of(note.properties, "publish"), False) or _says(
        value_of(note.properties, "draft"), True
    )


def _says(value: Any, answer: bool) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in (("true", "yes", "on") if answer else ("false", "no", "off"))
    return isinstance(value, (bool, int)) and bool(value) == answer


def public(vault: Vault) -> Vault:
    """The vault without its private notes, whose names are still taken; a translation goes with its note.

    A note whose properties cannot be read is kept back too if they speak of `publish` or `draft`, and so are
    the files that private notes alone link or show.
    """
    own = {path for path, note in vault.notes.items() if is_private(note) or _unread(note)}
    hidden = {path for path in vault.notes if path in own or canonical(path) in own}
    if not hidden:
        return vault
    notes = {path: note for path, note in vault.notes.items() if path not in hidden}
    theirs = _files(vault, hidden) - _files(vault, set(notes))
    hidden |= {path for path in theirs if path not in vault.notes}
    return replace(vault, notes=notes, files=vault.files - hidden, hidden=vault.hidden | hidden)


def _files(vault: Vault, notes: set[str]) -> set[str]:
    """What these notes link and show."""
    links = ((link.target, path) for path in notes for link in vault.notes[path].links)
    found = (resolve(vault, target, path).path for target, path in links)
    return {path for path in found if path}


def _unread(note: Note) -> bool:
    """True for front matter that is broken and might have said that the note is private."""
    if note.properties or not any(problem.code == "front-matter" for problem in note.problems):
        return False
    end = note.scan.front_end or min(len(note.scan.lines), 40)
    return any(_says_private(line) for line in note.scan.lines[:end])


def _says_private(line: str) -> bool:
    key, _, value = line.lower().partition(":")
    words = value.strip().strip("\"'")
    return (key.strip() == "publish" and _says(words, False)) or (
        key.strip() == "draft" and _says(words, True)
    )
