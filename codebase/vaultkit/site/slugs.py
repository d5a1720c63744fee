"""Slugs: the part of a URL that a file name or a heading becomes.

A page's slug comes from its English file name, lower-cased and hyphenated; a heading keeps its own script,
so that Chinese headings have readable anchors.
"""

import re
import unicodedata
from collections.abc import Iterable

_MARKUP = re.compile(r"!?\[\[(?:[^\]|]*\|)?([^\]]*)\]\]|!?\[([^\]]*)\]\([^)]*\)")
_DROP = re.compile(r"[^\w\s-]+", re.UNICODE)
_JOIN = re.compile(r"[\s_-]+", re.UNICODE)


def slugify(text: str) -> str:
    """`Scaled dot-product attention` -> `scaled-dot-product-attention`, `键值缓存 (KV)` -> `键值缓存-kv`."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return _JOIN.sub("-", _DROP.sub(" ", plain)).strip("-")


def heading_slug(text: str) -> str:
    """Slug of a heading's raw Markdown: links count as their text, other marks vanish."""
    return slugify(_MARKUP.sub(lambda m: m[1] or m[2] or "", text)) or "section"


def page_slug(path: str) -> str:
    """Slug path of a vault-relative English note path: `concepts/KV cache.md` -> `concepts/kv-cache`."""
    parts = path.removesuffix(".md").removesuffix(".ipynb").split("/")
    if parts == ["Home"]:
        return "index"
    return "/".join(_cut(slugify(part)) or "note" for part in parts)


def _cut(slug: str) -> str:
    """No longer than a file name may be with `index.html` and a number after it."""
    return slug.encode()[:180].decode(errors="ignore").strip("-")


def unique(slugs: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """The slugs in order, a repeated one numbered (`claim`, `claim-2`), none equal to one already taken."""
    used = set(taken)
    result = []
    for slug in slugs:
        name, number = slug, 2
        while name in used:
            name, number = f"{slug}-{number}", number + 1
        used.add(name)
        result.append(name)
    return result
