"""What comes before a note: all that its prerequisites build on, in the order to read it, in a fold."""

import math
from functools import partial
from html import escape

from vaultkit.note import Note
from vaultkit.site.context import Context, Target
from vaultkit.site.pages.parts import attribute
from vaultkit.site.sitemap import Page, SiteMap
from vaultkit.site.ui import say

FEWEST, MOST = 2, 40


def before(sitemap: SiteMap, path: str) -> list[str]:
    """Canonical paths of the notes to read before the one at `path`, each after those that it builds on."""
    order: list[str] = []
    seen = {path}
    stack = [(path, iter(sitemap.builds_on(path)))]
    while stack:
        note, rest = stack[-1]
        for other in rest:
            if other not in seen:
                seen.add(other)
                stack.append((other, iter(sitemap.builds_on(other))))
                break
        else:
            stack.pop()
            order.append(note)
    return order[:-1]


def first(context: Context) -> str:
    """A folded list; "" if the line of direct prerequisites says it all. The browser marks what is read."""
    vault = context.vault
    found = [
        (path, context.sitemap.page_of(path)) for path in before(context.sitemap, context.page.note("en"))
    ]
    pages = [(path, page) for path, page in found if page][-MOST:]
    if len(pages) < FEWEST:
        return ""
    folder = context.page.url.count("/")
    items = []
    hours = 0.0
    for path, page in pages:
        note = vault.notes[path]
        items.append(context.sitemap.once(f"first {folder}", path, partial(_item, context, note, page)))
        time = note.properties.get("hours")
        hours += time if isinstance(time, (int, float)) and 0 < time < 1000 else math.nan
    key = "all_first" if math.isnan(hours) else "all_first_hours"  # not the sum of some
    summary = say(context.language, key, count=len(items), hours=f"{hours:g}")
    done = "" if context.sitemap.plain else ' <span class="k-first-done"></span>'  # a script fills it
    return f'<details class="k-first"><summary>{summary}{done}</summary><ol>{"".join(items)}</ol></details>'


def _item(context: Context, note: Note, page: Page) -> str:
    """A line of the list, the same on all pages of one depth."""
    known = note.properties.get("mastery") not in (None, "none")
    planned = ' class="k-planned"' if context.sitemap.planned(page) else ""
    href = attribute(context.url(Target(None, page, "", page.key)))
    title = escape(context.sitemap.title(page, context.language))
    return (
        f'\n<li data-k-page="{attribute(page.url)}"{" data-k-known" if known else ""}>'
        f'<a href="{href}"{planned}>{title}</a></li>'
    )
