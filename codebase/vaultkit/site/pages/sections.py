"""One index page per folder of notes: written ones with their claims, then the names of planned ones."""

import re

from vaultkit.site.context import Context
from vaultkit.site.pages.parts import page_link
from vaultkit.site.pages.reading_list import progress_bar
from vaultkit.site.ui import STRINGS, say

LISTS = "reading-lists"


def section_title(context: Context, section: str) -> str:
    key = f"section_{section}"
    if key in STRINGS and not context.sitemap.plain:
        return say(context.language, key)
    folder = next(
        (
            page.key.partition("/")[0]
            for page in (*context.sitemap.pages.values(), *context.sitemap.files.values())
            if page.section == section
        ),
        "",
    )
    return folder or section.replace("-", " ").capitalize()


def section_index(context: Context, section: str) -> list[str]:
    """Lines of Markdown of the page `<section>/`."""
    pages = [page for page in context.sitemap.pages.values() if page.section == section]
    pages.sort(key=lambda page: context.sitemap.title(page, context.language).lower())
    written = [page for page in pages if not context.sitemap.planned(page)]
    stubs = [page for page in pages if context.sitemap.planned(page)]
    key = "section_count" if stubs else "section_written_one" if len(written) == 1 else "section_written"
    count = say(context.language, key, written=len(written), planned=len(stubs))
    lines = [f"# {section_title(context, section)}", "", count, "{: .k-small }", ""]
    if written:
        lines += ['<div class="k-cards" markdown="1">', ""]
        for page in written:
            text = context.sitemap.claim(page.note(context.language))
            bar = progress_bar(context, context.vault.notes[page.note("en")]) if section == LISTS else ""
            lines += [f"- {page_link(context, page)}", "", f"    {text}" if text else "", ""]
            lines += [f"    {bar}", ""] if bar else []
        lines += ["</div>", ""]
    if stubs:
        box = "k-columns" if written else "k-list"  # where nothing is written, what will be is said at length
        lines += [
            f"## {say(context.language, 'planned_heading')}",
            "",
            f'<div class="{box}" markdown="1">',
            "",
        ]
        for page in stubs:
            text = "" if written else context.sitemap.claim(page.note(context.language))
            lines += [f"- {page_link(context, page)}", *(["", f"    {text}", ""] if text else [])]
        lines += ["", "</div>", ""]
    files = [page for page in context.sitemap.files.values() if page.section == section]
    if files:
        lines += ['<div class="k-columns" markdown="1">', ""]
        lines += [f"- {page_link(context, page)}" for page in files]
        lines += ["", "</div>", ""]
    return lines


def sections(context: Context) -> list[str]:
    """Folders that have pages, those of canvases and bases too, as Obsidian sorts them: 2 before 10."""
    pages = [*context.sitemap.pages.values(), *context.sitemap.files.values()]
    return sorted({page.section for page in pages if page.section}, key=_natural)


def _natural(name: str) -> list[str | int]:
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]
