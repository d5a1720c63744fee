"""The sentence around a link, as plain text for backlinks."""

import re

from vaultkit import mdlink
from vaultkit.lines import Scan
from vaultkit.links import Link, line_links

_MARKS = re.compile(r"\*\*|__|~~|==|%%|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
_HEAD = re.compile(r"(?:#+\s+|\[![^\]]+\][+-]?\s*|\[.\]\s+)")  # of a heading, callout or task
_BLOCK_ID = re.compile(r"\s\^[A-Za-z0-9-]+\s*$")
_ABBREVIATIONS = "".join(
    rf"(?<!\b{word}\.)" for word in (r"e\.g", r"i\.e", "vs", "cf", "etc", "al", "Fig", "Eq", "sec")
)
_END = re.compile(  # one class of characters first: a search for it is quick
    r"[。！？.!?](?:(?<=[。！？])[”’」』）)]*|(?<=[!?.])" + _ABBREVIATIONS + r"[\"')\]]*(?=\s+[^\sa-z]))"
)


def sentence_of(scan: Scan, link: Link) -> str:
    """The sentence of the paragraph that holds `link`, links replaced by their text, marks removed."""
    numbers = _paragraph(scan, link.line)
    parts: list[str] = []
    position = before = 0
    for number in numbers:
        text, offset = _plain(scan, number, link if number == link.line else None)
        if number == link.line:
            position = before + offset
        parts.append(text)
        before += len(text) + 1
    text = " ".join(parts)
    start, end = 0, len(text)
    names = [(n.column, n.column + len(n.raw)) for n in mdlink.find(text)] if "](" in text else []
    for mark in _END.finditer(text):
        if any(first < mark.start() < last for first, last in names):
            continue  # a link's own words are not parted
        if mark.end() <= position:
            start = mark.end()
        elif mark.start() >= position:
            end = mark.end()
            break
    return text[start:end].strip()


def _paragraph(scan: Scan, line: int) -> list[int]:
    first = last = line
    while (
        first > 1
        and not _starts(scan, first)
        and scan.kind(first - 1) == "text"
        and not _alone(scan, first - 1)
    ):
        first -= 1
    while last < len(scan.lines) and scan.kind(last + 1) == "text" and not _starts(scan, last + 1):
        if _alone(scan, last):
            break
        last += 1
    return list(range(first, last + 1))


def _content(scan: Scan, number: int) -> str:
    return scan.lines[number - 1][len(scan.prefix(number)) :]


def _alone(scan: Scan, number: int) -> bool:
    """A heading, a table row or a callout's title: never joined with other lines."""
    return _content(scan, number).startswith(("#", "|", "[!"))


def _starts(scan: Scan, number: int) -> bool:
    marker = scan.prefix(number).replace(">", " ").strip()
    deeper = number > 1 and scan.prefix(number).count(">") != scan.prefix(number - 1).count(">")
    return bool(marker) or deeper or _alone(scan, number)


def _plain(scan: Scan, number: int, link: Link | None) -> tuple[str, int]:
    """(plain text of a line, offset of `link` in it)."""
    line = scan.lines[number - 1]
    position = len(scan.prefix(number))
    head = _HEAD.match(line, position)
    position = head.end() if head else position
    parts, offset = [], 0
    for found in line_links(scan.visible(number), line, number):
        if found.column < position:
            continue
        parts.append(_unmarked(scan, number, position, found.column))
        if link and found.column == link.column:
            offset = len("".join(parts))
        parts.append("" if found.kind == "embed" else found.text)
        position = found.column + len(found.raw)
    end = len(_BLOCK_ID.sub("", line))
    parts.append(_unmarked(scan, number, position, end))
    text = "".join(parts)
    clean = text.strip(" \t|")
    return clean, max(0, offset - text.find(clean) if clean else 0)


def _unmarked(scan: Scan, number: int, start: int, end: int) -> str:
    """A piece of a line without emphasis marks and comments; code and math stay as they are written."""
    line = scan.lines[number - 1]
    parts: list[str] = []
    for span in scan.covered(number):
        if span.start >= start and span.end <= end:
            parts.append(_MARKS.sub("", line[start : span.start]))
            parts.append(line[span.start : span.end] if span.kind in ("code", "math") else "")
            start = span.end
    return "".join([*parts, _MARKS.sub("", line[start:end])])
