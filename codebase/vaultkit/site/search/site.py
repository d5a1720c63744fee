"""Index a built site: all of it, or again only what has changed.

A build says `python -m vaultkit.site.search FOLDER`; a server that lives on keeps a `SiteIndex` and tells it
which pages are new.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vaultkit.site.search.files import FOLDER, ROOT, Writer
from vaultkit.site.search.index import Index

TITLES = "assets/titles.json"


class SiteIndex:
    """The search index of one language's half of a site, in `folder`/search.

    `others` are folders of `folder` that belong to another half. Not for several threads at once.
    """

    def __init__(self, folder: Path, others: Iterable[str] = ("zh",)) -> None:
        self.folder = folder
        self.others = frozenset(others)
        self._index = Index()
        self._writer = Writer(folder / FOLDER)
        self._known: list[Mapping[str, Any]] = []  # the titles of the last time

    def refresh(self, urls: Iterable[str] | None = None) -> list[str]:
        """Index these pages (URLs below `folder`: "concepts/kv-cache/"), or all; URLs of what had changed.

        Pages whose names have changed are indexed too, and one that is no longer there is forgotten. The
        files, which depend on the pages alone, are written before this returns; nothing is written if nothing
        had changed.
        """
        before, titles = self._known, self._titles()
        self._known = titles
        names = {entry["u"]: (entry["t"], *entry.get("a", ())) for entry in titles}
        every = urls is None
        wanted = set(self._all() if urls is None else urls)
        wanted |= {url for url, page in self._index.pages.items() if page.names != names.get(url, ())}
        gone = {url for url in (self._index.pages if every else wanted) if not self._file(url).is_file()}
        changed = [url for url in sorted(gone) if url in self._index.pages]
        for url in changed:
            self._index.remove(url)
        for url in sorted(wanted - gone):
            if self._index.put(url, self._file(url).read_text("utf-8", "replace"), names.get(url, ())):
                changed.append(url)
        if changed or titles != before or not (self.folder / FOLDER / ROOT).is_file():
            self._writer.write(self._index, titles)
        return changed

    def _file(self, url: str) -> Path:
        return self.folder / url / "index.html"

    def _all(self) -> Iterable[str]:
        for file in self.folder.rglob("index.html"):
            path = file.parent.relative_to(self.folder).as_posix()
            if path.partition("/")[0] not in self.others:
                yield "" if path == "." else path + "/"

    def _titles(self) -> list[Mapping[str, Any]]:
        try:
            titles: list[Mapping[str, Any]] = json.loads((self.folder / TITLES).read_text("utf-8"))
        except (OSError, ValueError):
            return []
        return titles
