"""The list of a language's pages that staging leaves for the outputs, in a file that is no page.

It knows nothing of where the site will stand: addresses are relative to the language's root.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from vaultkit.site.paths import Language
from vaultkit.site.recent import recent
from vaultkit.site.reference import SOURCES as CODE
from vaultkit.site.sitemap import Page, SiteMap

FILE = ".outputs/pages.json"
SOURCES = ".outputs/source/"  # the Markdown of each page, by slug


@dataclass(frozen=True, slots=True)
class Entry:
    """A page. `path` is its note's in the vault, "" for a page that the site has made; times are ISO 8601 in
    UTC or "". `source` names its Markdown among the staged files.
    """

    url: str
    title: str = ""
    text: str = ""
    section: str = ""
    path: str = ""
    source: str = ""
    languages: list[str] = field(default_factory=lambda: ["en", "zh"])
    planned: bool = False
    created: str = ""
    changed: str = ""


def listing(sitemap: SiteMap, language: Language, files: Iterable[str]) -> list[Entry]:
    """All pages of one language's tree, notes first; a note that it shows in the other language too."""
    times = {item.page.key: item for item in recent(sitemap, language)}
    entries = []
    for page in sitemap.pages.values():
        note = sitemap.vault.notes[page.note(language)]
        item = times.get(page.key)
        entries.append(
            Entry(
                page.url,
                sitemap.title(page, language),
                sitemap.description(note.path),
                page.section,
                note.path,
                source_file(page),
                ["en"] if sitemap.chinese else list(page.notes),  # which half it is of
                sitemap.planned(page),
                item.created.isoformat() if item and item.created else "",
                item.changed.isoformat() if item else "",
            )
        )
    known = {entry.url for entry in entries}
    for path, page in sitemap.files.items():
        entries.append(Entry(page.url, sitemap.title(page, language), section=page.section, path=path))
        known.add(page.url)
    others = sorted({_url(file) for file in files if _is_page(file)} - known)
    english = ["en"]  # of source files only one page counts
    return entries + [Entry(url, languages=english) if url.startswith(CODE) else Entry(url) for url in others]


def source_file(page: Page) -> str:
    """Where a page's Markdown stands in the staged tree; not as `.md`, which would be a page."""
    return f"{SOURCES}{page.slug}.txt"


def dump(entries: list[Entry]) -> bytes:
    return json.dumps([asdict(entry) for entry in entries], ensure_ascii=False).encode("utf-8", "replace")


def load(docs: Path) -> list[Entry]:
    """The list in a staged tree, [] if there is none."""
    try:
        return [Entry(**entry) for entry in json.loads((docs / FILE).read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def _is_page(file: str) -> bool:
    hidden = any(part.startswith(".") for part in file.split("/"))
    return file.endswith((".md", ".ipynb")) and not hidden


def _url(file: str) -> str:
    slug = file.rpartition(".")[0]
    return "" if slug == "index" else slug.removesuffix("index") if slug.endswith("/index") else slug + "/"
