"""Values of properties and of bases as HTML on one line, safe in any Markdown around it."""

import json
from typing import Any

from vaultkit.bases.values import File, Link, Moment, Shown, Tag, text
from vaultkit.canvas.draw import address, entities
from vaultkit.site.context import Context, Target
from vaultkit.site.images import IMAGE
from vaultkit.site.pages.tags import tag_label, tag_link
from vaultkit.site.tagged import tag_key
from vaultkit.site.ui import say

MAX_ITEMS = 200
MAX_TEXT = 5_000
_WEB = ("http://", "https://", "mailto:", "obsidian://")


def cell(context: Context, value: Any) -> str:
    """HTML of a value; "" for null."""
    if isinstance(value, bool):
        mark, name = ("✓", "yes") if value else ("✗", "no")
        return f'<span class="k-check" role="img" aria-label="{say(context.language, name)}">{mark}</span>'
    if isinstance(value, list):
        return _list(context, value)
    if isinstance(value, (Link, File)):
        return _link(context, value)
    if isinstance(value, Tag):
        shown = entities(str(value).removeprefix("#"))
        key = tag_key(str(value).removeprefix("#"))
        return tag_link(context, key, shown) if key in context.sitemap.tags else tag_label(shown)
    if isinstance(value, Moment):
        shown = text(value)
        return f'<time datetime="{shown.replace(" ", "T")}">{entities(shown)}</time>'
    if isinstance(value, dict):
        return f"<code>{entities(json.dumps(value, ensure_ascii=False, default=text)[:MAX_TEXT])}</code>"
    if isinstance(value, Shown) and value.kind == "image":
        return picture(context, value.value) or cell(context, value.value)
    if isinstance(value, str) and value.strip().lower().startswith(_WEB) and " " not in value.strip():
        return _web(value.strip(), value.strip())
    return entities(text(value)[:MAX_TEXT]).replace("&#10;", "<br>")


def picture(context: Context, value: Any, alt: str = "") -> str:
    """An image of the vault, or a colour, as a card's cover; "" for what is neither."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, Shown):
        value = value.value
    if isinstance(value, str) and len(value) in (4, 7) and value[0] == "#" and value[1:].isalnum():
        return f'<span class="k-cover" style="background:{entities(value)}"></span>'
    if isinstance(value, str) and not value.startswith(_WEB):
        value = context.sitemap.index.link(value, context.note.path)
    path = value.path if isinstance(value, (Link, File)) else None
    if not path or not IMAGE.search(path):
        return ""
    source = context.url(Target(None, None, "", path))
    return f'<img class="k-cover" src="{source}" alt="{entities(alt)}" loading="lazy">'


def file_link(context: Context, path: str, shown: str = "") -> str:
    """A link to a file by its title in the reader's language; its name alone if it has no place here."""
    page = context.sitemap.page_of(path) if path in context.vault.notes else context.sitemap.files.get(path)
    if page is None and (path in context.vault.notes or path.lower().endswith(".md")):
        return entities(shown or path.rsplit("/", 1)[-1].removesuffix(".md"))
    name = context.sitemap.title(page, context.language) if page else path.rsplit("/", 1)[-1]
    planned = ' class="k-planned"' if page and context.sitemap.planned(page) else ""
    url = context.url(Target(context.vault.notes.get(path), page, "", path))
    return f'<a href="{address(url)}"{planned}>{entities(shown or name)}</a>'


def _link(context: Context, value: Link | File) -> str:
    if isinstance(value, File):
        return file_link(context, value.path)
    if value.path:
        return file_link(context, value.path, value.display)
    if value.target.lower().startswith(_WEB):
        return _web(value.target, value.display or value.target)
    return f'<span class="k-missing">{entities(value.display or value.target)}</span>'


def _web(url: str, shown: str) -> str:
    return f'<a href="{entities(url)}" rel="noopener">{entities(shown)}</a>'


def _list(context: Context, items: list[Any]) -> str:
    shown = [cell(context, item) for item in items[:MAX_ITEMS]]
    shown = [part for part in dict.fromkeys(shown) if part]
    more = f" … (+{len(items) - MAX_ITEMS})" if len(items) > MAX_ITEMS else ""
    comma = "、" if context.language == "zh" else ", "
    between = " " if all(isinstance(item, Tag) for item in items) else comma
    return between.join(shown) + more
