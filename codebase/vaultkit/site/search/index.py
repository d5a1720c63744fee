"""The words of one language's pages and where they stand, kept so that a changed page changes little.

Every passage has a number; a page owns a range of them, and after `settle` the numbers follow the pages'
URLs, so that the index depends on the pages alone and not on the order in which they changed. A place is
`number << 3 | weight`: the weight is 7 in a name of the page, 6 in the passage's heading, 1 to 5 in its text,
by how much of it the word makes up.
"""

import hashlib
from bisect import bisect_left, insort
from dataclasses import dataclass, field

from vaultkit.site.search.passages import Passage, is_listing, passages
from vaultkit.site.search.terms import terms

NAME, HEADING = 7, 6
TYPICAL = 120  # terms of a passage


@dataclass(slots=True)
class Entry:
    """A page: what it was made from, its range of passages, its terms."""

    digest: bytes
    names: tuple[str, ...]
    start: int
    size: int
    passages: list[Passage]
    listing: bool
    terms: set[str]


@dataclass
class Index:
    """Pages by URL and, for each term, the sorted places; `touched` are terms whose places have changed."""

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
        found = passages(page)
        size = len(found) or 1
        if old and size <= old.size:
            start, size = old.start, old.size
        else:
            start, self.end = self.end, self.end + size
        before = self._taken_out(old) if old else {}
        terms = self._put_in(_weights(found, names), start)
        self.pages[url] = Entry(digest, names, start, size, found, is_listing(page), terms)
        if old:
            after = {term: self._part(term, start, size) for term in terms}
            self.touched |= {term for term in {*before, *after} if before.get(term) != after.get(term)}
        else:
            self.touched |= terms
        return True

    def settle(self) -> None:
        """Number the passages anew, page by page in the order of URLs, if they are not so already."""
        end, moved, numbers = 0, False, [0] * self.end
        for url in sorted(self.pages):
            entry = self.pages[url]
            size = len(entry.passages) or 1
            moved |= (entry.start, entry.size) != (end, size)
            numbers[entry.start : entry.start + size] = range(end, end + size)
            entry.start, entry.size = end, size
            end += size
        self.end = end
        if moved:
            for term, known in self.places.items():
                self.places[term] = sorted(numbers[place >> 3] << 3 | place & 7 for place in known)
            self.touched |= self.places.keys()

    def remove(self, url: str) -> None:
        """Forget a page."""
        if entry := self.pages.pop(url, None):
            self.touched |= self._taken_out(entry).keys()

    def _part(self, term: str, start: int, size: int) -> list[int]:
        """Places of a term in a range of passages."""
        known = self.places[term]
        return known[bisect_left(known, start << 3) : bisect_left(known, (start + size) << 3)]

    def _taken_out(self, entry: Entry) -> dict[str, list[int]]:
        """The places of a page's terms, which are no longer in the index."""
        before = {}
        low, high = entry.start << 3, (entry.start + entry.size) << 3
        for term in entry.terms:
            known = self.places[term]
            first, last = bisect_left(known, low), bisect_left(known, high)
            before[term] = known[first:last]
            del known[first:last]
            if not known:
                del self.places[term]
        return before

    def _put_in(self, weights: list[dict[str, int]], start: int) -> set[str]:
        places = self.places
        for number, passage in enumerate(weights, start):
            for term, weight in passage.items():
                place = number << 3 | weight
                known = places.get(term)
                if known is None:
                    places[term] = [place]
                elif known[-1] < place:
                    known.append(place)
                else:
                    insort(known, place)
        return set().union(*weights)


def _weights(found: list[Passage], names: tuple[str, ...]) -> list[dict[str, int]]:
    """For each passage the weights of its terms. Names of the page stand in its first."""
    weights = [_weight(passage) for passage in found] or [{}]
    for name in names:
        weights[0] |= dict.fromkeys(terms(name), NAME)
    return weights


def _weight(passage: Passage) -> dict[str, int]:
    """Term: 1 to 6. The text's part is what BM25 makes of how often a term stands in so long a text."""
    counts = terms(passage.text)
    rest = 1.2 * (0.25 + 0.75 * counts.total() / TYPICAL)
    weights = dict.fromkeys(counts, 1 + int(5 / (1 + rest)))
    for term, times in counts.items():
        if times > 1:
            weights[term] = 1 + min(4, int(5 * times / (times + rest)))
    return weights | dict.fromkeys(terms(passage.heading), HEADING) if passage.heading else weights
