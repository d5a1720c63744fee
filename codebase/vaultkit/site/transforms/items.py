"""What can be ticked gets a mark that the browser finds it by: an item of a reading list says what it is, how
long and how urgent, a milestone only what it is.
"""

from vaultkit.lists.items import Item, is_list, read_items, short_id
from vaultkit.lists.milestones import identities, milestones
from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.pages.reading_list import item_id, todo_mark


def items(lines: list[Line], context: Context) -> list[Line]:
    marks = {} if context.embedded or context.sitemap.plain else _marks(context)
    result = []
    for line in lines:
        mark = marks.pop(line.number, None) if line.kind == "text" else None
        content = f"{line.content.rstrip()} {mark}" if mark else line.content
        result.append(Line(line.number, line.kind, line.prefix, content))
    return result


def _marks(context: Context) -> dict[int, str]:
    """The marks by line of the shown note; {} for what its English pair does not mirror."""
    english = context.vault.notes.get(canonical(context.note.path))
    if english is None:
        return {}
    found = _todos(english, context.note)
    if is_list(english):
        ours, shown = read_items(english)[0], read_items(context.note)[0]
        if len(ours) == len(shown):
            found |= {there.line: _mark(here) for here, there in zip(ours, shown, strict=True)}
    return found


def _todos(english: Note, shown: Note) -> dict[int, str]:
    named = identities(english)
    if not named:
        return {}
    lines = [task.line for task in milestones(shown, english)]
    if len(lines) != len(named):
        return {}
    return {line: todo_mark(short_id(identity)) for line, identity in zip(lines, named.values(), strict=True)}


def _mark(item: Item) -> str:
    minutes = "" if item.minutes is None else str(item.minutes)
    return (
        f'<span class="k-item" data-k-id="{item_id(item)}" data-k-minutes="{minutes}" '
        f'data-k-priority="{item.priority}"></span>'
    )
