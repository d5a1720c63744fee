"""The tags of the published notes: which page carries which, and where the page of a tag stands.

Upper and lower case are one tag, as in Obsidian, in the spelling used most; `a/b` stands below `a`. Planned
notes do not count. The address of a tag is found from its name alone, so that a page with a tag does not
depend on the other pages that have it.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from vaultkit.site.slugs import slugify

ROOTS = ("tags", "note-tags", "note-tags-2", "note-tags-3")  # the first that no page of the vault has
_CLEAN = re.compile(r"[\w-]+")
_TAKEN = frozenset({"index", "readme"})  # names that MkDocs gives to the page of a folder
_LONGEST = 180  # bytes: no longer than a file name may be
_DEEPEST = 8  # folders; what is nested deeper counts as one name


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag: `name` as it is written, `above` the key of the tag it stands below ("" at the top), `below`
    of those right below it, `pages` of the pages that carry it, `total` how many carry it or one below it.
    """

    key: str
    name: str
    above: str
    pages: tuple[str, ...]
    below: tuple[str, ...]
    total: int


def tag_key(tag: str) -> str:
    """What two spellings of one tag have in common: `Inference/KV` -> `inference/kv`; "" for no tag."""
    return "/".join(_parts(unicodedata.normalize("NFC", tag).lower()))


def tag_slug(key: str) -> str:
    """Path of a tag's page below the folder of tags: no two keys have the same."""
    return "/".join(_slug(part) for part in _parts(key))


def _parts(tag: str) -> list[str]:
    parts = [part.strip() for part in tag.split("/") if part.strip()]
    return parts if len(parts) <= _DEEPEST else [*parts[:_DEEPEST], "/".join(parts[_DEEPEST:])]


def _slug(part: str) -> str:
    """The name itself where it can be one of a file; else what is left of it, and a mark."""
    encoded = part.encode("utf-8", "replace")
    if _CLEAN.fullmatch(part) and part not in _TAKEN and len(encoded) <= _LONGEST:
        return part
    mark = hashlib.sha256(encoded).hexdigest()[:8]
    left = slugify(part).encode("utf-8", "replace")[: _LONGEST - 9].decode(errors="ignore").strip("-")
    return f"{left}-{mark}" if left else mark


def tags_of(pages: dict[str, list[str]]) -> dict[str, Tag]:
    """All tags by key, those above them included, from the tags that each page carries."""
    spelled: dict[str, Counter[str]] = {}
    exact: dict[str, dict[str, None]] = {}
    under: dict[str, set[str]] = {}
    above: dict[str, str] = {}
    whole = 1 + sum(map(len, pages.values()))  # a spelling of the tag itself goes before one in a longer tag
    for page, names in pages.items():
        for name in names:
            parts = _parts(name)
            for depth in range(1, len(parts) + 1):
                written = "/".join(parts[:depth])
                key = tag_key(written)
                spelled.setdefault(key, Counter())[written] += 1 if depth < len(parts) else whole
                under.setdefault(key, set()).add(page)
                above[key] = tag_key("/".join(parts[: depth - 1]))
            if parts:
                exact.setdefault(tag_key(name), {})[page] = None
    below: dict[str, list[str]] = {}
    for key in sorted(spelled):
        below.setdefault(above[key], []).append(key)
    return {
        key: Tag(
            key,
            max(names, key=lambda name: (names[name], name)),
            above[key],
            tuple(exact.get(key, ())),
            tuple(below.get(key, ())),
            len(under[key]),
        )
        for key, names in sorted(spelled.items())
    }
