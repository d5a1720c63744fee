"""`sitemap.xml` with each page's other language; the format knows absolute addresses only."""

from xml.sax.saxutils import escape, quoteattr

from vaultkit.site.outputs.listing import Entry
from vaultkit.site.outputs.place import Place
from vaultkit.site.paths import LANGUAGES, Language

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:xhtml="http://www.w3.org/1999/xhtml">'
)


def sitemap_xml(place: Place, entries: list[Entry]) -> str | None:
    """The pages that are written in this language, each with all its languages; None without an address."""
    if not place.root:
        return None
    lines = [_HEAD]
    for entry in sorted(entries, key=lambda entry: entry.url):
        if place.language in entry.languages:
            lines += _page(place, entry)
    return "\n".join([*lines, "</urlset>", ""])


def _page(place: Place, entry: Entry) -> list[str]:
    changed = [f"<lastmod>{entry.changed[:10]}</lastmod>"] if entry.changed else []
    found = [language for language in LANGUAGES if language in entry.languages]
    named: dict[Language, str] = {**{name: name for name in LANGUAGES}, place.language: place.spoken}
    pairs = [*((named[language], language) for language in found), ("x-default", found[0])]
    alternates = [
        f'<xhtml:link rel="alternate" hreflang="{code}" href={quoteattr(place.link(entry.url, language))}/>'
        for code, language in pairs
    ]
    return ["<url>", f"<loc>{escape(place.link(entry.url))}</loc>", *changed, *alternates, "</url>"]
