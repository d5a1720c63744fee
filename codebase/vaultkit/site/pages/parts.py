"""Small pieces of Markdown and HTML that several parts of a page share."""

import html
import re
from urllib.parse import quote

from vaultkit import mdlink
from vaultkit.inline import spans
from vaultkit.site.context import Context, Target
from vaultkit.site.plain.allowed import safe_address
from vaultkit.site.sitemap import Page
from vaultkit.site.ui import say

_SPECIAL = re.compile(r"([\\*_\[\]~=`#$|])")


def escape(text: str) -> str:
    """Plain text as Markdown that shows it unchanged."""
    return html.escape(_SPECIAL.sub(r"\\\1", text), quote=False)


def prose(text: str) -> str:
    """A sentence of a note, marks already gone, as Markdown: code, formulas and web links live."""
    keep = [(span.start, span.end) for span in spans(text) if span.kind in ("code", "math")]
    links = [found for found in mdlink.find(text) if not found.embed and safe_address(found.destination)]
    keep += [(found.column, found.column + len(found.raw)) for found in links]
    parts: list[str] = []
    position = 0
    for start, end in sorted(keep):
        if start >= position:
            parts += [escape(text[position:start]), text[start:end]]
            position = end
    return "".join([*parts, escape(text[position:])])


def attribute(text: str) -> str:
    """Plain text inside a double-quoted HTML attribute."""
    return html.escape(text, quote=True).replace("\n", " ")


def page_link(context: Context, page: Page) -> str:
    """Markdown link to a page, by its title in the reader's language; planned notes are marked."""
    planned = "{ .k-planned }" if context.sitemap.planned(page) else ""
    return f"[{escape(context.sitemap.title(page, context.language))}]({context.page.path_to(page)}){planned}"


def address(context: Context, page: Page) -> str:
    """Address of another page from this one, for HTML that no Markdown reader looks into."""
    own, other = context.page.url, page.url
    folder = own.rstrip("/").rpartition("/")[0] + "/"
    if len(folder) > 1 and other.startswith(folder) and other != own:
        return "../" + quote(other[len(folder) :])
    return "../" * own.count("/") + quote(other) or "./"


def linked(text: str, target: Target, context: Context) -> str:
    """Markdown of a link to the target; one to a place that its page does not have is marked."""
    page = target.page
    lost = target.lost and not context.sitemap.plain
    names_chinese = target.note is not None and target.note.lang == "zh" and context.language == "en"
    if names_chinese and page and page.translated("en"):
        url = html.escape(context.other_language_url(page))
        mark = f' class="k-missing" title="{say(context.language, "lost")}"' if lost else ""
        return f'<a href="{url}" hreflang="zh" lang="zh"{mark}>{text}</a>'
    planned = " .k-planned" if page and context.sitemap.planned(page) else ""
    missing = f' .k-missing title="{say(context.language, "lost")}"' if lost else ""
    marks = f"{{{planned}{missing} }}" if planned or missing else ""
    return f"[{text}]({context.href(target)}){marks}"


def pill(name: str, text: str, title: str = "") -> str:
    hint = f' title="{attribute(title)}"' if title else ""
    return f'<span class="k-pill k-pill-{name}"{hint}>{text}</span>'


def planned_pill(context: Context) -> str:
    language = context.language
    return pill("planned", say(language, "planned"), say(language, "planned_title"))


def draft_pill(context: Context) -> str:
    language = context.language
    return pill("draft", say(language, "status_draft"), say(language, "draft_title"))
