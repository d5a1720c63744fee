"""The reading lists that a page stands in, each with the page before and after it."""

from vaultkit.site.context import Context
from vaultkit.site.in_lists import Place
from vaultkit.site.pages.parts import attribute, page_link
from vaultkit.site.ui import say


def in_lists(context: Context, places: list[Place]) -> list[str]:
    """Lines of Markdown; [] for a page in no list. The browser shows the list that a reader came from."""
    if not places:
        return []
    title = say(context.language, "in_lists")
    lines = [
        "",
        '<nav class="k-in-lists" markdown="1" data-unsearched>',
        "",
        title,
        "{: .k-foot-title }",
        "",
    ]
    for place in places:
        slug = attribute(place.list.slug)
        lines += [f'<div class="k-place" data-k-list="{slug}" markdown="1">', ""]
        count = f'<span class="k-small">{place.number} / {place.total}</span>'
        parts = [page_link(context, place.list), count]
        if place.before:
            parts.append(f'<span class="k-before">← {page_link(context, place.before)}</span>')
        if place.after:
            parts.append(f'<span class="k-after">{page_link(context, place.after)} →</span>')
        lines += [" ".join(parts), "", "</div>", ""]
    return [*lines, "</nav>"]
