"""The small table of titles and aliases that search consults first: one JSON file per language."""

import json
from collections.abc import Iterator

from vaultkit.api.names import Engine, summary
from vaultkit.site.describe import plain
from vaultkit.site.own_pages import own_pages
from vaultkit.site.paths import Language
from vaultkit.site.reference import SECTION, url_of
from vaultkit.site.sitemap import Page, SiteMap

FILE = "assets/titles.json"


def titles(sitemap: SiteMap, language: Language, engine: Engine) -> str:
    """JSON list of pages: `u` URL, `t` title, `a` other names, `s` section, `p` planned, `d` claim,
    `c` is 1 for names of the engine's API.
    """
    entries = [_entry(sitemap, page, language) for _, page in sorted(sitemap.pages.items())]
    entries += [_file(sitemap, page, language) for _, page in sorted(sitemap.files.items())]
    entries += own_pages(sitemap, language, engine)
    entries += _api(engine)
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":")) + "\n"


def _api(engine: Engine) -> Iterator[dict[str, object]]:
    """Rooms, which the explorer lists, and names."""
    for room in engine.rooms:
        text = plain(summary(room.doc))[:160]
        yield {"u": url_of(room), "t": room.path, "s": SECTION, "d": text, "c": 1}
        for name in room.names:
            entry = {"u": url_of(room, name), "t": name.name, "a": [name.path], "c": 1}
            yield entry | ({"d": plain(summary(name.doc))[:160]} if name.doc else {})


def _file(sitemap: SiteMap, page: Page, language: Language) -> dict[str, object]:
    """A canvas or a base."""
    entry: dict[str, object] = {"u": page.url, "t": sitemap.title(page, language)}
    return entry | ({"s": page.section} if page.section else {})


def _entry(sitemap: SiteMap, page: Page, language: Language) -> dict[str, object]:
    title = sitemap.title(page, language)
    names = [sitemap.vault.notes[path].title for path in page.notes.values()]
    for path in page.notes.values():
        names += sitemap.vault.notes[path].aliases
    entry: dict[str, object] = {"u": page.url, "t": title}
    if others := [name for name in dict.fromkeys(names) if name != title]:
        entry["a"] = others
    if page.section:
        entry["s"] = page.section
    if sitemap.planned(page):
        entry["p"] = 1
    if text := sitemap.claim(page.note(language)):
        entry["d"] = _shortened(plain(text))
    return entry


def _shortened(text: str, limit: int = 160) -> str:
    """At most `limit` characters, never cut inside a word or a number."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return (cut[:space] if (space := cut.rfind(" ", limit - 30)) > 0 else cut) + "…"
