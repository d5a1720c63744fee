"""In which reading lists a page stands, and what comes before and after it there."""

from dataclasses import dataclass

from vaultkit.lists.items import read_items
from vaultkit.lists.reading import reading_lists
from vaultkit.resolve import resolve
from vaultkit.site.sitemap import Page, SiteMap


@dataclass(frozen=True, slots=True)
class Place:
    """A page's place in a list: `number` from 1 of `total` pages, and its neighbours there."""

    list: Page
    number: int
    total: int
    before: Page | None
    after: Page | None


def places(sitemap: SiteMap) -> dict[str, list[Place]]:
    """The places of each page by its key, lists in order of name; a page named twice stands once."""
    found: dict[str, list[Place]] = {}
    for note in reading_lists(sitemap.vault):
        listing = sitemap.page_of(note.path)
        if listing is None:
            continue
        order: dict[str, Page] = {}
        for item in read_items(note)[0]:
            for target in item.feeds:
                page = sitemap.page_of(resolve(sitemap.vault, target, note.path).path or "")
                if page:
                    order.setdefault(page.key, page)
        pages = list(order.values())
        for index, page in enumerate(pages):
            before = pages[index - 1] if index else None
            after = pages[index + 1] if index + 1 < len(pages) else None
            place = Place(listing, index + 1, len(pages), before, after)
            found.setdefault(page.key, []).append(place)
    return found
