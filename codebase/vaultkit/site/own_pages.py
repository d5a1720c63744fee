"""Pages that the site makes itself (folders, tags, the graph, the API, the map) by their names in both
languages, for the search: who types such a name wants that page.
"""

from collections.abc import Iterator

from vaultkit.api.names import Engine
from vaultkit.note import parse_note
from vaultkit.site.context import Context
from vaultkit.site.pages.graph import graph_page
from vaultkit.site.pages.home import MAP, has_map
from vaultkit.site.pages.sections import section_title, sections
from vaultkit.site.pages.tags import all_tags_page
from vaultkit.site.paths import LANGUAGES, Language
from vaultkit.site.reference import index_page
from vaultkit.site.sitemap import Page, SiteMap
from vaultkit.site.ui import say


def own_pages(sitemap: SiteMap, language: Language, engine: Engine) -> Iterator[dict[str, object]]:
    """Entries of vaultkit.site.titles. A page of a note's own at the same address goes before."""
    if sitemap.plain:
        return
    taken = {page.url for page in (*sitemap.pages.values(), *sitemap.files.values())}
    for url, names, about in _found(sitemap, language, engine):
        if url not in taken:
            entry: dict[str, object] = {"u": url, "t": names[0]}
            others = [name for name in dict.fromkeys(names) if name != names[0]]
            yield entry | ({"a": others} if others else {}) | ({"d": about} if about else {})


def _found(
    sitemap: SiteMap, language: Language, engine: Engine
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Address, names, and what the page is about."""
    spoken = (language, *(other for other in LANGUAGES if other != language))
    home = Page("", "index", {})
    contexts = [Context(sitemap, each, home, parse_note("", "")) for each in spoken]
    for section in sections(contexts[0]):
        names = (*(section_title(context, section) for context in contexts), section)
        yield f"{section}/", names, ""
    if engine.rooms:
        yield index_page().url, tuple(say(each, "section_api") for each in spoken), say(language, "api_intro")
    if sitemap.tags:
        count = say(language, "all_tags", count=len(sitemap.tags))
        yield all_tags_page(sitemap).url, tuple(say(each, "tags") for each in spoken), count
    keys = ("graph", "graph_name")
    names = tuple(say(each, key) for each in spoken for key in keys)
    yield graph_page(sitemap).url, names, say(language, "graph_intro")
    if has_map(contexts[0]):
        names = tuple(say(each, key) for each in spoken for key in ("course_map_name", "course_map"))
        yield f"#{MAP}", names, say(language, "course_map")
