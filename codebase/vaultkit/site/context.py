"""What a transform may ask: which page is staged, in which language, and where links lead."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import quote

from vaultkit.errors import Problem
from vaultkit.note import Note
from vaultkit.resolve import resolve, resolve_subpath
from vaultkit.site.draft import Line, Stash
from vaultkit.site.paths import Language
from vaultkit.site.sitemap import Page, SiteMap
from vaultkit.vault import Vault


@lru_cache(8192)
def quoted(path: str) -> str:
    """A path in an address."""
    return quote(path)


def as_attachment(path: str) -> str:
    """Path under which a file that is no page is published: a Markdown file, such as a template, as text."""
    return f"{path}.txt" if path.lower().endswith((".md", ".markdown")) else path


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link leads: a page (with an anchor or ""), or a file of the vault that is no note; `lost` if
    the page does not have the place that the link names.
    """

    note: Note | None
    page: Page | None
    anchor: str
    file: str
    lost: bool = False


@dataclass
class Context:
    """The page being staged and the note whose text is being transformed (another one inside an embed)."""

    sitemap: SiteMap
    language: Language
    page: Page
    note: Note
    stash: Stash = field(default_factory=Stash)
    problems: list[Problem] = field(default_factory=list)
    python: list[str] = field(default_factory=list)  # `path:line` of each Python block on the page
    files: set[str] = field(default_factory=set)
    title_line: int = 0  # of the heading that has become the page's title
    embedded: tuple[tuple[str, int], ...] = ()  # note and line of each embed that is open
    panels: list[str] = field(default_factory=list)  # embeds shown on the page so far
    pipeline: Callable[[str, "Context"], list[Line]] | None = None

    @property
    def vault(self) -> Vault:
        return self.sitemap.vault

    def inside(self, note: Note, line: int = 0) -> "Context":
        """The context for text of `note` embedded at a line of the current one."""
        return replace(self, note=note, embedded=self.open_at(line))

    def open_at(self, line: int) -> tuple[tuple[str, int], ...]:
        """Where embeds are open, this line of the current note included."""
        return (*self.embedded, (self.note.path, line))

    def report(self, line: Line | int, code: str, message: str, hint: str = "") -> None:
        """Note a problem at a line of the current note; embedded text is reported where it stands."""
        if not self.embedded:
            number = line if isinstance(line, int) else line.number
            self.problems.append(Problem(self.note.path, number, code, message, hint))

    def find(self, target: str, subpath: str, line: Line | int) -> Target | None:
        """The target of a link, None if there is none (which the lint reports: `vaultkit.check`)."""
        path = resolve(self.vault, target, self.note.path).path
        if path is None:
            return None
        if path not in self.vault.notes:
            return Target(None, self.sitemap.files.get(path), "", path)
        page = self.sitemap.page_of(path)
        if page is None:
            self.report(line, "unpublished-link", f"[[{target}]] leads to a note that is not on the site")
            return None
        note = self.vault.notes[path]
        anchor = self._anchor(note, page, subpath, line) if subpath else ""
        return Target(note, page, anchor or "", path, anchor is None)

    def _anchor(self, note: Note, page: Page, subpath: str, line: Line | int) -> str | None:
        """The anchor of a subpath on the page that the reader gets, "" if what is there has none, None if
        nothing is there.
        """
        found = resolve_subpath(note, subpath)
        if found is None:
            return None
        number = found if isinstance(found, int) else found.line
        anchor = self.sitemap.anchors(note).at(number)
        shown = self.vault.notes[page.note(self.language)]
        if anchor and anchor not in self.sitemap.anchors(shown).all:
            hint = "link a block id that stands in both languages, as headings differ"
            self.report(line, "anchor-not-in-pair", f"#{subpath}: {shown.path} has no such place", hint)
            return None
        return anchor or ""

    def href(self, target: Target) -> str:
        """Markdown destination of a link to the target, relative to the staged page."""
        if target.page is None:
            self.files.add(target.file)
            return self.up + quoted(as_attachment(target.file))
        anchor = f"#{quoted(target.anchor)}" if target.anchor else ""
        if target.page == self.page and anchor:
            return anchor
        return quoted(self.page.path_to(target.page)) + anchor

    def url(self, target: Target) -> str:
        """Address of the target from the page's own, for HTML that no Markdown reader looks into."""
        up = "../" * self.page.url.count("/")
        if target.page is None:
            self.files.add(target.file)
            return up + quoted(as_attachment(target.file))
        anchor = f"#{quoted(target.anchor)}" if target.anchor else ""
        return ((up + quoted(target.page.url)) or ("" if anchor else "./")) + anchor

    @property
    def up(self) -> str:
        """`../` as often as the staged page lies deep."""
        return "../" * self.page.slug.count("/")

    def other_language_url(self, page: Page) -> str:
        """URL of the same site's other language, relative to the current page's URL."""
        depth = "../" * self.page.url.count("/")
        return depth + ("zh/" if self.language == "en" else "../") + page.url or "./"
