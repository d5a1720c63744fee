"""The foot of a page: who links here, in the reader's language, each with the sentence around the link.

On our own site it is HTML below the page's Markdown, which no parser reads; in an export it is Markdown.
"""

import html
from collections.abc import Iterator

from vaultkit.backlinks import Backlink
from vaultkit.site.context import Context
from vaultkit.site.draft import Formula
from vaultkit.site.pages.parts import address, page_link, planned_pill, prose
from vaultkit.site.pages.quoted import excerpt, quoted
from vaultkit.site.paths import LANGUAGES
from vaultkit.site.sitemap import Page
from vaultkit.site.transforms.fields import FIELD
from vaultkit.site.ui import say

MAX_SENTENCES = 2
LISTS = frozenset({"planned-notes", "home", "tracker", "review"})


def foot(context: Context, backlinks: list[Backlink]) -> list[str]:
    """Lines of Markdown; [] when nothing links here. The front page and the planned list do not count."""
    rows = list(_rows(context, backlinks))
    if not rows:
        return []
    title = say(context.language, "linked_from")
    lines = ["", '<section class="k-backlinks" markdown="1">', "", title, "{: .k-foot-title }", ""]
    for page, sentences in rows:
        lines.append(f"- {page_link(context, page)}")
        for sentence in sentences:
            lines += ["", f"    {prose(sentence)}", ""]
    return [*lines, "", "</section>"]


def foot_html(context: Context, backlinks: list[Backlink]) -> tuple[str, list[Formula]]:
    """The same as HTML, and the formulas in it; "" when nothing links here."""
    rows, planned, formulas = [], [], []
    names = _names(context)
    for page, sentences in _rows(context, backlinks):
        if context.sitemap.planned(page):
            planned.append(_link(context, page))
            continue
        row = f"<li><p>{_link(context, page)}</p>"
        for sentence in sentences:
            text, found = quoted(excerpt(sentence, names))
            row += f"<p>{text}</p>"
            formulas += found
        rows.append(row + "</li>\n")
    if planned:
        rows.append(f"<li><p>{planned_pill(context)} {' · '.join(planned)}</p></li>\n")
    if not rows:
        return "", []
    title = say(context.language, "linked_from")
    top = f'<section class="k-backlinks" data-unsearched><p class="k-foot-title">{title}</p>'
    text = f"\n{top}<ul>\n{''.join(rows)}</ul></section>\n"
    return text.replace("\r", " "), formulas  # its length is the same however it is read


def _link(context: Context, page: Page) -> str:
    planned = ' class="k-planned"' if context.sitemap.planned(page) else ""
    title = html.escape(context.sitemap.title(page, context.language), quote=False)
    return f'<a{planned} href="{address(context, page)}">{title}</a>'


def _rows(context: Context, backlinks: list[Backlink]) -> Iterator[tuple[Page, list[str]]]:
    """The pages that link here, with their sentences."""
    by_source: dict[str, list[str]] = {}
    names = _names(context)
    for backlink in backlinks:
        source = context.vault.notes[backlink.source]
        page = context.sitemap.page_of(backlink.source)
        if page is None or _kind(context, page.note("en")) in LISTS:
            continue
        sentences = by_source.setdefault(page.key, [])
        said = "" if source.is_stub else _sentence(backlink.sentence)
        if said and said not in names:  # an item that is this page says nothing more
            sentences.append(said)
    for key, sentences in by_source.items():
        yield context.sitemap.pages[key], sentences[:MAX_SENTENCES]
    for page in context.sitemap.canvases.get(context.page.key, []):
        yield page, []


def _names(context: Context) -> list[str]:
    """What a link to the page may show."""
    titles = [context.sitemap.title(context.page, language) for language in LANGUAGES]
    stem = context.page.key.rpartition("/")[2].removesuffix(".md")
    return sorted({stem, *titles}, key=len, reverse=True)


def _sentence(sentence: str) -> str:
    """Of an item of a reading list what it is called: fields, links and remarks follow."""
    field = FIELD.search(sentence)
    title = sentence[: field.start()].strip() if field else ""
    return title or FIELD.sub("", sentence).strip()


def _kind(context: Context, path: str) -> str:
    return str(context.vault.notes[path].properties.get("kind", ""))
