"""What belongs to a note of a Kvist vault: its properties, its Chinese pair, links by the English name."""

from collections.abc import Iterator

from vaultkit.errors import Problem
from vaultkit.links import Link
from vaultkit.note import Note
from vaultkit.pairs import canonical, is_zh, pair_of, translated
from vaultkit.resolve import resolve, shortest_link
from vaultkit.vault import Vault


def check_pairs(vault: Vault) -> Iterator[Problem]:
    bilingual = any(map(is_zh, vault.notes))
    for path, note in vault.notes.items():
        if not is_zh(path):
            yield from _properties(note)
            yield from _pair(vault, note) if bilingual else ()
        for link in note.links:
            if target := english_target(vault, note, link):
                message = f"{link.raw} names the Chinese file"
                name = f"[[{shortest_link(vault, target)}]]"
                hint = f"write {name}, which leads to the reader's language, or run check --fix"
                yield Problem(path, link.line, "link-language", message, hint)


def english_target(vault: Vault, note: Note, link: Link) -> str | None:
    """Path of the English note whose Chinese pair a link names; None for all other links, and for the one
    with which a note leads to its own pair.
    """
    path = resolve(vault, link.target, note.path).path if link.target else None
    if path is None or not is_zh(path) or canonical(path) == canonical(note.path):
        return None
    return canonical(path) if canonical(path) in vault.notes else None


def _properties(note: Note) -> Iterator[Problem]:
    """A warning: lists and bases find a note by its properties."""
    if not note.properties and all(problem.code != "front-matter" for problem in note.problems):
        hint = "begin with the properties of a note of its kind, see the templates"
        yield Problem(note.path, 0, "property-missing", "has no properties", hint, "warning")


def _pair(vault: Vault, note: Note) -> Iterator[Problem]:
    """A warning: a translation may come later."""
    if pair_of(vault, note.path) is None:
        message = f"has no Chinese pair: there is no {translated(note.path)}"
        hint = "write it; until then Chinese pages show the English text"
        yield Problem(note.path, 0, "no-chinese", message, hint, "warning")
