"""The study log: one note a day in `sessions/`, whose lines say what was done and for how long.

A line `- [[KV cache]] wrote the rollback test [minutes:: 45]` counts 45 minutes for the notes it links. Lines
under the heading *Struggles* are what was hard; their minutes count in the same way, and so do those of lines
under any other heading. `[hours:: 1.5]` is as good as `[minutes:: 90]`, and `1.2 RoPE` as good as a link.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from vaultkit import wikilink
from vaultkit.errors import Problem
from vaultkit.lists.fields import find_fields, is_day, value_of
from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.resolve import resolve
from vaultkit.vault import Vault

HEADINGS: dict[str, tuple[str, ...]] = {  # what a section is for, by its heading in lower case
    "what": ("what i did", "what", "做了什么"),
    "struggles": ("struggles", "struggle points", "难点"),
    "insights": ("insights", "收获"),
    "questions": ("questions", "疑问"),
}
_ENTRY = re.compile(r"\s*(?:[-*+]|\d+[.)])[ \t]+(?:\[.\][ \t]+)?(?P<body>.*)$")
_NUMBER = re.compile(r"\d{1,4}(\.\d+)?")
FOLDER = "sessions/"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a session: `notes` are canonical paths, `minutes` 0 when the line does not say."""

    path: str
    line: int
    day: date
    section: str
    text: str
    notes: tuple[str, ...]
    minutes: float


def is_session(note: Note) -> bool:
    return note.properties.get("kind") == "session"


def sessions(vault: Vault) -> list[Note]:
    """All notes with `kind: session`, by day."""
    return sorted(
        (n for n in vault.notes.values() if is_session(n)), key=lambda note: (_day_text(note), note.path)
    )


def read_sessions(vault: Vault) -> tuple[list[Entry], list[Problem]]:
    """Every line of every session, by day, and what is wrong with them."""
    entries: list[Entry] = []
    problems: list[Problem] = []
    for note in sessions(vault):
        text = _day_text(note)
        if not is_day(text):
            message = f"session has no day: `date` is `{text}`" if text else "session has no day"
            hint = "name the file 2026-11-22.md or set `date`"
            problems.append(Problem(note.path, 1, "session", message, hint, "warning"))
            continue
        entries += _entries(vault, note, date.fromisoformat(text), problems)
    for path, note in sorted(vault.notes.items()):
        if path.startswith(FOLDER) and not is_session(note):
            hint = "write kind: session in its properties; vaultkit new session does"
            message = "stands among the sessions, but is none: it is not counted"
            problems.append(Problem(path, 1, "session", message, hint, "warning"))
    return entries, problems


def _day_text(note: Note) -> str:
    """The property `date`, else the day at the start of the file's name."""
    value = note.properties.get("date")
    if value is not None:
        return value.isoformat()[:10] if isinstance(value, date) else str(value)
    found = re.match(r"\d{4}-\d\d-\d\d", note.stem)
    return found.group() if found else ""


def _entries(vault: Vault, note: Note, day: date, problems: list[Problem]) -> Iterator[Entry]:
    section = ""
    headings = {heading.line: heading.text.strip().lower() for heading in note.headings}
    for number in note.scan.text_lines():
        if number in headings:
            section = next((key for key, names in HEADINGS.items() if headings[number] in names), "")
            continue
        found = _ENTRY.match(note.scan.lines[number - 1])
        if not found:
            continue
        fields, rest = find_fields(note.scan.visible(number)[found.start("body") :])
        minutes = 0.0
        for key, factor in (("minutes", 1), ("hours", 60)):
            value = value_of(fields, key)
            if value and not _NUMBER.fullmatch(value):
                message = f"{key} `{value}` is not a number"
                problems.append(Problem(note.path, number, "session", message, "", "warning"))
            elif value:
                minutes += float(value) * factor
        if not section and not minutes:
            continue
        targets = [resolve(vault, link.text.target, note.path).path for link in wikilink.find(rest)]
        paths = tuple(dict.fromkeys(canonical(path) for path in targets if path))
        text = " ".join(rest.split())
        if text:
            yield Entry(note.path, number, day, section or "what", text, paths, minutes)
