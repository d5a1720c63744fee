"""A sentence of a note as HTML, for those parts of a page that no Markdown parser reads."""

import html
import re
from collections.abc import Iterable

from vaultkit import mdlink
from vaultkit.inline import spans
from vaultkit.site.draft import Formula, formulas_in
from vaultkit.site.plain.allowed import safe_address

LONGEST = 180  # characters of a sentence
_LANGUAGE = re.compile(r"(?:#!|:::)\w+ ")  # of code inside a line


def quoted(text: str) -> tuple[str, list[Formula]]:
    """HTML of the sentence, marks already gone, and its formulas: code, formulas and web links live."""
    if not any(mark in text for mark in "`$](<"):
        return html.escape(text, quote=False), []
    formulas: list[Formula] = []
    live = [(span.start, span.end, _live(text[span.start : span.end], formulas)) for span in spans(text)
            if span.kind in ("code", "math")]  # fmt: skip
    for found in mdlink.find(text):
        if not found.embed and safe_address(found.destination):
            inner = html.escape(found.display, quote=False)
            href = html.escape(mdlink.plain(found.destination)).replace(" ", "%20")
            shown = f'<a href="{href}">{inner}</a>'
            live.append((found.column, found.column + len(found.raw), shown))
    parts: list[str] = []
    position = 0
    for start, end, shown in sorted(live):
        if start >= position:
            parts += [html.escape(text[position:start], quote=False), shown]
            position = end
    return "".join([*parts, html.escape(text[position:], quote=False)]), formulas


def excerpt(text: str, names: Iterable[str]) -> str:
    """A sentence too long to be quoted, cut to what stands around the first of the names that it holds;
    between words, and not inside code, a formula or a link.
    """
    if len(text) <= LONGEST:
        return text
    at = next((found for name in names if (found := text.find(name)) >= 0), 0)
    start = max(0, min(at - LONGEST // 2, len(text) - LONGEST))
    end = start + LONGEST
    whole = [(span.start, span.end) for span in spans(text)]
    whole += [(found.column, found.column + len(found.raw)) for found in mdlink.find(text)]
    while start and not _between(text, start, whole):
        start -= 1
    while end < len(text) and not _between(text, end, whole):
        end += 1
    cut = text[start:end].strip()
    return f"{'… ' if start else ''}{cut}{' …' if end < len(text) else ''}"


def _between(text: str, at: int, whole: list[tuple[int, int]]) -> bool:
    """True if the text may be cut there: at a space, or beside a Han character."""
    words = " " in text[at - 1 : at + 1] or max(text[at - 1 : at + 1]) >= "\u2e80"
    return words and not any(start < at < end for start, end in whole)


def _live(text: str, formulas: list[Formula]) -> str:
    """Code or a formula; what only looks like one stays text."""
    if text.startswith("`"):
        ticks = len(text) - len(text.lstrip("`"))
        code = _LANGUAGE.sub("", text[ticks:-ticks].strip(), count=1)
        return f"<code>{html.escape(code, quote=False)}</code>"
    found = formulas_in(text)
    if len(found) != 1 or len(text) < 2:
        return html.escape(text, quote=False)
    formulas += found
    opening, closing = "[]" if found[0].display else "()"
    tex = html.escape(found[0].tex, quote=False)
    return f'<span class="arithmatex">\\{opening}{tex}\\{closing}</span>'
