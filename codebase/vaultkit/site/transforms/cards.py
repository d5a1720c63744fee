"""Self-check cards: a line `question::answer` becomes a folded block that shows the question first.

A card that `vaultkit review` asks too carries its id, by which the browser keeps when it comes again.
In a note with a deck's tag also one over several lines: a question, a line `?`, an answer.

Only where cards are meant: below the heading of the self-check, or in a note with a deck's tag
(`#flashcards/…`). Elsewhere two colons are two colons. A line of nothing but decks goes.
"""

import re

from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.review.cards import DECKS, is_deck
from vaultkit.review.cards import cards as cards_of
from vaultkit.site.context import Context
from vaultkit.site.draft import Line

_CARD = re.compile(r"(?P<question>[^:]\S?.*?):::?(?!:)(?P<answer>.*\S)\s*$")
SELF_CHECK = frozenset({"self-check", "自测"})


def cards(lines: list[Line], context: Context) -> list[Line]:
    everywhere = any(map(is_deck, context.note.tags))
    places = _self_check(context.note)
    ids = _ids(context)
    result: list[Line] = []
    for line in _unfolded(lines, ids, context):
        if line.kind == "text" and DECKS.fullmatch(line.content):
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
            Line(
                line.number, "text", f"{prefix}> ", f"[!card]- {_mark(ids, line)}{found['question'].strip()}"
            ),
            Line(line.number, "text", f"{prefix}> ", found["answer"].strip()),
            Line(line.number, "blank", quote, ""),
        ]
    return result


def _ids(context: Context) -> dict[int, list[str]]:
    """The ids of the cards on each line of the note: two where a card is asked both ways."""
    found: dict[int, list[str]] = {}
    own = not context.embedded
    for card in cards_of(context.vault, context.note.lang, canonical(context.note.path)):
        if card.path == context.note.path:
            found.setdefault(card.line, []).extend([card.id] if own else [])
    return found


def _unfolded(lines: list[Line], ids: dict[int, list[str]], context: Context) -> list[Line]:
    """The lines; cards over several lines are callouts, from a blank line or a heading to a blank line."""
    result: list[Line] = []
    index = 0
    while index < len(lines):
        line, index = lines[index], index + 1
        long = line.number in ids and line.kind == "text" and line.text.strip() in ("?", "??")
        start = len(result)
        while long and start and result[start - 1].kind == "text" and _asks(result[start - 1]):
            start -= 1
        end = index
        while long and end < len(lines) and lines[end].kind != "blank":
            end += 1
        if start == len(result) or end == index:
            result.append(line)
            continue
        question = " ".join(part.content.strip() for part in result[start:])
        result[start:] = [
            Line(line.number, "blank", "", ""),
            Line(line.number, "text", "> ", f"[!card]- {_mark(ids, line)}{question}"),
            *(Line(part.number, part.kind, f"> {part.prefix}", part.content) for part in lines[index:end]),
            Line(line.number, "blank", "", ""),
        ]
        index = end
    return result


def _asks(line: Line) -> bool:
    return not line.prefix and not line.content.startswith(("#", "|", "<"))


def _mark(ids: dict[int, list[str]], line: Line) -> str:
    found = ids.get(line.number)
    return f'<span class="k-review-card" data-k-card="{" ".join(found)}"></span>' if found else ""


def _self_check(note: Note) -> list[tuple[int, int]]:
    """First line and the line after the last of each section for self-checks."""
    found = []
    for index, heading in enumerate(note.headings):
        if heading.text.strip().lower() in SELF_CHECK:
            later = (h.line for h in note.headings[index + 1 :] if h.level <= heading.level)
            found.append((heading.line, next(later, len(note.scan.lines) + 1)))
    return found
