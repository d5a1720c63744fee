"""The pages of the site: which note gives which URL, in which language, and which anchors it has."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from typing import Any

from vaultkit.bases.index import Index
from vaultkit.bases.model import Base, View
from vaultkit.bases.query import Answer, answer
from vaultkit.canvas.links import linked_files
from vaultkit.canvas.read import read_canvas
from vaultkit.errors import Problem
from vaultkit.history import Dates, history
from vaultkit.labs.notebook import SUFFIX, is_notebook
from vaultkit.lists.prerequisites import prerequisites
from vaultkit.memo import Memo
from vaultkit.note import Note
from vaultkit.pairs import canonical, translated
from vaultkit.published import public
from vaultkit.review.cards import topics
from vaultkit.site.anchors import Anchors, anchors_of
from vaultkit.site.bilingual import in_language
from vaultkit.site.chinese import is_chinese_vault
from vaultkit.site.clock import build_day
from vaultkit.site.describe import LONGEST, about, claim, shorten
from vaultkit.site.paths import Language
from vaultkit.site.settings import strict_line_breaks
from vaultkit.site.slugs import page_slug
from vaultkit.site.tagged import ROOTS, Tag, tags_of
from vaultkit.vault import Vault, read_text

HOME = "Home.md"
NOT_PUBLISHED = ("templates/",)
PAGE_FILES = ("canvas", "base")  # files that are no notes but have a page
_HAN = range(0x4E00, 0xA000)


@dataclass(frozen=True, slots=True)
class Page:
    """One page per language pair; `slug` is its path on the site, `key` the canonical note path."""

    key: str
    slug: str
    notes: dict[Language, str]
    plain: bool = False  # a notebook too is staged as Markdown

    @property
    def file(self) -> str:
        """Path in a staged tree."""
        return self.slug + (SUFFIX if is_notebook(self.key) and not self.plain else ".md")

    @property
    def url(self) -> str:
        """URL relative to a language's root: `concepts/kv-cache/`, "" for the front page."""
        if self.slug == "index":
            return ""
        return self.slug.removesuffix("index") if self.slug.endswith("/index") else self.slug + "/"

    @property
    def section(self) -> str:
        """First folder, "" for pages at the root."""
        return self.slug.partition("/")[0] if "/" in self.slug else ""

    def translated(self, language: Language) -> bool:
        return language in self.notes

    def note(self, language: Language) -> str:
        """Path of the note shown to readers of this language: its own, else the other language's."""
        return self.notes.get(language) or next(iter(self.notes.values()))

    def path_to(self, other: "Page") -> str:
        """Relative path from this page's staged file to the other's, for a Markdown link."""
        return (
            _folder_to(self.file.rpartition("/")[0], other.file.rpartition("/")[0])
            + (other.file.rpartition("/")[2])
        )


@lru_cache(4096)
def _folder_to(start: str, end: str) -> str:
    """Relative path from one folder to another with a slash at its end, "" for the same."""
    return "" if start == end else posixpath.relpath(end or ".", start or ".") + "/"


@dataclass
class SiteMap:
    """Pages of a vault by canonical note path; `problems` names notes that would share one URL."""

    vault: Vault
    pages: dict[str, Page]
    problems: list[Problem] = field(default_factory=list)
    files: dict[str, Page] = field(default_factory=dict)  # of canvases and bases, by path
    plain: bool = False  # an export: nothing but the vault's own
    chinese: bool = False  # its notes are Chinese and have no pairs: the whole site is in Chinese
    dated: bool = False  # set when a page depends on the day on which it was made
    memo: Memo = field(default_factory=Memo)  # what was found in notes, for maps of the same vault to come
    _anchors: dict[str, Anchors] = field(default_factory=dict)
    _builds_on: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, vault: Vault, *, plain: bool = False, chinese: bool | None = None, memo: Memo | None = None
    ) -> "SiteMap":
        """The pages of a vault, but for private notes; `plain`: for export, where no rule is ours. chinese:
        whether all its notes are taken for Chinese; None: as they are.
        """
        vault = public(vault)
        memo = memo or Memo()
        if chinese is None:
            chinese = not plain and is_chinese_vault(vault.notes.values(), memo)
        pages: dict[str, Page] = {}
        taken: dict[str, str] = {}
        problems = []
        for path in sorted(vault.notes):
            key = canonical(path)
            if key in pages or (path.startswith(NOT_PUBLISHED) and not plain):
                continue
            page = Page(key, page_slug(key), {"zh": path} if chinese else _languages(vault, key), plain)
            if plain:
                page = replace(page, slug=_free(page.slug, taken))
            if page.slug in taken:
                hint = "rename one: file names may not differ in case or punctuation only"
                problems.append(
                    Problem(path, 0, "same-url", f"has the same URL as {taken[page.slug]}: /{page.url}", hint)
                )
                continue
            taken[page.slug] = path
            pages[key] = page
        if "index" not in taken:
            problems.append(
                Problem(HOME, 0, "no-home", "is missing: it is the site's front page", "write it")
            )
        files = _file_pages(vault, taken)
        return cls(vault, pages, problems, files, plain=plain, chinese=chinese, memo=memo)

    def spoken(self, language: Language) -> Language:
        """The language in which this half of the site speaks."""
        return "zh" if self.chinese else language

    def lang(self, note: Note) -> Language:
        """The language of a note's text."""
        return "zh" if self.chinese else note.lang

    @cached_property
    def index(self) -> Index:
        """What bases ask of the vault, read once for all pages."""
        return Index.of(self.vault)

    def answer(self, base: Base, view: View, this: str) -> Answer:
        """What a view shows today; `this` is the note in which it stands."""
        return answer(base, view, self.index, build_day(), this)

    def typed(self, path: str, key: str) -> Any:
        """A property of the note at `path` as bases see it."""
        return self._reader.typed(key, self.vault.notes[path].properties[key], path)

    @cached_property
    def _reader(self) -> Index:
        return Index(self.vault)

    @cached_property
    def dates(self) -> dict[str, Dates]:
        """When each note was written and changed."""
        return history(self.vault, self.memo)

    @cached_property
    def strict_breaks(self) -> bool:
        """True if a single line end in a note is only a space."""
        return strict_line_breaks(self.vault.root)

    @cached_property
    def canvases(self) -> dict[str, list[Page]]:
        """Pages of the canvases that show a note, by its canonical path."""
        found: dict[str, list[Page]] = {}
        for path, page in self.files.items():
            if not path.lower().endswith(".canvas"):
                continue
            text, _ = read_text(self.vault.on_disk(path), path)
            linked = linked_files(self.vault, read_canvas(path, text or ""))
            for key in dict.fromkeys(canonical(other) for other in linked if other in self.vault.notes):
                found.setdefault(key, []).append(page)
        return found

    @cached_property
    def tags(self) -> dict[str, Tag]:
        """The tags of written notes, by key; none in an export, which has no pages of them."""
        found: dict[str, list[str]] = {}
        for key, page in self.pages.items():
            if not self.plain and not self.planned(page):
                notes = [self.vault.notes[path] for path in page.notes.values()]
                found[key] = [tag for note in notes for tag in topics(note)]
        return tags_of(found)

    @cached_property
    def tag_root(self) -> str:
        """Folder of the pages of tags; a vault that has a page or a folder of that name leaves it another."""
        pages = [*self.pages.values(), *self.files.values()]
        taken = {page.slug for page in pages} | {page.section for page in pages}
        return next((name for name in ROOTS if name not in taken), ROOTS[-1])

    def page_of(self, note_path: str) -> Page | None:
        return self.pages.get(canonical(note_path))

    def planned(self, page: Page) -> bool:
        """True for a note that is declared but not written (`status: stub` in either language)."""
        notes = self.vault.notes
        return any(notes[path].is_stub for path in page.notes.values())

    def title(self, page: Page, language: Language) -> str:
        """Title in this language; without a Chinese note, the first Chinese alias of the English one."""
        if not page.notes:
            name = page.key.rsplit("/", 1)[-1].rpartition(".")[0] or page.key
            return in_language(name, language)
        note = self.vault.notes[page.note(language)]
        if self.chinese:
            title = note.properties.get("title")
            return title if isinstance(title, str) and title.strip() else note.title
        if language == "zh" and not page.translated("zh"):
            return next(
                (alias for alias in note.aliases if any(ord(char) in _HAN for char in alias)), note.title
            )
        return note.title

    def once(self, what: str, key: str, find: Callable[[], str]) -> str:
        """What `find` gives: of a part that many pages show, a map that serves finds it but once."""
        return find()

    def claim(self, path: str) -> str:
        """The claim of the note at `path` as Markdown, "" if it has none."""
        note = self.vault.notes[path]
        return str(self.memo.of("claim", note, partial(claim, note)))

    def about(self, path: str) -> str:
        """What the note at `path` is about, as one line of plain text."""
        note = self.vault.notes[path]
        return str(self.memo.of("about", note, partial(about, note)))

    def description(self, path: str, longest: int = LONGEST) -> str:
        """The same, at most so long."""
        return shorten(self.about(path), longest)

    def builds_on(self, path: str) -> list[str]:
        """What the note at `path` builds on (`vaultkit.lists.prerequisites`)."""
        if path not in self._builds_on:
            self._builds_on[path] = prerequisites(self.vault, path)
        return self._builds_on[path]

    def anchors(self, note: Note) -> Anchors:
        """Anchors of a note, those of its translation included where the headings run in parallel."""
        if note.path not in self._anchors:
            page = self.page_of(note.path)
            other_path = next((p for p in page.notes.values() if p != note.path), None) if page else None
            other = self.vault.notes[other_path] if other_path else None
            self._anchors[note.path] = anchors_of(note, other)
        return self._anchors[note.path]


def _file_pages(vault: Vault, taken: dict[str, str]) -> dict[str, Page]:
    """Pages of canvases and bases; one that shares its name with a note says in its URL what it is."""
    found: dict[str, Page] = {}
    for path in sorted(vault.files):
        stem, _, kind = path.rpartition(".")
        if kind.lower() not in PAGE_FILES or path.startswith(NOT_PUBLISHED):
            continue
        folder, slash, name = stem.rpartition("/")
        stem = folder + slash + in_language(name, "en")
        slugs = [
            page_slug(stem + ".md"),
            f"{page_slug(stem + '.md')}-{kind.lower()}",
            page_slug(f"{stem}.{kind}"),
        ]
        slug = next((slug for slug in slugs if slug not in taken and not slug.endswith("index")), "")
        number = 2
        while not slug or slug in taken:
            slug, number = f"{slugs[1]}-{number}", number + 1
        taken[slug] = path
        found[path] = Page(path, slug, {})
    return found


def _free(slug: str, taken: dict[str, str]) -> str:
    """A slug whose page has no other's URL: `a` and `a/index` are one place."""
    number, name = 2, slug
    while name in taken or f"{name}/index" in taken or name.removesuffix("/index") in taken:
        name, number = f"{slug}-{number}", number + 1
    return name


def _languages(vault: Vault, key: str) -> dict[Language, str]:
    found: dict[Language, str] = {}
    if key in vault.notes:
        found["en"] = key
    if translated(key) in vault.notes:
        found["zh"] = translated(key)
    return found
