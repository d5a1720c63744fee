"""What the explorer shows: the folders' titles, which the theme writes into pages, and one small file per
folder with its written notes, which a browser fetches with the first page of the folder.
"""

import json

from vaultkit.api.names import Engine
from vaultkit.note import parse_note
from vaultkit.site.context import Context
from vaultkit.site.pages.sections import section_title, sections
from vaultkit.site.paths import Language
from vaultkit.site.reference import SECTION, url_of
from vaultkit.site.sitemap import Page, SiteMap

TITLES = "assets/sections.json"
NOTES = "assets/explorer/{}.json"


def explorer(sitemap: SiteMap, language: Language, engine: Engine) -> dict[str, bytes]:
    """Staged files: TITLES `{folder: title}`, and NOTES `[[url, title], …]` of each folder."""
    context = Context(sitemap, language, Page("", "index", {}), parse_note("", ""))
    found: dict[str, list[tuple[str, str]]] = {section: [] for section in sections(context)}
    for page in (*sitemap.pages.values(), *sitemap.files.values()):
        if page.section and not sitemap.planned(page):
            found[page.section].append((page.url, sitemap.title(page, language)))
    if engine.rooms:
        found.setdefault(SECTION, []).extend((url_of(room), room.path) for room in engine.rooms)
    files = {TITLES: _json({section: section_title(context, section) for section in found})}
    return files | {NOTES.format(section): _json(rows) for section, rows in found.items()}


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "replace")
