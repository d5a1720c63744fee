"""A tracker for a reader: what `vaultkit progress` wrote is folded where it is long, and the milestones of
the course can be ticked as they can be in its reading list.
"""

import re
from itertools import groupby

from vaultkit.errors import VaultError
from vaultkit.lists.course import read_course
from vaultkit.lists.items import Task, short_id
from vaultkit.lists.markers import Part, parts
from vaultkit.lists.milestones import identities
from vaultkit.lists.tracker import standing_list
from vaultkit.lists.words import word
from vaultkit.pairs import canonical
from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.pages.reading_list import bar, todo_mark
from vaultkit.site.ui import say

_FOLDED = ("topics", "mastery")
_SHORT = 4  # rows of a table that is not folded


def tracker(lines: list[Line], context: Context) -> list[Line]:
    english = context.vault.notes.get(canonical(context.note.path))
    if english is None or english.properties.get("kind") != "tracker" or context.embedded:
        return lines
    try:
        found = {part.name: part for part in parts(context.note)}
        course = read_course(context.vault, standing_list(context.vault, english))
    except VaultError:
        return lines  # the lint says why
    if "milestones" in found:
        named = identities(course.note)
        todos = [(task, short_id(named[task.line])) for task in course.milestones if task.line in named]
        lines = _ticked(lines, found["milestones"], todos, context)
    opened = False
    for name in _FOLDED:
        if name in found:
            lines, opened = _folded(lines, found[name], context, opened or name != "topics")
    return lines


def _inside(line: Line, part: Part) -> bool:
    return part.first < line.number < part.last


def _ticked(lines: list[Line], part: Part, todos: list[tuple[Task, str]], context: Context) -> list[Line]:
    """The list of milestones as tasks, below a bar; unchanged where it is not that of the course."""
    rows = [line for line in lines if _inside(line, part) and line.prefix == "- "]
    if len(rows) != len(todos) or not rows:
        return lines
    done, total = sum(task.done for task, _ in todos), len(todos)
    text = word(context.note.lang, "milestones", done=done, total=total)
    shape = word(context.note.lang, "milestones", done="{done}", total=total)
    shown = bar(
        text, shape, [f"{name}:{int(task.done)}:0" for task, name in todos], done, plain=context.sitemap.plain
    )
    marks = iter(todos)

    def mark(name: str) -> str:
        return "" if context.sitemap.plain else f" {todo_mark(name)}"

    result = []
    for line in lines:
        if _inside(line, part) and line.kind == "text":
            if line.prefix == "- ":
                task, name = next(marks)
                words = re.sub(r"^\*\*(.*)\*\*$", r"\1", line.content.strip())
                line = line.new(f"[{'x' if task.done else ' '}] {words}{mark(name)}")
                line.prefix = "- "
            elif shown and not line.prefix:
                line, shown = line.new(shown), ""
        result.append(line)
    return result


def _folded(lines: list[Line], part: Part, context: Context, opened: bool) -> tuple[list[Line], bool]:
    """Tables of a part as folds; open is the first that is not done, unless one is open already."""
    result: list[Line] = []
    done = word(context.note.lang, "done")
    for table, group in groupby(lines, lambda line: _inside(line, part) and line.content.startswith("|")):
        run = list(group)
        rows = run[2:]
        if not table or len(rows) <= _SHORT:
            result += run
            continue
        cells = [row.content.strip("|").split("|")[1:2] for row in rows]
        finished = sum(cell == [f" {done} "] for cell in cells)
        unfold = not opened and finished < len(rows)
        opened |= unfold
        text = say(context.language, f"fold_{part.name}", total=len(rows), done=finished)
        head = run[0]
        result += [head.blank(), Line(head.number, "text", "> ", f"[!fold]{'+' if unfold else '-'} {text}")]
        result += [Line(line.number, line.kind, f"> {line.prefix}", line.content) for line in run]
        result.append(head.blank())
    return result, opened
