"""What to read next, and how far a reading list has come."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from vaultkit.called import path_called
from vaultkit.errors import CallError, Problem
from vaultkit.lists.items import Item, is_list, read_items
from vaultkit.lists.prerequisites import prerequisites
from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.resolve import resolve
from vaultkit.vault import Vault


class Entry(NamedTuple):
    """An item in its list; `feeds` and `after` are canonical paths of notes, unknown ones left out."""

    path: str
    item: Item
    feeds: frozenset[str]
    after: tuple[str, ...]


class Choice(NamedTuple):
    """An open item, the notes that it still waits for (empty: it can be read now), and why it stands here."""

    entry: Entry
    waits_for: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Progress:
    path: str
    title: str
    done: int
    total: int
    minutes_left: int
    minutes_total: int

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def reading_lists(vault: Vault, name: str = "") -> list[Note]:
    """All reading lists in order of name, or the one called `name`. Raises CallError if it is none."""
    lists = [note for _, note in sorted(vault.notes.items()) if is_list(note) and note.lang == "en"]
    if not name:
        return lists
    path = path_called(vault, name)
    chosen = [note for note in lists if note.path == canonical(path)]
    if not chosen:
        hint = "lists here: " + (", ".join(note.stem for note in lists) or "none")
        raise CallError(Problem(name, 0, "no-list", "is not a reading list of this vault", hint))
    return chosen


def progress(note: Note) -> Progress:
    items = read_items(note)[0]
    return Progress(
        path=note.path,
        title=note.stem,
        done=sum(item.done for item in items),
        total=len(items),
        minutes_left=sum(item.minutes or 0 for item in items if not item.done),
        minutes_total=sum(item.minutes or 0 for item in items),
    )


def next_items(vault: Vault, lists: Iterable[Note]) -> list[Choice]:
    """Open items of `lists`: those that can be read now first, by priority, then by least time, then as
    listed.

    An item waits for the note in its `[after:: [[Note]]]` until that note is known. A note is known when its
    `mastery` is above `none`, when an item that feeds it is ticked in any list, or when no other item of any
    list feeds it, as then no list can teach it.
    """
    everything = _entries(vault, reading_lists(vault))
    wanted = {note.path for note in lists}
    choices = []
    for entry in everything:
        if entry.path in wanted and not entry.item.done:
            waits_for = tuple(note for note in entry.after if not _is_known(vault, note, entry, everything))
            choices.append(Choice(entry, waits_for, _why(vault, entry, waits_for)))
    return sorted(
        choices, key=lambda choice: (bool(choice.waits_for), choice.entry.item.rank, _minutes(choice))
    )


def _entries(vault: Vault, lists: Iterable[Note]) -> list[Entry]:
    found = []
    for note in lists:
        for item in read_items(note)[0]:
            feeds = frozenset(_paths(vault, note, item.feeds))
            after = [*_paths(vault, note, item.after), *_builds_on(vault, note, item)]
            found.append(Entry(note.path, item, feeds, tuple(dict.fromkeys(after))))
    return found


def _builds_on(vault: Vault, note: Note, item: Item) -> list[str]:
    """An item that is a note waits for that note's own prerequisites too."""
    path = resolve(vault, item.note, note.path).path if item.note else None
    return prerequisites(vault, path) if path else []


def _paths(vault: Vault, note: Note, targets: Iterable[str]) -> list[str]:
    paths = [resolve(vault, target, note.path).path for target in targets]
    return [canonical(path) for path in paths if path is not None]


def _is_known(vault: Vault, path: str, asking: Entry, everything: list[Entry]) -> bool:
    note = vault.notes.get(path)
    if note and note.properties.get("mastery") not in (None, "none"):
        return True
    teachers = [entry for entry in everything if path in entry.feeds and entry is not asking]
    return not teachers or any(entry.item.done for entry in teachers)


def _minutes(choice: Choice) -> int:
    minutes = choice.entry.item.minutes
    return 10_000 if minutes is None else minutes


def _why(vault: Vault, entry: Entry, waits_for: tuple[str, ...]) -> str:
    item = entry.item
    reasons = [f"priority {item.priority}" if item.priority else "no priority"]
    reasons.append(f"{item.minutes} minutes" if item.minutes is not None else "time not given")
    if waits_for:
        reasons.append("waits for " + ", ".join(_name(vault, path) for path in waits_for))
    elif entry.after:
        reasons.append("builds on " + ", ".join(_name(vault, path) for path in entry.after))
    else:
        reasons.append("needs nothing before it")
    return "; ".join(reasons)


def _name(vault: Vault, path: str) -> str:
    return vault.notes[path].stem if path in vault.notes else path
