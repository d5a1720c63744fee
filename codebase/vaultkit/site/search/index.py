"""The words of one language's pages and where they stand, kept so that a changed page changes little.

Every passage has a number. A place is `number << 3 | weight`, weight 1 to 7: 7 in a name of the page, 6 in the
passage's heading, 1 to 5 in its text, by how much of the text the word makes up. A page owns a range of numbers.
"""

import hashlib
from bisect import bisect_left
from dataclasses import dataclass, field

from vaultkit.site.search.passages import Passage, is_listing, passages
from vaultkit.site.search.terms import terms

NAME, HEADING = 7, 6
TYPICAL = 120  # terms of a passage


@dataclass(slots=True)
class Entry:
    """A page: what it was made from, its range of passages, its terms with their places."""

    digest: bytes
    names: tuple[str, ...]
    start: int
    size: int
    passages: list[Passage]
    listing: bool
    places: dict[str, list[int]]


@dataclass
class Index:
    """Pages by URL and, for each term, the sorted places; `touched` are terms changed since the last writing."""

    pages: dict[str, Entry] = field(default_factory=dict)
    places: dict[str, list[int]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    end: int = 0

    def put(self, url: str, page: str, names: tuple[str, ...] = ()) -> bool:
        """Enter a page's HTML, in the place of what was known of it; False if that is the same."""
        digest = hashlib.blake2b(page.encode("utf-8", "replace"), digest_size=16).digest()
        old = self.pages.get(url)
        if old and old.digest == digest and old.names == names:
            return False
        found = old.passages if old and old.digest == digest else passages(page)
        size = len(found) or 1
        if old and size <= old.size:
            start, size = old.start, old.size
        else:
            start, self.end = self.end, self.end + size
        self._take_out(old)
        entry = Entry(digest, names, start, size, found, is_listing(page), _places(found, names, start))
        self._put_in(entry, old)
        self.pages[url] = entry
        return True

    def remove(self, url: str) -> None:
        """Forget a page."""
        if entry := self.pages.pop(url, None):
            self._take_out(entry)
            self.touched |= entry.places.keys()

    def _take_out(self, entry: Entry | None) -> None:
        if not entry:
            return
        low, high = entry.start << 3, (entry.start + entry.size) << 3
        for term in entry.places:
            found = self.places[term]
            del found[bisect_left(found, low) : bisect_left(found, high)]
            if not found:
                del self.places[term]

    def _put_in(self, entry: Entry, old: Entry | None) -> None:
        before = old.places if old else {}
        self.touched |= before.keys() - entry.places.keys()
        for term, new in entry.places.items():
            if before.get(term) != new:
                self.touched.add(term)
            known = self.places.setdefault(term, [])
            if not known or known[-1] < new[0]:
                known += new
            else:
                at = bisect_left(known, new[0])
                known[at:at] = new


def _places(found: list[Passage], names: tuple[str, ...], start: int) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    named = {term for name in names for term in terms(name)}
    for number, passage in enumerate(found, start):
        weights = _weights(passage)
        if number == start:
            weights |= dict.fromkeys(named, NAME)
        for term, weight in weights.items():
            places.setdefault(term, []).append(number << 3 | weight)
    if not found:
        places = {term: [start << 3 | NAME] for term in named}
    return places


def _weights(passage: Passage) -> dict[str, int]:
    """Term: 1 to 6. The text's part is what BM25 makes of how often a term stands in so long a text."""
    counts = terms(passage.text)
    rest = 1.2 * (0.25 + 0.75 * counts.total() / TYPICAL)
    weights = {term: 1 + min(4, int(5 * times / (times + rest))) for term, times in counts.items()}
    return weights | dict.fromkeys(terms(passage.heading), HEADING)
