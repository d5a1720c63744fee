"""Pages of tags: one for each, with the notes that carry it, and a list of all; plain HTML, as a tag may have
a thousand notes.
"""

import html
from collections.abc import Iterator
from urllib.parse import quote

from vaultkit.site.context import Context
from vaultkit.site.sitemap import Page, SiteMap
from vaultkit.site.tagged import Tag, tag_key, tag_slug
from vaultkit.site.ui import say

KIND = "tag"
LONGEST = 160  # characters of what a note is about


def all_tags_page(sitemap: SiteMap) -> Page:
    return Page("", f"{sitemap.tag_root}/index", {})


def tag_page(sitemap: SiteMap, tag: Tag) -> Page:
    return Page("", f"{sitemap.tag_root}/{tag_slug(tag.key)}", {})


def tag_label(shown: str) -> str:
    return f'<span class="k-tag">#{shown}</span>'


def chip(context: Context, tag: str, shown: str) -> str:
    """A tag of the current note as a label, `shown` being its name in HTML. It leads to the tag's page; that
    of a planned note does not, as there may be none.
    """
    sitemap = context.sitemap
    page = sitemap.page_of(context.note.path)
    key = tag_key(tag)
    if sitemap.plain or not key or page is None or sitemap.planned(page):
        return tag_label(shown)
    return tag_link(context, key, shown)


def tag_link(context: Context, key: str, shown: str) -> str:
    """The label of a tag that has a page."""
    sitemap = context.sitemap
    url = "../" * context.page.url.count("/") + quote(f"{sitemap.tag_root}/{tag_slug(key)}/")
    return f'<a class="k-tag" href="{url}">#{shown}</a>'


def tag_lines(context: Context, tag: Tag) -> list[str]:
    """Lines below the title: where the tag stands, its notes, then those of the tags below it."""
    sitemap, language = context.sitemap, context.language
    lines = [_count(context, tag.total), "{: .k-small }", "", *_around(context, tag), ""]
    if tag.pages:
        lines += [_notes(context, tag), ""]
    for below in _all_below(sitemap, tag):
        if below.pages:
            head = f'<a href="{_url(context, below)}">{html.escape(_name(below))}</a>'
            lines += [f'<p class="k-tag-head">{head}</p>{_notes(context, below)}', ""]
    back = say(language, "all_tags", count=len(sitemap.tags))
    return [*lines, f'<p class="k-small"><a href="{_up(context)}{sitemap.tag_root}/">{back}</a></p>', ""]


def all_tags_lines(context: Context) -> list[str]:
    """Lines below the title of the list of all tags, each with the number of its notes."""
    sitemap = context.sitemap
    if not sitemap.tags:
        return [say(context.language, "no_tags"), ""]
    top = [tag for tag in sitemap.tags.values() if not tag.above]
    return [_tree(context, top, "k-tag-tree"), ""]


def _tree(context: Context, tags: list[Tag], name: str) -> str:
    rows = []
    for tag in sorted(tags, key=lambda tag: tag.name.lower()):
        below = [context.sitemap.tags[key] for key in tag.below]
        inner = _tree(context, below, "k-tag-branch") if below else ""
        rows.append(f"<li>{_link(context, tag, last=bool(tag.above))}{inner}</li>")
    return f'<ul class="{name}">{"".join(rows)}</ul>'


def _around(context: Context, tag: Tag) -> list[str]:
    """The tag above, those beside it, and those right below it."""
    tags = context.sitemap.tags
    rows = []
    if tag.above:
        above = tags[tag.above]
        beside = [tags[key] for key in above.below if key != tag.key]
        rows = [("tag_above", [above]), ("tag_beside", beside)]
    rows.append(("tag_below", [tags[key] for key in tag.below]))
    return [
        f'<p class="k-tag-row"><span class="k-label">{say(context.language, key)}</span> '
        f"{' '.join(_link(context, other) for other in found)}</p>"
        for key, found in rows
        if found
    ]


def _all_below(sitemap: SiteMap, tag: Tag) -> Iterator[Tag]:
    for key in tag.below:
        yield sitemap.tags[key]
        yield from _all_below(sitemap, sitemap.tags[key])


def _notes(context: Context, tag: Tag) -> str:
    """The notes that carry a tag, by title in the reader's language, each with what it is about."""
    sitemap, language = context.sitemap, context.language
    rows = []
    for page in (sitemap.pages[key] for key in tag.pages):
        title = sitemap.title(page, language)
        foreign = "" if page.translated(language) else f' lang="{"en" if language == "zh" else "zh"}"'
        text = sitemap.description(page.note(language), LONGEST)
        told = f"<p{foreign}>{html.escape(text)}</p>" if text else ""
        link = f'<a href="{_up(context)}{quote(page.url)}">{html.escape(title)}</a>'
        rows.append((title.lower(), page.slug, f"<li><p>{link}</p>{told}</li>"))
    return f'<ul class="k-tagged">{"".join(row for *_, row in sorted(rows))}</ul>'


def _link(context: Context, tag: Tag, *, last: bool = False) -> str:
    """A tag's label and the number of its notes; `last`: by the last part of its name."""
    name = html.escape(tag.name.rpartition("/")[2] if last else _name(tag))
    count = f'<span class="k-tag-count">{tag.total}</span>'
    return f'<a class="k-tag" href="{_url(context, tag)}">{name}</a> {count}'


def _name(tag: Tag) -> str:
    return f"#{tag.name}"


def _url(context: Context, tag: Tag) -> str:
    return _up(context) + quote(tag_page(context.sitemap, tag).url)


def _up(context: Context) -> str:
    return "../" * context.page.url.count("/")


def _count(context: Context, count: int) -> str:
    return say(context.language, "tag_count" if count != 1 else "tag_count_one", count=count)
