"""How far a reading list has come, and the tools beside it: filters, a visitor's own ticks, a map."""

from vaultkit.lists.items import Item, read_items, short_ids
from vaultkit.lists.reading import progress
from vaultkit.note import Note
from vaultkit.site.context import Context
from vaultkit.site.pages.course_map import course_map
from vaultkit.site.pages.parts import attribute
from vaultkit.site.ui import say

KIND = "reading-list"


def reading_list(context: Context) -> list[str]:
    """Lines of Markdown below the head of a list's page; [] for a list without items."""
    note = context.vault.notes[context.page.note("en")]
    bar = progress_bar(context, note)
    if not bar:
        return []
    tools = [f'<div class="k-list-tools" data-k-list="{attribute(context.page.slug)}" hidden></div>', ""]
    return [bar, "", *([] if context.sitemap.plain else tools), *course_map(context, note)]


def progress_bar(context: Context, note: Note) -> str:
    """A bar on one line, from the ticks in the file; the browser puts the visitor's own in."""
    count = progress(note)
    if not count.total:
        return ""
    language = context.language
    done, spent = count.done, count.minutes_total - count.minutes_left
    text = say(
        language, "progress", done=done, total=count.total, minutes_done=spent, minutes=count.minutes_total
    )
    shape = say(
        language,
        "progress",
        done="{done}",
        total=count.total,
        minutes_done="{spent}",
        minutes=count.minutes_total,
    )
    rows = [f"{item_id(item)}:{int(item.done)}:{item.minutes or 0}" for item in read_items(note)[0]]
    return bar(text, shape, rows, done, plain=context.sitemap.plain)


def bar(text: str, shape: str, rows: list[str], done: int, *, plain: bool = False) -> str:
    """A bar of what is done; for the browser's script, which a plain site has not, `rows` are
    `id:done:minutes` and `shape` is its text with {done} and {spent}.
    """
    scripted = f' data-unsearched data-k-text="{attribute(shape)}" data-k-items="{" ".join(rows)}"'
    return (
        f'<span class="k-progress"{"" if plain else scripted}><progress max="{len(rows)}" value="{done}" '
        f'aria-label="{attribute(text)}"></progress><span>{text}</span></span>'
    )


def todo_mark(name: str) -> str:
    """What the browser finds a milestone by."""
    return f'<span class="k-todo" data-k-id="{name}"></span>'


def item_id(item: Item) -> str:
    """Short names for what is read: the same in both languages and in every list."""
    return short_ids(item.identities)
