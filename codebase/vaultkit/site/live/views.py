"""A world as one language's pages see it: the same answers, each question logged."""

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

from vaultkit.api.coverage import Coverage
from vaultkit.bases.index import Entry, Index
from vaultkit.bases.model import Base, View
from vaultkit.bases.query import Answer
from vaultkit.note import Note
from vaultkit.site.anchors import Anchors
from vaultkit.site.body import Body
from vaultkit.site.clock import build_day
from vaultkit.site.compose import Inputs
from vaultkit.site.context import Context
from vaultkit.site.live.log import ALL, Key, Log, Paths, Table, Watched, WatchedEntry
from vaultkit.site.live.world import World
from vaultkit.site.paths import Language
from vaultkit.site.results import Results, Verdict
from vaultkit.site.sitemap import Page, SiteMap
from vaultkit.vault import Vault


class LoggedVault(Vault):
    """The vault of a world."""

    def __init__(self, log: Log, vault: Vault) -> None:
        notes = {path: cast(Note, Watched(log, note)) for path, note in vault.notes.items()}
        templates = {path: cast(Note, Watched(log, note)) for path, note in vault.templates.items()}
        super().__init__(
            vault.root,
            Table(log, "notes", notes),
            Paths(log, "files", vault.files),
            vault.problems,
            Table(log, "templates", templates),
            vault.disk,
            hidden=Paths(log, "hidden", vault.hidden),
        )
        self._log = log
        self.resolved = None  # so that each question is logged
        for name in ("by_name", "by_path", "by_alias"):
            self.__dict__[name] = Table(log, name, getattr(vault, name))

    def on_disk(self, path: str) -> Path:
        self._log.keys.add(("disk", path))
        return super().on_disk(path)


class LoggedIndex(Index):
    """What bases ask of the vault: one entry, which is read anew, or all of it."""

    def __init__(self, log: Log, vault: Vault, world: World) -> None:
        super().__init__(vault, Entries(log, self, world))
        self._log, self._world = log, world

    @property
    def backlinks(self) -> dict[str, list[str]]:  # type: ignore[override]
        self._log.keys |= {(ALL,), (ALL, "links"), (ALL, "embeds")}
        return self._world.index.backlinks


class Entries(dict[str, Entry]):
    """Entries by path; what an entry is read from logs itself."""

    def __init__(self, log: Log, index: Index, world: World) -> None:
        super().__init__()
        self._log, self._index, self._world = log, index, world

    @cached_property
    def _watched(self) -> dict[str, Entry]:
        entries = self._world.index.entries
        return {path: cast(Entry, WatchedEntry(self._log, entry)) for path, entry in entries.items()}

    def __getitem__(self, path: str) -> Entry:
        if path not in self._index.vault.files:
            raise KeyError(path)
        return self._watched[path] if (ALL,) in self._log.keys else self._index.entry(path)

    def get(self, path: str, default: Any = None) -> Any:
        return self[path] if path in self._index.vault.files else default

    def __contains__(self, path: object) -> bool:
        return path in self._index.vault.files

    def _all(self) -> dict[str, Entry]:
        self._log.keys.add((ALL,))
        return self._watched

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def keys(self) -> Any:
        return self._all().keys()

    def values(self) -> Any:
        return self._all().values()

    def items(self) -> Any:
        return self._all().items()


class LoggedMap(SiteMap):
    """The pages of a world; `keep` gives the answer to a base's question, asking if it must."""

    def __init__(self, log: Log, world: World, keep: Callable[[str, Callable[[], Answer]], Answer]) -> None:
        sitemap = world.sitemap
        vault = LoggedVault(log, sitemap.vault)
        pages, files = Table(log, "pages", sitemap.pages), Table(log, "pages of files", sitemap.files)
        super().__init__(vault, pages, sitemap.problems, files, sitemap.plain, sitemap.chinese)
        self._log, self._world, self._keep = log, world, keep
        self._asked: dict[tuple[str, str], set[Key]] = {}
        self._known: dict[tuple[str, str], Any] = {}
        self.__dict__["canvases"] = Table(log, "canvases", sitemap.canvases)
        self.__dict__["strict_breaks"] = sitemap.strict_breaks
        self.__dict__["tags"] = Table(log, "tags", sitemap.tags)
        self.__dict__["dates"] = Table(log, "dates", sitemap.dates)

    @property
    def index(self) -> Index:  # type: ignore[override]
        if "_index" not in self.__dict__:
            self.__dict__["_index"] = LoggedIndex(self._log, self.vault, self._world)
        return cast(Index, self.__dict__["_index"])

    @property
    def tag_root(self) -> str:  # type: ignore[override]
        self._log.keys.add(("tag root",))
        return self._world.sitemap.tag_root

    def answer(self, base: Base, view: View, this: str) -> Answer:
        question = repr((base, view, this, build_day()))
        return self._keep(question, partial(super().answer, base, view, this))

    def claim(self, path: str) -> str:
        self._log.keys.add(("claim", path))
        return self._world.sitemap.claim(path)

    def about(self, path: str) -> str:
        self._log.keys.add(("about", path))
        return self._world.sitemap.about(path)

    def builds_on(self, path: str) -> list[str]:
        found: list[str] = self._once("builds on", path, partial(super().builds_on, path))
        return found

    def title(self, page: Page, language: Language) -> str:
        title: str = self._once(language, page.key, partial(super().title, page, language))
        return title

    def planned(self, page: Page) -> bool:
        planned: bool = self._once("planned", page.key, partial(super().planned, page))
        return planned

    def once(self, what: str, key: str, find: Callable[[], str]) -> str:
        found: str = self._once(what, key, find)
        return found

    def _once(self, what: str, key: str, find: Callable[[], Any]) -> Any:
        """What many pages ask is found once; each page then has asked what this did."""
        question = (what, key)
        if question not in self._asked:
            with self._log.asked() as self._asked[question]:
                self._known[question] = find()
        self._log.keys |= self._asked[question]
        return self._known[question]

    def anchors(self, note: Note) -> Anchors:
        path = note.path
        if path not in self._world.sitemap.vault.notes:
            return super().anchors(note)
        self._log.keys.add(("anchors", path))
        return self._world.anchors(path)


class LoggedResults(Results):
    """The verdicts of a world."""

    def __init__(self, log: Log, world: World) -> None:
        self._verdicts: dict[str, Verdict | None] = Table(log, "verdicts", world.verdicts)

    def verdict(self, path: str) -> Verdict | None:
        return self._verdicts.get(path)


def logged_inputs(log: Log, world: World, language: Language, body: Callable[[Context], Body]) -> Inputs:
    return Inputs(
        Table(log, "backlinks", world.backlinks[language]),
        LoggedResults(log, world),
        Table(log, "places", world.places),
        body,
    )


def logged_api(log: Log, world: World) -> Coverage:
    api = world.api
    tables: dict[str, Any] = {
        name: Table(log, name, getattr(api, name)) for name in ("runs", "methods", "explains")
    }
    return Coverage(api.engine, **tables)
