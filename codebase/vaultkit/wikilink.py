"""The text of Obsidian's `[[links]]` and `![[embeds]]` (obsidian rules L1 to L6)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_INNER = r"(?:[^\[\]\n]++|\[(?!\[)|\](?!\]))++"  # possessive: what has been read is never tried again
GRAMMAR = rf"\[\[(?!\[){_INNER}\]\]"
_WIKILINK = re.compile(rf"(!?)\[\[(?!\[)({_INNER})\]\]")


class LinkText(NamedTuple):
    """`[[target#subpath|display]]`, each part trimmed and "" when absent."""

    target: str
    subpath: str
    display: str


class Found(NamedTuple):
    column: int  # 0-based, of the first character of `raw`
    raw: str
    embed: bool
    text: LinkText


def parse(inner: str) -> LinkText:
    """Split what stands between the brackets: first `|` (or `\\|`, as tables need), then first `#`."""
    if "|" not in inner and "#" not in inner:
        return LinkText(inner.strip(), "", "")
    if inner.startswith("|"):
        return LinkText(inner, "", "")
    path, _, display = inner.partition("|")
    if "|" in inner and path.endswith("\\"):
        path = path[:-1]
    target, _, subpath = path.partition("#")
    return LinkText(target.strip(), subpath.strip(), display.strip())


def find(line: str) -> Iterator[Found]:
    """Wikilinks of one line whose code and comments are blanked out; an escaped bracket opens none."""
    if "[[" not in line:
        return
    for match in _WIKILINK.finditer(line):
        mark, inner = match.groups()
        start, embed = match.start(), bool(mark)
        if start and line[start - 1] == "\\" and _escaped(line, start):
            if not embed:
                continue
            start, embed = start + 1, False  # only the exclamation mark is escaped
        yield Found(start, line[start : match.end()], embed, parse(inner))


def _escaped(line: str, at: int) -> bool:
    before = line[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def default_display(target: str, subpath: str) -> str:
    """What Obsidian shows for a link without display text: `note > heading > sub`, `^block`."""
    parts = [part for part in [target, *subpath.split("#")] if part]
    return " > ".join(parts)
