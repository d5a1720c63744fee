"""A course: a reading list whose `##` sections are phases and whose items are topics, with milestones."""

import re
from dataclasses import dataclass

from vaultkit.lists.items import Item, Task, read_items, todos
from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.resolve import resolve
from vaultkit.vault import Vault

_MILESTONES = ("milestones", "里程碑")


@dataclass(frozen=True, slots=True)
class Topic:
    """An item of a course and the canonical paths of the notes that it feeds."""

    phase: str
    item: Item
    notes: tuple[str, ...]

    @property
    def number(self) -> str:
        """`1.1` of `1.1 Attention`, "" if the title does not begin with a number."""
        found = re.match(r"\d+(\.\d+)*", self.item.title)
        return found.group() if found else ""


@dataclass(frozen=True, slots=True)
class Course:
    note: Note
    topics: tuple[Topic, ...]
    milestones: tuple[Task, ...]

    @property
    def phases(self) -> list[str]:
        return list(dict.fromkeys(topic.phase for topic in self.topics))


def read_course(vault: Vault, note: Note) -> Course:
    """The course that a list is. Items above the first `##` heading belong to a phase named like the list."""
    topics = []
    for item in read_items(note)[0]:
        paths = (resolve(vault, target, note.path).path for target in item.feeds)
        notes = tuple(dict.fromkeys(canonical(path) for path in paths if path))
        topics.append(Topic(_section(note, item.line) or note.stem, item, notes))
    milestones = [task for task in todos(note) if _section(note, task.line).lower() in _MILESTONES]
    return Course(note, tuple(topics), tuple(milestones))


def _section(note: Note, line: int) -> str:
    """The `##` heading above a line, "" if there is none."""
    above = [heading.text.strip() for heading in note.headings if heading.level == 2 and heading.line < line]
    return above[-1] if above else ""
