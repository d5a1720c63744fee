"""An Atom feed (RFC 4287) of the notes written or changed last; the same notes give the same feed.

Links may be relative there (they are, without an address of the site); ids never are, and do not change when
the site moves.
"""

from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape, quoteattr

from vaultkit.site.outputs.listing import Entry
from vaultkit.site.outputs.place import Place

MOST = 50
_NEVER = "1970-01-01T00:00:00+00:00"  # a feed must say when it changed, even one without entries


def feed(place: Place, entries: list[Entry]) -> str:
    """The feed of one language: its notes that have a time of change, the last changed first."""
    dated = [entry for entry in entries if entry.changed]
    dated.sort(key=lambda entry: entry.url)
    dated.sort(key=lambda entry: (entry.changed, entry.created), reverse=True)
    dated = dated[:MOST]
    base = f" xml:base={quoteattr(place.home(place.language))}" if place.root else ""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{place.spoken}"{base}>',
        f"<id>{_id(place, 'feed')}</id>",
        f"<title>{_text(place.name)}</title>",
        f"<subtitle>{_text(place.description)}</subtitle>",
        f"<updated>{dated[0].changed if dated else _NEVER}</updated>",
        f"<author><name>{_text(place.author or place.name)}</name></author>",
        f'<link rel="self" type="application/atom+xml" href={quoteattr(place.link("feed.xml"))}/>',
        f'<link rel="alternate" type="text/html" href={quoteattr(place.link(""))}/>',
    ]
    for entry in dated:
        lines += _entry(place, entry)
    return "\n".join([*lines, "</feed>", ""])


def _entry(place: Place, entry: Entry) -> list[str]:
    published = [f"<published>{entry.created}</published>"] if entry.created else []
    return [
        "<entry>",
        f"<id>{_id(place, entry.url)}</id>",
        f"<title>{_text(entry.title)}</title>",
        f'<link rel="alternate" type="text/html" href={quoteattr(place.link(entry.url))}/>',
        *published,
        f"<updated>{entry.changed}</updated>",
        f"<summary>{_text(entry.text or entry.title)}</summary>",
        "</entry>",
    ]


def _id(place: Place, url: str) -> str:
    return uuid5(NAMESPACE_URL, f"{place.name}/{place.language}/{url}").urn


def _text(text: str) -> str:
    """Text as XML 1.0 can hold it."""
    return escape("".join(c if c >= " " and c not in "\ufffe\uffff" else " " for c in text))
