"""Reading lists: items that can be read, no item twice, and a Chinese list that mirrors the English one."""

from collections.abc import Iterator
from itertools import zip_longest

from vaultkit.errors import Problem
from vaultkit.lists.items import Item, is_list, read_items
from vaultkit.note import Note
from vaultkit.pairs import pair_of
from vaultkit.vault import Vault


def check_lists(vault: Vault) -> Iterator[Problem]:
    for note in vault.notes.values():
        if not is_list(note) or note.lang == "zh":
            continue
        items, problems = read_items(note)
        yield from problems
        yield from _twice(note, items)
        other = pair_of(vault, note.path)
        if other:
            yield from _mirror(note, items, vault.notes[other])


def ticks_to_copy(english: Note, chinese: Note) -> list[tuple[Item, Item]]:
    """(English, Chinese) items whose ticks differ, where both lists hold the same addresses in the
    same order.
    """
    ours, theirs = read_items(english)[0], read_items(chinese)[0]
    if [_same(item) for item in ours] != [_same(item) for item in theirs]:
        return []
    return [(a, b) for a, b in zip(ours, theirs, strict=True) if a.mark != b.mark]


def _twice(note: Note, items: list[Item]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for item in items:
        line = first.setdefault(item.identity, item.line)
        if line != item.line:
            message = f"the same item as on line {line}"
            yield Problem(note.path, item.line, "list-item", message, "delete one of the two items")


def _mirror(english: Note, items: list[Item], chinese: Note) -> Iterator[Problem]:
    mirrored, problems = read_items(chinese)
    yield from problems
    for a, b in zip_longest(items, mirrored):
        if a is None or b is None:
            message = f"{len(mirrored)} items, but {len(items)} in {english.path}"
            yield Problem(chinese.path, b.line if b else 0, "parity-list", message, "same items, same order")
            return
        if _same(a) != _same(b):
            message = f"another {'address' if a.url else 'note'} than {english.path}:{a.line}"
            yield Problem(chinese.path, b.line, "parity-list", message, f"write {a.url or f'[[{a.note}]]'}")
            return
        where = f"{english.path}:{a.line}"
        if _fields(a) != _fields(b):
            message = f"priority, minutes, notes or `after` differ from {where}"
            yield Problem(chinese.path, b.line, "parity-list", message, "copy the fields")
        if a.mark != b.mark:
            hint = "ticks are kept in the English list; run check --fix to copy them here"
            yield Problem(chinese.path, b.line, "parity-tick", f"tick differs from {where}", hint)


def _fields(item: Item) -> tuple[object, ...]:
    """What a Chinese item has in common with its English one: both link notes by their English names."""
    feeds, after = ([name.lower() for name in names] for names in (item.feeds, item.after))
    return item.priority, item.minutes, item.hours, feeds, after


def _same(item: Item) -> tuple[str, str]:
    return item.url, item.note.lower()
