"""The site of one project while its vault changes: each change is brought to the pages it touches."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

from vaultkit.api.coverage import engine_of
from vaultkit.api.names import Engine
from vaultkit.check.again import Lint
from vaultkit.errors import Problem, VaultError
from vaultkit.site.build import INDEX, Report, build, faults_of, shown
from vaultkit.site.clock import build_day
from vaultkit.site.fingerprint import keys
from vaultkit.site.graph import graph_of
from vaultkit.site.katex import Renderer
from vaultkit.site.live.changes import changed_keys
from vaultkit.site.live.log import Key
from vaultkit.site.live.published import Published
from vaultkit.site.live.searcher import Searcher
from vaultkit.site.live.tree import ENGINE, Tree
from vaultkit.site.live.world import World
from vaultkit.site.paths import LANGUAGES, Language, Layout
from vaultkit.site.publish import publish
from vaultkit.site.reference import addresses
from vaultkit.site.stage import GRAPH, Staged
from vaultkit.site.stage import write as write_tree
from vaultkit.site.state import Mode, State, forget, one_builder, passed, save

MODE: Mode = "lenient"  # who writes sees what is written, its faults beside it


@dataclass
class Update:
    """What a change came to. `again`: the session is of no use any more, as all pages are others now.
    `stopped`: something could not be rendered, and not all of the change was published. `faults`: those of
    the problems that stop a draft.
    """

    again: bool = False
    problems: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    stopped: bool = False
    written: list[str] = field(default_factory=list)  # addresses of files, from the root of the site
    seconds: float = 0.0


class Session:
    """Vault, staged trees and MkDocs in memory. `build` first, then `update` after each change."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        _, self.tools, self.engine_key = keys(layout)
        self.engine: Engine = engine_of(layout.vault)
        self.renderer = Renderer(layout)
        self.world: World | None = None
        self.trees: dict[Language, Tree] = {}
        self._lint = Lint()
        self.published: dict[Language, Published] = {}
        self._report = Report(False, False)
        self.edited: set[str] = set()  # the staged files of pages of which the last update has read a note
        self.key = ""  # of what the last update read
        self.state: State | None = None  # what to save of it, once the search indexes are not behind
        self.behind: dict[Language, set[str]] = {}  # URLs of pages that the search indexes do not know so
        self.searchers = {language: Searcher(layout, language) for language in LANGUAGES}
        self.unsettled = False

    def build(self, mode: Mode = MODE) -> Report:
        """A whole build, which leaves the session ready; does little if the site is up to date."""
        self._report = report = build(self.layout, mode=mode, staging=self._stage_all)
        return report

    def get_ready(self) -> None:
        """After a build that went well: prepare for changes, which takes as long as staging does."""
        staged = self._report.built
        if not staged:
            self._checked(self._stage())
        os.environ["KVIST_STAGED"] = "1"  # the hook stages nothing in this process
        for language in LANGUAGES:
            files = self.trees[language].staged.files
            files = files if staged else self._on_disk(language)
            late = partial(self._search_later, language)
            self.published[language] = Published(self.layout, language, files, late)

    def _on_disk(self, language: Language) -> dict[str, bytes]:
        """What the site that is up to date was made from."""
        folder = self.layout.stage(language)
        paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}

    def _stage_all(
        self, layout: Layout, languages: tuple[Language, ...]
    ) -> tuple[list[Staged], list[Problem]]:
        problems = self._checked(self._stage())
        for language in languages:
            write_tree(self.trees[language].staged.files, layout.stage(language))
        return [self.trees[language].staged for language in languages], problems

    def _stage(self, changed: set[Key] | None = None) -> list[Problem]:
        """Read the vault and stage what has changed since the last time; what went wrong on the way."""
        before, self.world = self.world, None
        world = World.load(self.layout, before, self.engine)
        problems = [*world.sitemap.problems, *self.engine.problems]
        for language in LANGUAGES:
            if before is None:  # nothing is known, or the last time ended halfway
                self.trees[language] = Tree(language)
            keys = changed_keys(before, world, language) if before else set()
            self.trees[language].update(world, keys | (changed or set()), self.renderer)
            problems += self.trees[language].staged.problems
        self.world = world
        self.unsettled = True
        self.edited = _edited(before, world)
        if before is None:
            graph = graph_of(world.sitemap, self.layout.cache / GRAPH)
            for tree in self.trees.values():
                tree.finish(world, tree.of_all(world, graph))
            self.unsettled = False
        return problems

    def _checked(self, problems: list[Problem]) -> list[Problem]:
        """These and what the lint finds, in order."""
        assert self.world is not None
        found = {*problems, *self._lint.check(self.world.vault)}
        return sorted(found, key=lambda p: (p.path, p.line, p.code, p.message))

    def settle(self, asked: Callable[[], bool] = lambda: False) -> Update:
        """After updates: bring what is made of all notes together, which no page of a note waits for; if
        somebody has `asked` for something else meanwhile, leave it for later.
        """
        started = perf_counter()
        with one_builder(self.layout):
            done = Update()
            if self.world is not None and self.unsettled:
                graph = graph_of(self.world.sitemap, self.layout.cache / GRAPH)
                parts = []
                for tree in self.trees.values():
                    if asked():
                        return done
                    parts.append(tree.of_all(self.world, graph))
                if asked():
                    return done
                for tree, part in zip(self.trees.values(), parts, strict=True):
                    tree.finish(self.world, part)
                self.unsettled = False
            if self.state is not None:  # else something has stopped the last update
                done = self._bring_all()
            for published in self.published.values():
                published.catch_up()
        done.seconds = perf_counter() - started
        return done

    def update(self) -> Update:
        """Bring what has changed to the site, faults and all. What cannot be read or rendered at all stops
        it: then the site stays as it was.
        """
        started = perf_counter()
        with one_builder(self.layout):
            try:
                done = self._update()
            except VaultError as error:
                lines = [str(problem) for problem in error.problems]
                done = Update(problems=lines, faults=lines, stopped=True)
        done.seconds = perf_counter() - started
        return done

    def _update(self) -> Update:
        self.state = None  # until this update is published nothing more of the last one is
        self.key, tools, engine_key = keys(self.layout)
        if tools != self.tools or not self.published:
            return Update(again=True)
        changed: set[Key] = set()
        if engine_key != self.engine_key:
            engine = engine_of(self.layout.vault)
            if _surface(engine) != _surface(self.engine):
                return Update(again=True)
            self.engine_key, self.engine, changed = engine_key, engine, {ENGINE}
        chinese = self.world and self.world.sitemap.chinese
        staged = self._stage(changed)
        if chinese != (self.world and self.world.sitemap.chinese) or self._frame_moved():
            return Update(again=True)
        forget(self.layout)
        done = self._bring_all()
        found = self._checked(staged)  # no page waits for the lint
        problems, faults = [shown(self.layout, problem) for problem in found], faults_of(self.layout, found)
        done.problems, done.faults = problems + done.problems, faults + done.faults
        if not done.stopped:
            self.state = self._state(found, problems, faults)
        return done

    def _bring_all(self) -> Update:
        complaints, written = [], []
        for language in LANGUAGES:
            new, wrong = self.published[language].bring(self.trees[language].staged.files, self.edited)
            complaints += wrong
            written += new
        return Update(problems=complaints, faults=complaints, stopped=bool(complaints), written=written)

    def _state(self, found: list[Problem], problems: list[str], faults: list[str]) -> State:
        trees = [tree.staged for tree in self.trees.values()]
        pages = sum(path.endswith(".md") for tree in trees for path in tree.files)
        day = str(build_day()) if any(tree.dated for tree in trees) else ""
        return State(self.key, passed(found, []), pages, problems, faults, day)

    def refresh_search(self) -> list[str]:
        """Bring the search indexes that are behind up to date and publish them; complaints. It may run beside
        updates, after which the indexes are behind again.
        """
        state, behind = self.state, self.behind
        self.behind = {}
        complaints = [line for lang, urls in behind.items() for line in self.searchers[lang].refresh(urls)]
        with one_builder(self.layout):
            for language in behind:
                publish(self.layout.html(language) / INDEX, self.layout.published(language) / INDEX)
            if state is not None and state is self.state:
                self.state = None  # nothing is owed; with complaints the next build makes the indexes
                if not complaints:
                    save(self.layout, state)
        return complaints

    def _search_later(self, language: Language, urls: set[str]) -> None:
        self.behind.setdefault(language, set()).update(urls)

    def _frame_moved(self) -> bool:
        trees = self.trees.items()
        return any(self.published[language].frame_moved(tree.staged.files) for language, tree in trees)


def _edited(before: World | None, world: World) -> set[str]:
    """The staged files of pages of which a note has another text than before."""
    if before is None:
        return set()
    old, new = before.sitemap.vault.notes, world.sitemap.vault.notes
    pages = (world.sitemap.page_of(path) for path, note in new.items() if old.get(path) is not note)
    return {page.file for page in pages if page}


def _surface(engine: Engine) -> object:
    """What of the engine is in the pages of notes: the addresses of its names."""
    return addresses(engine), dict(engine.types)
