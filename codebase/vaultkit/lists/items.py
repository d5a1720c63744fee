"""Items of a reading list: `- [ ] [Title](url) [priority:: P1] [minutes:: 30] [[Note]] [after::
[[Note]]]`.

An item is a task that has a web link, or inline fields, or begins with a link to a note (then that note is
what is to be read). Any other task is an ordinary to-do.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from vaultkit import mdlink, wikilink
from vaultkit.errors import Problem
from vaultkit.lists.fields import find_fields, value_of, wrong
from vaultkit.note import Note

_TASK = re.compile(r"(?P<indent>\s*)(?:[-*+]|\d+[.)])[ \t]+\[(?P<mark>.)\][ \t]+(?P<body>.*)$")
_BLOCK_ID = re.compile(r"\s\^[A-Za-z0-9-]+\s*$")


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a note; `line` is 1-based, `column` that of the character between the brackets."""

    line: int
    column: int
    mark: str
    text: str

    @property
    def done(self) -> bool:
        return self.mark != " "


@dataclass(frozen=True, slots=True)
class Item:
    """One task of a list that is to be read; `line` and `column` as in `Task`.

    `feeds` are the link targets of the notes that the item feeds, `after` those to know first, as written;
    `note` is the target of the note that is itself what is to be read, "" for an item on the web.
    `minutes` (of reading) and `hours` (of work) are None when the item does not say. `words` is all that it
    says but for its fields; `is_part` is True if another item of the list has the same title and leads to
    the same place, but says something else: then each is a part of what is there.
    """

    line: int
    column: int
    mark: str
    title: str
    url: str
    note: str
    priority: str
    minutes: int | None
    hours: float | None
    feeds: tuple[str, ...]
    after: tuple[str, ...]
    words: str = ""
    is_part: bool = False

    @property
    def done(self) -> bool:
        return self.mark != " "

    @property
    def identity(self) -> str:
        """What two items have in common when they ask for the same: the note, or an address and its title,
        for a section of a post is not the post; of a part what it says as well.
        """
        return f"{self._whole} · {self.words}" if self.is_part else self._whole

    @property
    def identities(self) -> tuple[str, ...]:
        """`identity`, and after it those by which a tick may have been kept: the whole of which it is a part,
        and the bare address, by which all that leads there was once ticked together.
        """
        return tuple(dict.fromkeys(filter(None, (self.identity, self._whole, self.url))))

    @property
    def _whole(self) -> str:
        if self.url:
            return f"{self.url} {' '.join(self.title.split())}"
        return f"[[{self.note.lower()}]]" if self.note else f"{self.title} → {', '.join(self.feeds)}"

    @property
    def rank(self) -> tuple[int, int]:
        """Order of reading: `new`, then P1, then review, then P2 and on, then the rest."""
        if self.priority == "new":
            return 0, 0
        if self.priority == "review":
            return 1, 1
        return (int(self.priority[1:]), 0) if re.fullmatch(r"P\d+", self.priority) else (1000, 0)


_read: dict[str, tuple[str, list[Item], list[Problem]]] = {}  # by path: the text, and what was read in it


def short_id(identity: str) -> str:
    """A short name for what is read, by which a browser keeps its ticks."""
    return hashlib.sha256(identity.encode()).hexdigest()[:10]


def short_ids(identities: Iterable[str]) -> str:
    """`short_id` of each, joined by commas: a tick is kept by the first, found by the first that is kept."""
    return ",".join(short_id(identity) for identity in identities)


def is_list(note: Note) -> bool:
    """True for an English note with `kind: reading-list`; its Chinese pair only mirrors it."""
    return note.properties.get("kind") == "reading-list"


def tasks(note: Note) -> Iterator[tuple[Task, str]]:
    """Every task of a note in order, with its text in which code, comments and formulas are blanked out."""
    for number in note.scan.text_lines():
        found = _TASK.match(note.scan.lines[number - 1])
        if found:
            body = note.scan.visible(number)[found.start("body") :]
            text = _BLOCK_ID.sub("", found["body"]).strip()
            yield Task(number, found.start("mark"), found["mark"], text), _BLOCK_ID.sub("", body)


def read_items(note: Note) -> tuple[list[Item], list[Problem]]:
    """Items in order, and what is wrong with them. Of each list the last answer is kept: many pages ask."""
    text, known = note.text, _read.get(note.path)
    if known is None or known[0] != text:
        items: list[Item] = []
        problems: list[Problem] = []
        for task, body in tasks(note):
            item = _item(note, task, body, problems)
            if item:
                items.append(item)
        known = _read[note.path] = text, _parted(items), problems
    return list(known[1]), list(known[2])


def todos(note: Note) -> list[Task]:
    """The tasks of a list that are no items: milestones, questions, reminders."""
    lines = {item.line for item in read_items(note)[0]}
    return [task for task, _ in tasks(note) if task.line not in lines]


def _parted(items: list[Item]) -> list[Item]:
    """The items, each that shares title and place with one of other words marked as a part."""
    said: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        said[item.identity].add(item.words)
    return [replace(item, is_part=True) if len(said[item.identity]) > 1 else item for item in items]


def _item(note: Note, task: Task, body: str, problems: list[Problem]) -> Item | None:
    fields, rest = find_fields(body)
    links = [link for link in mdlink.find(rest) if not link.embed and mdlink.is_external(link.destination)]
    notes = list(wikilink.find(rest))
    leads = bool(notes) and not links and not rest[: notes[0].column].strip()
    if not (links or fields or leads):
        return None
    if not links and not notes:
        message = "item has fields but no link"
        problems.append(
            Problem(note.path, task.line, "list-item", message, "write [Title](https://…) or [[Note]]")
        )
    for field in fields:
        if found := wrong(field):
            problems.append(Problem(note.path, task.line, "list-item", *found))
        if field.key == "after" and not list(wikilink.find(field.value)):
            hint = "write [after:: [[KV cache]]]"
            problems.append(
                Problem(note.path, task.line, "list-item", "`after` needs a link to a note", hint)
            )
    minutes, hours = value_of(fields, "minutes"), value_of(fields, "hours")
    title = links[0].display if links else _title(rest, notes, leads)
    return Item(
        line=task.line,
        column=task.column,
        mark=task.mark,
        title=title or task.text,
        url=links[0].destination if links else "",
        note=notes[0].text.target if leads else "",
        priority=value_of(fields, "priority"),
        minutes=int(minutes) if re.fullmatch(r"\d{1,5}", minutes) else None,
        hours=float(hours) if re.fullmatch(r"\d{1,4}(\.\d+)?", hours) else None,
        feeds=tuple(link.text.target for link in notes),
        after=tuple(
            link.text.target
            for field in fields
            if field.key == "after"
            for link in wikilink.find(field.value)
        ),
        words=" ".join(find_fields(task.text)[1].split()),
    )


def _title(rest: str, notes: list[wikilink.Found], leads: bool) -> str:
    """Of an item that is not on the web: the words before its first link, or the words of that link."""
    if leads:
        return notes[0].text.display or notes[0].text.target
    return " ".join((rest[: notes[0].column] if notes else rest).split())
