"""A front page for a vault that has none: its folders, and the notes that are in no folder."""

from vaultkit.site.context import Context
from vaultkit.site.pages.parts import escape, page_link
from vaultkit.site.pages.sections import section_title, sections


def front_page(context: Context, name: str) -> list[str]:
    """Lines of Markdown of the page `index.md`."""
    lines = [f"# {escape(name)}", ""]
    for section in sections(context):
        lines.append(f"- [{escape(section_title(context, section))}]({section_file(context, section)})")
    loose = [page for page in context.sitemap.pages.values() if not page.section]
    return [*lines, "", *(f"- {page_link(context, page)}" for page in loose)]


def section_file(context: Context, section: str) -> str:
    """The staged page of a folder: its index, or the note of the folder's name."""
    taken = any(page.slug == section for page in context.sitemap.pages.values())
    return f"{section}.md" if taken else f"{section}/index.md"
