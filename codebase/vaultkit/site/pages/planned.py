"""The list of planned notes (`status: stub`) on the page whose property `kind` is `planned-notes`."""

from vaultkit.backlinks import Backlink
from vaultkit.site.context import Context
from vaultkit.site.pages.parts import page_link, prose
from vaultkit.site.sitemap import Page
from vaultkit.site.ui import say

KIND = "planned-notes"


def planned(context: Context, backlinks: dict[str, list[Backlink]]) -> list[str]:
    """Lines of Markdown: each planned note with its other names, its claim and who links to it.

    None when the page embeds a base: then the list is the author's own, in Obsidian and here.
    """
    if any(link.kind == "embed" and link.target.lower().endswith(".base") for link in context.note.links):
        return []
    pages = [page for page in context.sitemap.pages.values() if context.sitemap.planned(page)]
    lines = ["", say(context.language, "count_planned", count=len(pages)), ""]
    lines += ['<div class="k-list" markdown="1">', ""]
    for page in sorted(pages, key=lambda p: (-len(_readers(context, p, backlinks)), p.slug)):
        text = context.sitemap.claim(page.note(context.language))
        lines += [f"- {page_link(context, page)} {_names(context, page)}"]
        lines += ["", f"    {text}", ""] if text else []
        readers = " · ".join(page_link(context, p) for p in _readers(context, page, backlinks))
        if readers:
            lines += ["", f"    {say(context.language, 'linked_by', links=readers)}", "    {: .k-small }", ""]
    return [*lines, "</div>", ""]


def _readers(context: Context, page: Page, backlinks: dict[str, list[Backlink]]) -> list[Page]:
    """Pages that link here, the planned list and other stubs left out."""
    found: dict[str, Page] = {}
    for backlink in backlinks.get(page.key, []):
        source = context.sitemap.page_of(backlink.source)
        if source and not context.sitemap.planned(source) and source.key != context.page.key:
            found[source.key] = source
    return list(found.values())


def _names(context: Context, page: Page) -> str:
    """The other names of the note, both languages'."""
    shown = context.sitemap.title(page, context.language)
    english = context.vault.notes[page.note("en")]
    names = [english.title, context.vault.notes[page.note("zh")].title, *english.aliases]
    others = [name for name in dict.fromkeys(names) if name != shown]
    return f'<span class="k-names">{prose(" · ".join(others))}</span>'
