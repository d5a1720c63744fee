"""Which pages and files may give a problem at staging; a cheap look that passes over none which does."""

import re

from vaultkit.site.context import Context
from vaultkit.site.paths import Language
from vaultkit.site.sitemap import SiteMap

_EXTERNAL_IMAGE = re.compile(r"!\[.*\]\(\s*<?(?:[A-Za-z][A-Za-z0-9+.-]*:|//)")


def suspects(sitemap: SiteMap, language: Language) -> tuple[set[str], set[str]]:
    """Keys of notes' pages, and paths of linked files that cannot be read."""
    pages: set[str] = set()
    files: set[str] = set()
    for key, page in sitemap.pages.items():
        if not page.translated(language):
            continue
        context = Context(sitemap, language, page, sitemap.vault.notes[page.note(language)])
        if _EXTERNAL_IMAGE.search(context.note.text) or _has_odd_link(context):
            pages.add(key)
        files |= context.files
    return pages, {path for path in files if not _is_readable(sitemap, path)}


def _has_odd_link(context: Context) -> bool:
    """True if a link leads to what the site does not show; notes the files that links name."""
    for link in context.note.links:
        if not link.target and not link.subpath:
            continue
        target = context.find(link.target, link.subpath, link.line)
        if target and target.page is None:
            context.files.add(target.file)
    return bool(context.problems)


def _is_readable(sitemap: SiteMap, path: str) -> bool:
    try:
        with open(sitemap.vault.on_disk(path), "rb"):
            return True
    except OSError:
        return False
