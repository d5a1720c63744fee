"""Markdown links `[text](dest)` and images; Obsidian looks them up like a wikilink (rule L10)."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

_TOKEN = re.compile(
    r"\\.|!?\[|\](?P<dest>\((?:<[^<>]*>|(?:[^\s()<]|\([^\s()]*\))*)(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\))?"
)
_SCHEME = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9+.-]*:|//)")
_TITLE = re.compile(r"\s+(?:\"[^\"]*\"|'[^']*')$")


class Found(NamedTuple):
    column: int  # 0-based, of the first character of `raw`
    raw: str
    embed: bool
    display: str
    destination: str  # as written, without angle brackets and title


def find(line: str) -> Iterator[Found]:
    """Markdown links and images of one line whose code and comments are blanked out, inner ones first."""
    if "](" not in line:
        return
    opened: list[tuple[int, int]] = []
    for token in _TOKEN.finditer(line):
        mark = token.group()
        if mark[0] == "\\":
            continue
        if mark[0] != "]":
            opened.append((token.start(), token.end()))
            continue
        if not opened:
            continue
        start, text_start = opened.pop()
        if token["dest"] is not None:
            destination = _TITLE.sub("", token["dest"][1:-1].strip())
            if destination.startswith("<"):
                destination = destination[1:-1]
            display = line[text_start : token.start()]
            yield Found(start, line[start : token.end()], line[start] == "!", display, destination)


def is_external(destination: str) -> bool:
    """True for `https://…`, `mailto:…`, `//host/…`: not a file of the vault."""
    return bool(_SCHEME.match(destination))


def split_destination(destination: str) -> tuple[str, str]:
    """(path, subpath) of a destination, both percent-decoded."""
    path, _, subpath = destination.partition("#")
    return unquote(path).strip(), unquote(subpath).strip()
