"""What a note is about, in one line of plain text: for search engines, feeds, cards and lists of pages."""

import re

from vaultkit.frontmatter import value_of
from vaultkit.lines import NOT_PROSE
from vaultkit.note import Note
from vaultkit.site.pages.parts import claim, plain
from vaultkit.wikilink import parse

LONGEST = 300
_EMBED = re.compile(r"!\[\[[^\]]*\]\]|!\[[^\]]*\]\([^)]*\)")
_WIKI = re.compile(r"\[\[([^\]]+)\]\]")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)|<(https?://[^>\s]+)>")
_FOOTNOTE = re.compile(r"\[\^[^\]]*\]|\s\^[\w-]+$")
_TAG = re.compile(r"</?[A-Za-z][^>]*>")
_ONLY_LINKS = re.compile(r"[\s|·,/&-]*(?:!?\[\[[^\]]*\]\][\s|·,/&-]*)+")
_MARKS = re.compile(r"\s*(?:[-*+]|\d+[.)]|\[.\])(?:\s|$)|[#|>]")


def description(note: Note, longest: int = LONGEST) -> str:
    """The property `description`, else the note's claim, else its first paragraph; "" without any."""
    own = value_of(note.properties, "description")
    text = own if isinstance(own, str) and own.strip() else claim(note) or first_paragraph(note)
    return shorten(plain(words(text)), longest)


def first_paragraph(note: Note) -> str:
    """The first run of prose: no heading, list, quote, table, image or line of links alone."""
    found: list[str] = []
    for number in range(note.body_line, len(note.scan.lines) + 1):
        raw = note.scan.lines[number - 1]
        text = raw if note.scan.kind(number) == "text" and not note.scan.prefix(number) else ""
        shown = text and note.scan.visible(number, NOT_PROSE - {"code", "math"})
        if not shown.strip() or _MARKS.match(shown) or _ONLY_LINKS.fullmatch(shown):
            if found:
                break
            continue
        found.append(shown.strip())
    return " ".join(found)


def words(text: str) -> str:
    """Markdown without embeds, the addresses of its links, footnote marks and HTML."""
    text = _WIKI.sub(lambda found: (link := parse(found[1])).display or link.target, _EMBED.sub("", text))
    text = _LINK.sub(lambda found: found[1] or found[2] or "", text)
    return _TAG.sub("", _FOOTNOTE.sub("", text))


def shorten(text: str, longest: int) -> str:
    """At most so many characters; cut at a space if there is one near the end."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    space = cut.rfind(" ", longest * 4 // 5)
    return (cut[:space] if space > 0 else cut).rstrip(" ,;，；、") + "…"
