"""What a note is about, in one line of plain text: for search engines, feeds, cards and lists of pages."""

import re
from functools import lru_cache

from vaultkit.frontmatter import value_of
from vaultkit.inline import spans
from vaultkit.lines import NOT_PROSE
from vaultkit.note import Note
from vaultkit.site.plain.harmless import harmless
from vaultkit.wikilink import parse

LONGEST = 300
_EMBED = re.compile(r"!\[\[[^\]]*\]\]|!\[[^\]]*\]\([^)]*\)")
_WIKI = re.compile(r"\[\[([^\]]+)\]\]")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)|<(https?://[^>\s]+)>")
_FOOTNOTE = re.compile(r"\[\^[^\]]*\]|\s\^[\w-]+$")
_TAG = re.compile(r"</?[A-Za-z][^>]*>")
_ONLY_LINKS = re.compile(r"[\s|·,/&-]*(?:!?\[\[[^\]]*\]\][\s|·,/&-]*)+")
_NO_PROSE = re.compile(r"\s*(?:[-*+]|\d+[.)]|\[.\])(?:\s|$)|[#|>]")
_CALLOUT_LINE = re.compile(r"^>\s?(?P<text>.*)$")
_CLAIMS = ("[!abstract]", "[!summary]", "[!tldr]")
_MARKS = re.compile(r"\*\*|==|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
_SIGNS = {"cdot": "·", "times": "×", "le": "≤", "ge": "≥", "approx": "≈", "sqrt": "√"}
_WIKI_TEXT = re.compile(r"\[\[(?:[^\]|]*\|)?([^\]]*)\]\]")


def description(note: Note, longest: int = LONGEST) -> str:
    """What the note is about, at most so long."""
    return shorten(about(note), longest)


def about(note: Note) -> str:
    """The property `description`, else the note's claim, else its first paragraph; "" without any."""
    own = value_of(note.properties, "description")
    text = own if isinstance(own, str) and own.strip() else claim(note) or first_paragraph(note)
    return plain(words(text))


def first_paragraph(note: Note) -> str:
    """The first run of prose: no heading, list, quote, table, image or line of links alone."""
    found: list[str] = []
    for number in range(note.body_line, len(note.scan.lines) + 1):
        raw = note.scan.lines[number - 1]
        text = raw if note.scan.kind(number) == "text" and not note.scan.prefix(number) else ""
        shown = text and note.scan.visible(number, NOT_PROSE - {"code", "math"})
        if not shown.strip() or _NO_PROSE.match(shown) or _ONLY_LINKS.fullmatch(shown):
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


def claim(note: Note) -> str:
    """The text of the note's `[!abstract]` callout as Markdown, "" if there is none."""
    lines: list[str] = []
    text = note.text.lower()
    if not any(mark in text for mark in _CLAIMS):
        return ""
    for number in range(note.body_line, len(note.scan.lines) + 1):
        found = _CALLOUT_LINE.match(note.scan.lines[number - 1])
        if not found and lines:
            break
        if found and (lines or found["text"].lower().startswith(_CLAIMS)):
            lines.append(found["text"].strip())
    return harmless(_WIKI_TEXT.sub(r"\1", " ".join(line for line in lines[1:] if line)))


@lru_cache(4096)
def plain(markdown: str) -> str:
    """Markdown as one line of text, for tables and metadata; formulas in the plainest form they have."""
    parts: list[str] = []
    position = 0
    for span in spans(markdown):
        text = markdown[span.start : span.end]
        parts += [_MARKS.sub("", markdown[position : span.start]), text.strip("`")]
        if span.kind == "math":
            parts[-1] = _tex(text.strip("$"))
        position = span.end
    parts.append(_MARKS.sub("", markdown[position:]))
    return " ".join("".join(parts).split())


def _tex(tex: str) -> str:
    tex = re.sub(r"\\(?:text|mathrm|mathbf|operatorname)\{([^}]*)\}", r"\1", tex)
    tex = re.sub(r"\\(cdot|times|le|ge|approx|sqrt)\b ?", lambda found: _SIGNS[found[1]], tex)
    return tex.replace("{", "").replace("}", "").replace("\\", "")
