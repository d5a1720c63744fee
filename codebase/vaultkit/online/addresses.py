"""The web addresses of a vault: Markdown links, `<https://…>`, bare addresses and those in properties."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urldefrag, urlsplit

from vaultkit import mdlink, wikilink
from vaultkit.note import Note
from vaultkit.vault import Vault

_BARE = re.compile(r"https?://[^\s<>\[\]`|\"']+")
_TRAILING = ".,;:!?*_~'\"，。；：！？、）"


class Address(NamedTuple):
    """A page that is linked, without its fragment; `line` is 1-based."""

    url: str
    path: str
    line: int


def addresses(vault: Vault, part: str = "") -> list[Address]:
    """Every web address in the notes whose path begins with `part`, by path and line, one a line."""
    notes = (note for path, note in sorted(vault.notes.items()) if path.startswith(part))
    return list(dict.fromkeys(found for note in notes for found in _of(note)))


def _of(note: Note) -> Iterator[Address]:
    for number, line in enumerate(note.scan.lines, 1):
        front = number <= note.scan.front_end
        text = line if front else note.scan.visible(number)
        if "://" not in line:
            continue
        autolinks = [line[s.start + 1 : s.end - 1] for s in note.scan.covered(number) if s.kind == "tag"]
        for url in [*_in_line(text), *(url for url in autolinks if _BARE.fullmatch(url))]:
            page = urldefrag(url).url
            if _is_web(page):
                yield Address(page, note.path, number)


def _in_line(text: str) -> Iterator[str]:
    rest = text
    for wiki in wikilink.find(text):  # `[[https://…]]` names a note
        rest = rest.replace(wiki.raw, " " * len(wiki.raw), 1)
    for link in mdlink.find(rest):
        if mdlink.is_external(link.destination):
            yield link.destination
            rest = rest.replace(link.raw, " " * len(link.raw), 1)
    for found in _BARE.finditer(rest):
        url = found.group().rstrip(_TRAILING)
        while url.endswith(")") and url.count("(") < url.count(")"):
            url = url[:-1].rstrip(_TRAILING)
        yield url


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
