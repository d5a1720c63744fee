"""The cards of a note, as Obsidian's Spaced Repetition plug-in reads them.

A note with a tag `#flashcards` (or below it) holds cards: `question::answer` on a line, `a:::b` asked both
ways, and over several lines a question, a line `?` (or `??`, both ways) and an answer. Cloze cards are not
read. A Chinese note has the cards of its English pair, in Chinese.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

from vaultkit import frontmatter
from vaultkit.lists.fields import find_fields
from vaultkit.note import Note
from vaultkit.pairs import canonical, pair_of
from vaultkit.tags import inline_tags, property_tags, unique
from vaultkit.vault import Vault

_SEPARATOR = re.compile(r"(?<!:):::?(?!:)")
DECKS = re.compile(r"(?:#flashcards(?:/\S*)?\s*)+", re.IGNORECASE)  # a line of nothing but decks
_LEAD = re.compile(r"\s*(?:>\s?|[-*+]\s+|\d+[.)]\s+)*")


class Text(NamedTuple):
    """A card as it stands in one note; `line` is 1-based."""

    line: int
    question: str
    answer: str


class Card(NamedTuple):
    """A card of the vault, in the words of one language.

    `id` is that of the English words, so that both languages are one card; it changes when the English
    question does, for then it is another question.
    """

    id: str
    path: str
    line: int
    question: str
    answer: str


def cards(vault: Vault, language: str = "en", path: str = "") -> list[Card]:
    """Every card of the vault (or of the note at canonical `path`), by note and line.

    In Chinese where the note's pair has as many cards, otherwise in English.
    """
    found = []
    for name in [canonical(path)] if path else sorted(vault.notes):
        note = vault.notes.get(name)
        if note is None or note.lang != "en":
            continue
        if not _is_deck(note):
            continue
        english = texts = list(_read(note))
        other = pair_of(vault, name) if language == "zh" else None
        shown = note
        if other and len(translated := list(_read(vault.notes[other]))) == len(english):
            shown, texts = vault.notes[other], translated
        for text, words in zip(english, texts, strict=True):
            found.append(Card(_id(name, text.question), shown.path, *words))
    return found


def _is_deck(note: Note) -> bool:
    return any(map(is_deck, note.tags))


def is_deck(tag: str) -> bool:
    """True of a tag that names a deck: `flashcards`, `Flashcards/Inference`."""
    return tag.lower().split("/")[0] == "flashcards"


def topics(note: Note) -> list[str]:
    """The tags of a note without those that only lines of nothing but decks name: those are for the plug-in,
    and no page shows them.
    """
    if not _is_deck(note):
        return note.tags
    listed = property_tags(frontmatter.value_of(note.properties, "tags"))
    return unique(listed + inline_tags(note.scan, without=DECKS))


def _read(note: Note) -> Iterator[Text]:
    lines = note.scan.lines
    for number in note.scan.text_lines():
        line = lines[number - 1]
        if "::" not in line and "?" not in line:
            continue
        visible = find_fields(note.scan.visible(number))[1]
        lead = _LEAD.match(line)
        start = lead.end() if lead else 0
        mark = _SEPARATOR.search(visible, start)
        if mark and not line[start:].startswith(("|", "#")):
            sides = line[start : mark.start()].strip(), _words(note, number, mark.end())
            yield from _sides(number, *sides, both=len(mark.group()) == 3)
        elif visible.strip() in ("?", "??"):
            question, answer = _above(note, number), _below(note, number)
            yield from _sides(number, question, answer, both=visible.strip() == "??")


def _sides(line: int, question: str, answer: str, *, both: bool) -> Iterator[Text]:
    if question and answer:
        yield Text(line, question, answer)
        if both:
            yield Text(line, answer, question)


def _words(note: Note, number: int, start: int) -> str:
    """The rest of a line without its comments, as the plug-in keeps its schedule in one."""
    line = note.scan.lines[number - 1]
    for comment in sorted(note.scan.comments, key=lambda comment: -comment.column):
        if comment.line == comment.end_line == number and comment.column >= start:
            line = line[: comment.column] + line[comment.end_column :]
    return line[start:].strip()


def _above(note: Note, number: int) -> str:
    first = number - 1
    while first > note.scan.front_end and note.scan.lines[first - 1].strip():
        first -= 1
    return "\n".join(note.scan.lines[first : number - 1]).strip()


def _below(note: Note, number: int) -> str:
    last = number
    while last < len(note.scan.lines) and note.scan.lines[last].strip():
        last += 1
    kept = [_words(note, line, 0) for line in range(number + 1, last + 1)]
    return "\n".join(line for line in kept if line)


def _id(path: str, question: str) -> str:
    return hashlib.sha256(f"{path}\n{' '.join(question.split())}".encode()).hexdigest()[:12]
