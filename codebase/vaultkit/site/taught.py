"""Which items of reading lists teach which page: by these a visitor's ticks say what has been read."""

import json

from vaultkit.lists.items import read_items, short_ids
from vaultkit.lists.reading import reading_lists
from vaultkit.resolve import resolve
from vaultkit.site.sitemap import SiteMap

FILE = "assets/taught.json"


def taught(sitemap: SiteMap) -> str:
    """JSON: by address of a page the items that feed it in any list, as `ids:1` if ticked in the file."""
    found: dict[str, dict[str, int]] = {}
    for note in reading_lists(sitemap.vault):
        for item in read_items(note)[0]:
            for target in item.feeds:
                page = sitemap.page_of(resolve(sitemap.vault, target, note.path).path or "")
                if page:
                    ids = found.setdefault(page.url, {})
                    name = short_ids(item.identities)
                    ids[name] = max(ids.get(name, 0), int(item.done))
    rows = {url: [f"{name}:{done}" for name, done in ids.items()] for url, ids in sorted(found.items())}
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")) + "\n"
