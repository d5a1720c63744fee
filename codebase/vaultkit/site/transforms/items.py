"""Items of a reading list get a mark that the browser finds them by: what they are, how long, how urgent."""

from vaultkit.lists.items import Item, is_list, read_items
from vaultkit.pairs import canonical
from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.pages.reading_list import item_id


def items(lines: list[Line], context: Context) -> list[Line]:
    marks = {} if context.embedded else _marks(context)
    result = []
    for line in lines:
        item = marks.pop(line.number, None) if line.kind == "text" else None
        content = f"{line.content.rstrip()} {_mark(item)}" if item else line.content
        result.append(Line(line.number, line.kind, line.prefix, content))
    return result


def _marks(context: Context) -> dict[int, Item]:
    """The English item by the line of the shown note; {} if this is no list or its pair is no mirror."""
    english = context.vault.notes.get(canonical(context.note.path))
    if english is None or not is_list(english):
        return {}
    ours, shown = read_items(english)[0], read_items(context.note)[0]
    if len(ours) != len(shown):
        return {}
    return {there.line: here for here, there in zip(ours, shown, strict=True)}


def _mark(item: Item) -> str:
    minutes = "" if item.minutes is None else str(item.minutes)
    return (
        f'<span class="k-item" data-k-id="{item_id(item)}" data-k-minutes="{minutes}" '
        f'data-k-priority="{item.priority}"></span>'
    )
