"""Items of a reading list: `- [ ] [Title](url) [priority:: P1] [minutes:: 30] [[Note]] [after::
[[Note]]]`.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from vaultkit import mdlink, wikilink
from vaultkit.errors import Problem
from vaultkit.note import Note

PRIORITIES = "new, P1, P2, … or review"

_TASK = re.compile(r"(?P<indent>\s*)(?:[-*+]|\d+[.)])[ \t]+\[(?P<mark>.)\][ \t]+(?P<body>.*)$")
_FIELD = re.compile(r"\[(?P<key>[A-Za-z][\w-]*)\s*::\s*(?P<value>(?:\[\[[^\[\]]*\]\]|[^\[\]])*)\]")
_FIELDS = frozenset({"priority", "minutes", "after", "read"})


class Field(NamedTuple):
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Item:
    """One task of a list; `line` is 1-based, `column` that of the character between the brackets.

    `feeds` are the link targets of the notes that the item feeds, `after` those to know first, as written.
    `minutes` is None when the item does not say.
    """

    line: int
    column: int
    mark: str
    title: str
    url: str
    priority: str
    minutes: int | None
    feeds: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def done(self) -> bool:
        return self.mark != " "

    @property
    def rank(self) -> tuple[int, int]:
        """Order of reading: `new`, then P1, then review, then P2 and on, then the rest."""
        if self.priority == "new":
            return 0, 0
        if self.priority == "review":
            return 1, 1
        return (int(self.priority[1:]), 0) if re.fullmatch(r"P\d+", self.priority) else (1000, 0)


def is_list(note: Note) -> bool:
    """True for an English note with `kind: reading-list`; its Chinese pair only mirrors it."""
    return note.properties.get("kind") == "reading-list"


def read_items(note: Note) -> tuple[list[Item], list[Problem]]:
    """Items in order, and what is wrong with them; a task without a web link is an ordinary to-do,
    no item.
    """
    items: list[Item] = []
    problems: list[Problem] = []
    for number in note.scan.text_lines():
        found = _TASK.match(note.scan.lines[number - 1])
        if not found:
            continue
        visible = note.scan.visible(number)[found.start("body") :]
        item = _item(note, number, found, visible, problems)
        if item:
            items.append(item)
    return items, problems


def _item(note: Note, line: int, task: re.Match[str], body: str, problems: list[Problem]) -> Item | None:
    fields = [Field(f["key"].lower(), f["value"].strip()) for f in _FIELD.finditer(body)]
    rest = _FIELD.sub(lambda field: " " * len(field.group()), body)
    links = [link for link in mdlink.find(rest) if not link.embed and mdlink.is_external(link.destination)]
    if not links and not fields:
        return None
    problem = _Reporter(note.path, line, problems)
    if not links:
        problem("item has fields but no web link", "write [Title](https://…)")
    for field in fields:
        if field.key not in _FIELDS:
            problem(f"unknown field `{field.key}`", f"known are: {', '.join(sorted(_FIELDS))}")
    priority = _value(fields, "priority")
    if priority and not re.fullmatch(r"new|review|P\d{1,2}", priority):
        problem(f"priority `{priority}` is not {PRIORITIES}", "")
    minutes = _value(fields, "minutes")
    if minutes and not re.fullmatch(r"\d{1,5}", minutes):
        problem(f"minutes `{minutes}` is not a whole number", "")
        minutes = ""
    after = tuple(
        link.text.target for field in fields if field.key == "after" for link in wikilink.find(field.value)
    )
    if any(field.key == "after" and not list(wikilink.find(field.value)) for field in fields):
        problem("`after` needs a link to a note", "write [after:: [[KV cache]]]")
    return Item(
        line=line,
        column=task.start("mark"),
        mark=task["mark"],
        title=links[0].display if links else rest.strip(),
        url=links[0].destination if links else "",
        priority=priority,
        minutes=int(minutes) if minutes else None,
        feeds=tuple(link.text.target for link in wikilink.find(rest)),
        after=after,
    )


def _value(fields: list[Field], key: str) -> str:
    return next((field.value for field in fields if field.key == key), "")


@dataclass(frozen=True, slots=True)
class _Reporter:
    path: str
    line: int
    problems: list[Problem]

    def __call__(self, message: str, hint: str) -> None:
        self.problems.append(Problem(self.path, self.line, "list-item", message, hint))
