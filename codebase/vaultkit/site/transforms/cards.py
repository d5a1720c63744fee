"""Self-check cards: a line `question::answer` becomes a folded block that shows the question first.

Only where cards are meant: below the heading of the self-check, or in a note with a deck's tag
(`#flashcards/…`). Elsewhere two colons are two colons. A line of nothing but decks goes.
"""

import re

from vaultkit.note import Note
from vaultkit.site.context import Context
from vaultkit.site.draft import Line

_CARD = re.compile(r"(?P<question>[^:]\S?.*?):::?(?!:)(?P<answer>.*\S)\s*$")
_DECK = re.compile(r"(?:#flashcards(?:/\S*)?\s*)+")
SELF_CHECK = frozenset({"self-check", "自测"})


def cards(lines: list[Line], context: Context) -> list[Line]:
    everywhere = any(tag.lower().split("/")[0] == "flashcards" for tag in context.note.tags)
    places = _self_check(context.note)
    result: list[Line] = []
    for line in lines:
        if line.kind == "text" and _DECK.fullmatch(line.content):
            continue
        meant = everywhere or any(start <= line.number < end for start, end in places)
        found = _CARD.match(line.content) if meant and line.kind == "text" and "::" in line.content else None
        if not found or line.content.startswith(("|", "#")) or "k-field" in line.content:
            result.append(line)
            continue
        quote = ">" * line.prefix.count(">")
        prefix = f"{quote} " if quote else ""
        result += [
            Line(line.number, "blank", quote, ""),
            Line(line.number, "text", f"{prefix}> ", f"[!card]- {found['question'].strip()}"),
            Line(line.number, "text", f"{prefix}> ", found["answer"].strip()),
            Line(line.number, "blank", quote, ""),
        ]
    return result


def _self_check(note: Note) -> list[tuple[int, int]]:
    """First line and the line after the last of each section for self-checks."""
    found = []
    for index, heading in enumerate(note.headings):
        if heading.text.strip().lower() in SELF_CHECK:
            later = (h.line for h in note.headings[index + 1 :] if h.level <= heading.level)
            found.append((heading.line, next(later, len(note.scan.lines) + 1)))
    return found
