"""One language's half of the site under MkDocs, kept ready: pages are rendered one by one, as in a build."""

import logging
import posixpath
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, cast

from mkdocs.commands import build as mkdocs_build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, get_files, set_exclusions
from mkdocs.structure.nav import Navigation, get_navigation
from mkdocs.structure.pages import Page

from vaultkit.labs.notebook import is_notebook
from vaultkit.site.assets import LIBRARIES, PLACES
from vaultkit.site.explorer import TITLES
from vaultkit.site.html.source import read
from vaultkit.site.live.splice import Finisher, spliced
from vaultkit.site.notebooks import prose_file
from vaultkit.site.outputs.for_mkdocs import Outputs
from vaultkit.site.outputs.listing import FILE as LISTING
from vaultkit.site.outputs.listing import SOURCES
from vaultkit.site.pages.graph import SLUGS
from vaultkit.site.paths import Language, Layout
from vaultkit.site.publish import replace_file, share
from vaultkit.site.tagged import ROOTS

_OUTPUTS = {"llms.txt", "feed.xml", "sitemap.xml"}
_ALIKE = re.compile(r"(?:^|/)(?:index|readme)\.md$", re.IGNORECASE)  # of which MkDocs may take only one
_ID = re.compile(r'<[^>]*?\s(?:id|name)="([^"]*)"')


class Half:
    """MkDocs' configuration, files, nav and templates of one language, for as long as they hold."""

    def __init__(self, layout: Layout, language: Language) -> None:
        self.folder = layout.html(language)
        self.site = layout.published(language)
        with _complaints():
            self.config: MkDocsConfig = load_config(str(layout.config(language)), site_dir=str(self.folder))
            self._nav = [path for entry in self.config.nav or [] for path in _paths(entry)]
            self.config.plugins.on_startup(command="build", dirty=False)
            self.config = self.config.plugins.on_config(self.config)
            self.config.plugins.on_pre_build(config=self.config)
        self._prose: dict[str, File] | None = None  # labs' files by those of their prose
        self._hooks = cast("dict[str, Any]", self.config.hooks).values()
        self.files, self.nav, self.env = self._look()
        self.finisher = Finisher(self.config.extra)
        self._behind: set[str] = set()  # pages that are as they should be in the published tree alone
        self._unsure = False  # after complaints: of some file that has come or gone nothing may be known

    def _look(self) -> tuple[Files, Navigation, Any]:
        """What `mkdocs build` makes before it reads the first page."""
        config = self.config
        with _complaints():
            files = get_files(config)
            env = config.theme.get_env()
            files.add_files_from_theme(env, config)
            files = config.plugins.on_files(files, config=config)
            set_exclusions(files, config)
            nav = get_navigation(files, config)
            nav = config.plugins.on_nav(nav, config=config, files=files)
            for file in files.documentation_pages():
                if file.page is None:
                    Page(None, file, config)
            env = config.plugins.on_env(env, config=config, files=files)
        return files, nav, env

    def frame(self, staged: Mapping[str, bytes]) -> list[str]:
        """What every page leads to, as far as it is there: the nav, the graph, all tags, the folders."""
        others = [*(f"{slug}.md" for slug in SLUGS), *(f"{root}/index.md" for root in ROOTS)]
        there = [path for path in [*self._nav, *others] if path in staged]
        return [*there, staged.get(TITLES, b"").decode()]

    def look_again(self, come: Iterable[str], gone: Iterable[str]) -> None:
        """After staged files have come or gone. Of a page outside the nav nothing else is to be known."""
        come, gone = [path for path in come if _seen(path)], [path for path in gone if _seen(path)]
        self._prose = None
        if self._unsure or any(not p.endswith(".md") or _ALIKE.search(p) for p in (*come, *gone)):
            self._unsure = False
            self.files, self.nav, self.env = self._look()
            return
        for path in gone:
            if file := self.files.get_file_from_path(path):
                self.files.remove(file)
        config = self.config
        for path in come:
            folder = str(config.docs_dir)
            file = File(path, folder, str(config.site_dir), use_directory_urls=config.use_directory_urls)
            set_exclusions([file], config)
            self.files.append(file)
            Page(None, file, config)

    def render(self, paths: Iterable[str]) -> tuple[set[str], list[str]]:
        """Render staged files. Paths written, and complaints."""
        changed = set(paths)
        written = {output_of(path) for path in changed if path.startswith(SOURCES)}
        written |= _OUTPUTS if LISTING in changed else set()
        with _complaints() as complaints:
            pages, static = self._files(changed)
            if LISTING in changed:
                pages, owed = self._listed_anew(pages)
                changed |= owed
                written |= {output_of(path) for path in owed}
            self.config.extra["k_changed"] = changed
            kept = {id(page) for page in self.nav.pages}
            for file in pages:
                if id(file.page) not in kept:
                    Page(None, file, self.config)  # takes the place of the old one
                mkdocs_build._populate_page(_page(file), self.config, self.files)
            for file in static:
                self._make_way(file.dest_uri)
                file.copy_file()
                written.add(file.dest_uri)
            listing = self.files.documentation_pages()
            for file in pages:
                self._make_way(file.dest_uri)
                mkdocs_build._build_page(_page(file), self.config, listing, self.nav, self.env)
                written.add(file.dest_uri)
                if is_notebook(file.src_uri):  # the plug-in puts it beside its page
                    written.add(
                        posixpath.join(posixpath.dirname(file.dest_uri), file.src_uri.rpartition("/")[2])
                    )
            for file in pages:
                self._check_anchors(_page(file))
            written |= self._libraries(pages)
            for file in pages:
                _forget(_page(file))
        self._unsure |= bool(complaints)
        return written, complaints

    def splice(
        self, wanted: Mapping[str, bytes], had: Mapping[str, bytes]
    ) -> Iterator[tuple[str, str, bytes | None]]:
        """The pages of which new parts can take the place of old ones: staged file, output, and what that is
        to hold, None for what it holds. `wanted` are staged files as they are now, `had` as they were for
        what is published.
        """
        for file in self._files(wanted)[0]:
            old, now = had.get(file.src_uri), wanted.get(file.src_uri, b"")
            if old is None or b"\r" in old or b"\r" in now or is_notebook(file.src_uri):
                continue
            try:
                shown = (self.site / file.dest_uri).read_text("utf-8")
            except OSError:
                continue
            html = spliced(shown, read(old.decode()), read(now.decode()), file.url, self.finisher)
            if html is not None:
                yield file.src_uri, file.dest_uri, None if html == shown else html.encode()

    def put(self, output: str, html: bytes) -> None:
        """Publish a page; this half's own tree is to `catch_up` later."""
        replace_file(self.site / output, html)
        self._behind.add(output)

    def catch_up(self) -> None:
        """Bring what was put into the published tree alone into this half's own."""
        for output in self._behind:
            share(self.site / output, self.folder / output)
        self._behind.clear()

    def _place(self, output: str) -> Path:
        """Where an output is as it should be."""
        return (self.site if output in self._behind else self.folder) / output

    def _make_way(self, path: str) -> None:
        """Before MkDocs writes a file: what stands there may be the published one too."""
        (self.folder / path).unlink(missing_ok=True)
        self._behind.discard(path)

    def _libraries(self, pages: list[File]) -> set[str]:
        """Files of the libraries that one of these pages needs for the first time."""
        assets = self.folder / "assets"
        places = [PLACES[name] for name in self.config.extra["k_used"]]
        new = [place for place in places if not (assets / place).exists()]
        for hook in self._hooks:  # a plug-in would throw out what it has not seen now
            if ending := getattr(hook, "on_post_build", None):
                ending(config=self.config)
        return self._in_assets(new) if pages else set()

    def _in_assets(self, places: Iterable[str] = PLACES.values()) -> set[str]:
        """The files of libraries, by their places."""
        folders = [self.folder / "assets" / place for place in places]
        files = [file for place in folders for file in (place, *place.rglob("*")) if file.is_file()]
        return {file.relative_to(self.folder).as_posix() for file in files}

    def unneeded(self) -> set[str]:
        """Libraries that no page needs any more, taken out; the paths of their files."""
        marks = {name: mark.encode() for name, mark in LIBRARIES.items()}
        marks = {
            name: mark for name, mark in marks.items() if (self.folder / "assets" / PLACES[name]).exists()
        }
        for file in self.files.documentation_pages():
            if not marks:
                break
            html = self._place(file.dest_uri).read_bytes()
            marks = {name: mark for name, mark in marks.items() if mark not in html}
        before = self._in_assets()
        for name in marks:
            place = self.folder / "assets" / PLACES[name]
            shutil.rmtree(place) if place.is_dir() else place.unlink()
            self.config.extra["k_used"].discard(name)
        return before - self._in_assets()

    def needs(self, paths: Iterable[str]) -> set[str]:
        """The libraries that these outputs need as they stand now."""
        marks = {name: mark.encode() for name, mark in LIBRARIES.items()}
        found: set[str] = set()
        for path in paths:
            with suppress(OSError):
                html = self._place(path).read_bytes() if path.endswith(".html") else b""
                found |= {name for name, mark in marks.items() if mark in html}
        return found

    def _files(self, paths: Iterable[str]) -> tuple[list[File], list[File]]:
        """The pages and the other files that come of staged files; a lab's prose is that of its notebook."""
        pages: dict[str, File] = {}
        static: dict[str, File] = {}
        if self._prose is None:
            self._prose = {prose_file(f.src_uri): f for f in self.files if is_notebook(f.src_uri)}
        for path in paths:
            file = self._prose.get(path) or self.files.get_file_from_path(path)
            if file is not None and file.inclusion.is_included():
                (pages if file.is_documentation_page() else static)[file.src_uri] = file
        return list(pages.values()), list(static.values())

    def _listed_anew(self, pages: list[File]) -> tuple[list[File], set[str]]:
        """The pages, with those of which the new list of pages says something else; sources of new pages."""
        old: Outputs = self.config.extra["k_outputs"]
        new = Outputs.of(self.config, old.layout, old.root, old.place.spoken)
        self.config.extra["k_outputs"] = new
        known = {file.src_uri for file in pages}
        for file in self.files.documentation_pages():
            url = _page(file).url
            if file.src_uri not in known and old.of_page(url, "") != new.of_page(url, ""):
                pages.append(file)
        return pages, {e.source for url, e in new.entries.items() if e.source and url not in old.entries}

    def _check_anchors(self, page: Page) -> None:
        """As MkDocs does after a build; of a page that was not rendered now they stand in its HTML."""
        for file in page.links_to_anchors or {}:
            if file.page is not None and file.page.present_anchor_ids is None:
                file.page.present_anchor_ids = self.anchors(file)
        level = self.config.validation.links.anchors
        page.validate_anchor_links(files=self.files, log_level=level)

    def anchors(self, file: File) -> set[str] | None:
        try:
            return set(_ID.findall(self._place(file.dest_uri).read_text("utf-8")))
        except OSError:
            return None


def _seen(path: str) -> bool:
    """True for a staged file that MkDocs looks at: none that is hidden."""
    return not any(part.startswith(".") for part in path.split("/"))


@cache
def output_of(path: str) -> str:
    """Where the output of a staged file stands in the site."""
    if path.startswith(SOURCES):
        page = path.removeprefix(SOURCES).removesuffix(".txt") + ".md"
        return File(page, "", "", True).dest_uri.removesuffix(".html") + ".md"
    return File(path, "", "", True).dest_uri if path.endswith(".md") else path


def _paths(entry: Any) -> Iterator[str]:
    """The pages that an entry of the nav names."""
    values = entry.values() if isinstance(entry, dict) else [entry]
    for value in values:
        if isinstance(value, list):
            yield from (path for inner in value for path in _paths(inner))
        else:
            yield str(value)


def _page(file: File) -> Page:
    assert file.page is not None
    return file.page


def _forget(page: Page) -> None:
    """Let go of what is large or will be another the next time."""
    page.markdown = page.content = page._title_from_render = None
    page.toc = []  # type: ignore[assignment]
    page.present_anchor_ids = page.links_to_anchors = None


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Warnings and errors that MkDocs logs meanwhile; under strict they stop a build."""
    found: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("mkdocs")
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.propagate = before
