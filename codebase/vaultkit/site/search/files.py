"""The index as files: `index.bin` names pages and chunks, `words/` holds chunks of terms, `pages/` the text.

All are JSON, compressed here and not left to the server, as many servers compress nothing. All but
`index.bin` have a hash of their content as name: a browser may keep them and never mixes two sites.
"""

import gzip
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from functools import cache
from operator import sub
from pathlib import Path
from typing import Any
from zlib import crc32

from vaultkit.site.search.index import Entry, Index
from vaultkit.site.search.variants import is_traditional, variants

FOLDER = "search"
ROOT = "index.bin"
CHUNK = 14_000  # bytes of JSON, about 5 kB to transfer
BOUND = 4096  # terms, on average, from one with which a chunk begins in any case to the next
PLANNED, API, LISTING = 1, 2, 4  # marks of a page


class Writer:
    """Writes an index into a folder; the second time only what has changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, str] = {}  # of a chunk, by term
        self.starts: list[str] = []  # the first term of each chunk
        self.chunks: list[str] = []  # their files' names
        self.variants = ""  # the name of the file of traditional characters
        self.texts: dict[str, tuple[object, str]] = {}  # by URL: what the text was made from, its file's name

    def write(self, index: Index, titles: Iterable[Mapping[str, Any]]) -> None:
        """Bring the files up to date. `titles` is the table of vaultkit.site.titles."""
        entries = list(titles)
        index.settle()
        for name in ("words", "pages"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self._words(index)
        root = self._root(index, entries)
        root |= {"words": self.starts, "chunks": self.chunks}
        table = variants(index.places)
        self.variants = self._put("words", table) if table[0] else ""
        at_once = any(is_traditional(name) for each in entries for name in (each["t"], *each.get("a", ())))
        root["variants"] = [self.variants, int(at_once)]
        kept = {self._put("", root, ROOT)}
        kept |= {f"words/{name}.bin" for name in (*self.chunks, self.variants)}
        kept |= {f"pages/{name}.bin" for _, name in self.texts.values()}
        for file in self.folder.rglob("*"):
            if file.is_file() and file.relative_to(self.folder).as_posix() not in kept:
                file.unlink()
        index.touched.clear()

    def _words(self, index: Index) -> None:
        for term in index.touched:
            if term in index.places:
                self.rows[term] = _row(term, index.places[term])
            else:
                self.rows.pop(term, None)
        self.starts, self.chunks = [], []
        rows: list[str] = []
        size = 0
        for term in sorted(self.rows):
            if size > CHUNK or (rows and _is_bound(term)):
                self.chunks.append(self._put("words", "{" + ",".join(rows) + "}"))
                rows, size = [], 0
            if not rows:
                self.starts.append(term)
            rows.append(self.rows[term])
            size += len(rows[-1])
        if rows:
            self.chunks.append(self._put("words", "{" + ",".join(rows) + "}"))

    def _root(self, index: Index, titles: list[Mapping[str, Any]]) -> dict[str, object]:
        """Pages as [URL, title, other names, marks, first passage, passages, text], parts of pages (names of
        the API) as [page, anchor, title, other names].
        """
        numbers: dict[str, int] = {}
        pages: list[list[object]] = []
        summaries: dict[str, dict[str, str]] = {}
        for entry in titles:
            url, _, anchor = entry["u"].partition("#")
            if "d" in entry:
                summaries.setdefault(url, {})[anchor] = entry["d"]
        known = {entry["u"]: entry for entry in titles}
        searched = {url for url, page in index.pages.items() if page.passages}
        for url in sorted(searched | {url for url in known if "#" not in url}):
            entry, page = known.get(url, {}), index.pages.get(url)
            marks = PLANNED * ("p" in entry) | API * ("c" in entry) | LISTING * bool(page and page.listing)
            title = entry.get("t") or (page.passages[0].heading if page and page.passages else url)
            text = self._text(url, page, summaries.get(url, {}))
            numbers[url] = len(pages)
            place = [page.start, len(page.passages)] if page else [-1, 0]
            pages.append([url, title, entry.get("a", []), marks, *place, text])
        self.texts = {url: text for url, text in self.texts.items() if url in numbers}
        parts = []
        for entry in titles:
            url, _, anchor = entry["u"].partition("#")
            if anchor and url in numbers:
                names = [name for name in entry.get("a", []) if name != anchor]
                parts.append([numbers[url], anchor, entry["t"], names])
        return {"pages": pages, "parts": parts}

    def _text(self, url: str, page: Entry | None, summaries: dict[str, str]) -> str:
        rows = [[p.anchor, p.heading, p.text] for p in page.passages] if page else []
        source = (page.digest if page else b"", summaries)
        if url in self.texts and self.texts[url][0] == source:
            return self.texts[url][1]
        name = self._put("pages", {"d": summaries, "s": rows}) if rows or summaries else ""
        self.texts[url] = (source, name)
        return name

    def _put(self, folder: str, content: object, name: str = "") -> str:
        """Write a file unless it is there; its name, without folder and ending if it is a hash."""
        text = content if isinstance(content, str) else _json(content)
        raw = text.encode("utf-8")
        named = name or hashlib.blake2b(raw, digest_size=5).hexdigest()
        path = f"{self.folder / folder}/{name or f'{named}.bin'}"
        if name or not os.path.isfile(path):
            with open(f"{path}.part", "wb") as part:
                part.write(gzip.compress(raw, 6, mtime=0))
            os.replace(f"{path}.part", path)
        return named


@cache
def _is_bound(term: str) -> bool:
    """True for terms with which a chunk begins in any case: no change reaches beyond them."""
    return crc32(term.encode("utf-8", "replace")) % BOUND == 0


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _row(term: str, places: list[int]) -> str:
    steps = [places[0], *map(sub, places[1:], places)]
    return f"{json.dumps(term, ensure_ascii=False)}:{str(steps).replace(' ', '')}"
