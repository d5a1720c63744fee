"""Tick an item of a reading list: one character of one line changes, in both languages, and nothing else."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from vaultkit.edit import Edit, edit_file
from vaultkit.errors import CallError, Problem, VaultError
from vaultkit.lists.items import Item, Task, read_items, short_id, todos
from vaultkit.lists.milestones import KINDS, identities, milestones
from vaultkit.lists.reading import reading_lists
from vaultkit.note import Note
from vaultkit.pairs import pair_of
from vaultkit.vault import Vault


class Tickable(NamedTuple):
    """A line that can be ticked: where its mark is, the names it answers to, what it stands for."""

    note: Note
    line: int
    column: int
    mark: str
    title: str
    names: tuple[str, ...]
    identities: tuple[str, ...]
    minutes: int | None


class Tick(NamedTuple):
    """What was done with one line; `changed` is False if it was so already."""

    path: str
    line: int
    title: str
    minutes: int | None
    changed: bool


def tick(vault: Vault, words: str, list_name: str = "", *, done: bool = True) -> list[Tick]:
    """Tick (or clear) the item that `words` name, in every list that holds it. Raises VaultError unless it is
    one: nothing fits, several do, or a file changed meanwhile.

    `words` are an item's title in either language, its address, the name of the note to read, or a part of
    the title, such as its number.
    """
    return _tick_all(vault, _chosen(vault, words, list_name), done=done)


def tick_ids(vault: Vault, kept: Mapping[str, bool]) -> list[Tick]:
    """Tick every item and milestone that is ticked in `kept`, by `short_id` as the site keeps them."""
    found = [place for note in reading_lists(vault) for place in _places(vault, note)]
    for _, note in sorted(vault.notes.items()):
        if note.lang == "en" and note.properties.get("kind") in KINDS:
            found += _milestones(note)
    places = []
    for place in found:
        names = [short_id(identity) for identity in place.identities]
        if next((kept[name] for name in names if name in kept), False):
            places.append(place)
    return _tick_all(vault, places, done=True)


def _tick_all(vault: Vault, places: list[Tickable], *, done: bool) -> list[Tick]:
    """All marks of a file are set in one write."""
    ticks: list[Tick] = []
    edits: dict[str, set[Edit]] = defaultdict(set)
    for place in places:
        changed = done != (place.mark != " ")
        for path, line, column, mark in [
            (place.note.path, place.line, place.column, place.mark),
            *_mirrors(vault, place),
        ]:
            if done != (mark != " "):
                edits[path].add(Edit(line, column, mark, "x" if done else " "))
        ticks.append(Tick(place.note.path, place.line, place.title, place.minutes, changed))
    for path, marks in edits.items():
        _set(vault, path, sorted(marks))
    return ticks


def _chosen(vault: Vault, words: str, list_name: str) -> list[Tickable]:
    everything = [place for note in reading_lists(vault, list_name) for place in _places(vault, note)]
    wanted = " ".join(words.split()).casefold()
    if not wanted:
        raise CallError(
            Problem("", 0, "no-item", "no item named", 'name one: vaultkit done "KV caching explained"')
        )
    exact = [place for place in everything if wanted in {name.casefold() for name in place.names}]
    exact = exact or [p for p in everything if any(n.casefold().startswith(f"{wanted} ") for n in p.names)]
    found = exact or [p for p in everything if any(wanted in n.casefold() for n in p.names if "://" not in n)]
    if not found:
        titles = [place.title for place in everything]
        near = get_close_matches(words, titles, 3, 0.4)
        hint = (
            f"did you mean {' or '.join(f'`{name}`' for name in near)}?"
            if near
            else "vaultkit next lists open items"
        )
        raise CallError(Problem(words, 0, "no-item", "is in no reading list", hint))
    if len({place.identities[0] for place in found}) > 1:
        raise VaultError([_unclear(words, place, found) for place in found])
    return [place for place in everything if place.identities[0] == found[0].identities[0]]


def _unclear(words: str, place: Tickable, found: list[Tickable]) -> Problem:
    """Of several that `words` may mean, one; two with the same title are told apart by all that they say."""
    alike = [other for other in found if other.title == place.title]
    name, hint = place.title, "give the whole title"
    if len({other.identities[0] for other in alike}) > 1:
        name, hint = place.names[-1], "give the whole line"
    return Problem(place.note.path, place.line, "which-item", f"`{words}` may mean {name}", hint)


def _places(vault: Vault, note: Note) -> Iterator[Tickable]:
    other = pair_of(vault, note.path)
    chinese = _titles(vault.notes[other]) if other else {}
    for nth, item in enumerate(read_items(note)[0]):
        words = (item.title, item.url, item.note, chinese.get(("item", nth), ""), item.words)
        yield _tickable(note, item, item.title, words, item.identities, item.minutes)
    named = identities(note)
    for nth, task in enumerate(todos(note)):
        names = (task.text, chinese.get(("todo", nth), ""))
        identity = named.get(task.line, f"{note.path}:{task.line}")
        yield _tickable(note, task, task.text, names, (identity,), None)


def _milestones(note: Note) -> Iterator[Tickable]:
    named = identities(note)
    for task in milestones(note):
        yield _tickable(note, task, task.text, (task.text,), (named[task.line],), None)


def _tickable(
    note: Note, at: Item | Task, title: str, names: Iterable[str], same: tuple[str, ...], minutes: int | None
) -> Tickable:
    return Tickable(note, at.line, at.column, at.mark, title, tuple(filter(None, names)), same, minutes)


def _titles(note: Note) -> dict[tuple[str, int], str]:
    titles = {("item", nth): item.title for nth, item in enumerate(read_items(note)[0])}
    return titles | {("todo", nth): task.text for nth, task in enumerate(todos(note))}


def _mirrors(vault: Vault, place: Tickable) -> Iterator[tuple[str, int, int, str]]:
    """The same line in the Chinese list, if both lists have the same lines to tick."""
    other = pair_of(vault, place.note.path)
    if not other:
        return
    for ours, theirs in zip(_marks(place.note), _marks(vault.notes[other]), strict=True):
        if len(ours) == len(theirs):
            for mine, mirrored in zip(ours, theirs, strict=True):
                if mine.line == place.line:
                    yield other, mirrored.line, mirrored.column, mirrored.mark


def _marks(note: Note) -> tuple[Sequence[Item | Task], Sequence[Item | Task]]:
    return read_items(note)[0], todos(note)


def _set(vault: Vault, path: str, edits: list[Edit]) -> None:
    """Set marks in a file that must still be what was read."""
    file, line = vault.on_disk(path), edits[0].line
    try:
        same = file.read_bytes().decode("utf-8-sig") == vault.notes[path].text
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(Problem(path, line, "unreadable", f"cannot be changed: {error}")) from None
    if not same:
        message = "was changed while it was read; nothing was written"
        raise VaultError(Problem(path, line, "changed", message, "save it and call again"))
    edit_file(file, edits)
