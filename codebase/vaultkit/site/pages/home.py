"""What a front page (`kind: home`) has besides its text: the ways in before its first heading, and below it
lists and how far they are, a map, what is new.
"""

from collections import Counter
from collections.abc import Hashable, Iterator

from vaultkit.lists.items import Item, is_list, read_items
from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.resolve import resolve
from vaultkit.site.context import Context, Target
from vaultkit.site.pages.course_map import course_map, is_drawn
from vaultkit.site.pages.parts import attribute, escape, page_link
from vaultkit.site.pages.reading_list import item_id, progress_bar
from vaultkit.site.recent import Recent, recent
from vaultkit.site.sitemap import Page
from vaultkit.site.ui import say

KIND = "home"
MAP = "how-far"  # the anchor of the heading above lists and map
LATELY = 6  # pages
_NO_NOTES = frozenset({KIND, "reading-list", "tracker", "session", "review", "planned-notes"})
_KEEP_OUT = "data-unsearched"  # of the search: titles of other pages would be found here too


def home(context: Context) -> list[str]:
    """Lines of Markdown; a part without anything to show is left out."""
    return [*_lists(context), *_lately(context)]


def with_ways(text: str, context: Context) -> str:
    """The text, and before its first heading the ways in: a list and a note that it links to, the search."""
    ways = [
        _way(context, key, page)
        for key, page in (("way_list", _list(context)), ("way_note", _note(context)))
        if page
    ]
    if ways and not context.sitemap.plain:
        words = say(context.language, "search")
        ways.append(f'<button class="md-button" type="button" data-k-search>{words}</button>')
    if not ways:
        return text
    lines = text.split("\n")
    at = next((n for n, line in enumerate(lines) if line.startswith(("#", "```", "~~~"))), len(lines))
    named = f'role="group" aria-label="{attribute(say(context.language, "ways"))}"'
    row = f'<div class="k-ways" {named} {_KEEP_OUT}>{" ".join(ways)}</div>'
    return "\n".join([*lines[:at], row, "", *lines[at:]])


def _way(context: Context, key: str, page: Page) -> str:
    href = attribute(context.url(Target(None, page, "", page.key)))
    words = say(context.language, key, title=escape(context.sitemap.title(page, context.language)))
    return (
        f'<a class="md-button{" md-button--primary" if key == "way_list" else ""}" href="{href}">{words}</a>'
    )


def _list(context: Context) -> Page | None:
    """The first list that the text links to."""
    pages = (context.sitemap.page_of(note.path) for note in _linked_lists(context))
    return next((page for page in pages if page), None)


def _note(context: Context) -> Page | None:
    """The first written note that the text links to, of those that teach something."""
    vault, own = context.vault, context.page.note("en")
    for link in vault.notes[own].links:
        path = resolve(vault, link.target, own).path if link.target else None
        page = context.sitemap.page_of(canonical(path)) if path in vault.notes else None
        teaches = page and vault.notes[page.note("en")].properties.get("kind") not in _NO_NOTES
        if page and teaches and page is not context.page and not context.sitemap.planned(page):
            return page
    return None


def has_map(context: Context) -> bool:
    """True if the front page of the site shows a map."""
    page = next((page for page in context.sitemap.pages.values() if page.slug == "index"), None)
    if page is None or context.vault.notes[page.note("en")].properties.get("kind") != KIND:
        return False
    own = Context(context.sitemap, context.language, page, context.vault.notes[page.note(context.language)])
    notes = _linked_lists(own)
    return any(_row(own, note) for note in notes) and any(is_drawn(own, note) for note in notes)


def _lists(context: Context) -> list[str]:
    """The reading lists that the text links to, in its order: progress, what is next; and the first map."""
    notes = _linked_lists(context)
    rows = [row for note in notes if (row := _row(context, note))]
    if not rows:
        return []
    title = say(context.language, "how_far")
    lines = ["", f"## {title} {{ #{MAP} }}", "", f'<div class="k-shelf" markdown="1" {_KEEP_OUT}>', ""]
    for row in rows:
        lines += ['<div class="k-shelf-list" markdown="1">', "", *row, "", "</div>", ""]
    lines += ["</div>", ""]
    drawn = next((drawn for note in notes if (drawn := course_map(context, note, unfolded=True))), [])
    return [*lines, *drawn]


def _linked_lists(context: Context) -> list[Note]:
    vault, own = context.vault, context.page.note("en")
    paths = (resolve(vault, link.target, own).path for link in vault.notes[own].links)
    found = dict.fromkeys(canonical(path) for path in paths if path in vault.notes)
    return [vault.notes[path] for path in found if is_list(vault.notes[path])]


def _row(context: Context, note: Note) -> list[str]:
    page, bar = context.sitemap.page_of(note.path), progress_bar(context, note)
    if page is None or not bar:
        return []
    return [f"**{page_link(context, page)}**", "", bar, "", *_next(context, note)]


def _next(context: Context, note: Note) -> list[str]:
    """All items with an address, the first unread one shown; a script knows the visitor's own ticks."""
    rows, shown = [], False
    titles = _titles(context, note)
    for item in read_items(note)[0]:
        href = _href(context, note, item)
        if not href:
            continue
        hidden = item.done or shown
        shown = shown or not item.done
        if context.sitemap.plain and hidden:
            continue
        scripted = f' data-k-id="{item_id(item)}" data-k-done="{int(item.done)}"{" hidden" if hidden else ""}'
        rows.append(
            f"<li{'' if context.sitemap.plain else scripted}>"
            f'<a href="{attribute(href)}">{escape(titles.get(item.line, item.title))}</a></li>'
        )
    if not rows:
        return []
    label = attribute(say(context.language, "next_item"))
    return [f'<ul class="k-next" aria-label="{label}">{"".join(rows)}</ul>']


def _titles(context: Context, note: Note) -> dict[int, str]:
    """What items are called in the reader's language, by their line."""
    page = context.sitemap.page_of(note.path)
    translated = context.vault.notes[page.note(context.language)] if page else note
    theirs = dict(_numbered(translated))
    return {item.line: theirs[key].title for key, item in _numbered(note) if key in theirs}


def _numbered(note: Note) -> Iterator[tuple[Hashable, Item]]:
    """Each item by where it leads, which is the same in both languages; the second to lead there says so."""
    seen: Counter[Hashable] = Counter()
    for item in read_items(note)[0]:
        place = item.url, item.note.lower(), tuple(name.lower() for name in item.feeds)
        seen[place] += 1
        yield (place, seen[place]), item


def _href(context: Context, note: Note, item: Item) -> str:
    """The note that the item feeds, if it is written; else where the item itself leads."""
    for target in (item.note, *item.feeds):
        path = resolve(context.vault, target, note.path).path if target else None
        page = context.sitemap.page_of(canonical(path)) if path in context.vault.notes else None
        if page and (target == item.note or not context.sitemap.planned(page)):
            return context.url(Target(None, page, "", page.key))
    return item.url


def _lately(context: Context) -> list[str]:
    found = recent(context.sitemap, context.language, LATELY)
    if not found:
        return []
    title = say(context.language, "lately")
    lines = ["", f"## {title} {{ #lately }}", "", f'<div class="k-lately" markdown="1" {_KEEP_OUT}>', ""]
    for item in found:
        lines += [*_entry(context, item), ""]
    return [*lines, "</div>", ""]


def _entry(context: Context, item: Recent) -> list[str]:
    day = item.changed.date().isoformat()
    what = say(context.language, "lately_new" if item.is_new else "lately_changed")
    when = f'<span class="k-small"><time datetime="{day}">{day}</time> · {what}</span>'
    head = f"**{page_link(context, item.page)}** {when}"
    return [f"- {head}", "", f"    {escape(item.text)}"] if item.text else [f"- {head}"]
