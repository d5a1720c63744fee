"""The sentence around a link, as plain text for backlinks."""

import re

from vaultkit.lines import Scan
from vaultkit.links import Link, line_links

_MARKS = re.compile(r"\*\*|__|~~|==|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
_CALLOUT = re.compile(r"^\[![^\]]+\][+-]?\s*")
_TASK = re.compile(r"^\[.\]\s+")
_BLOCK_ID = re.compile(r"\s\^[A-Za-z0-9-]+\s*$")
_ABBREVIATIONS = "".join(
    rf"(?<!\b{word})" for word in (r"e\.g", r"i\.e", "vs", "cf", "etc", "al", "Fig", "Eq", "sec")
)
_END = re.compile(rf"[。！？](?:[”’」』）)]*)|(?:[!?]|{_ABBREVIATIONS}\.)(?:[\"')\]]*)(?=\s+[^\sa-z])")
_COMMENT = re.compile(r"<!--.*?-->|%%.*?%%")


def sentence_of(scan: Scan, link: Link) -> str:
    """The sentence of the paragraph that holds `link`, links replaced by their text, marks removed."""
    numbers = _paragraph(scan, link.line)
    parts, position = [], 0
    for number in numbers:
        before = len(" ".join([*parts, ""])) if parts else 0
        text, offset = _plain(scan, number, link if number == link.line else None)
        if number == link.line:
            position = before + offset
        parts.append(text)
    text = " ".join(parts)
    start, end = 0, len(text)
    for mark in _END.finditer(text):
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
    prefix = len(scan.prefix(number))
    parts, position, offset = [], prefix, 0
    for found in line_links(scan.visible(number), line, number):
        if found.column < position:
            continue
        parts.append(_strip(line[position : found.column], first=not parts))
        if link and found.column == link.column:
            offset = len("".join(parts))
        parts.append("" if found.kind == "embed" else found.text)
        position = found.column + len(found.raw)
    parts.append(_strip(_BLOCK_ID.sub("", line[position:]), first=not parts))
    text = "".join(parts)
    clean = text.strip(" \t|")
    return clean, max(0, offset - text.find(clean) if clean else 0)


def _strip(text: str, *, first: bool) -> str:
    if first:
        text = _TASK.sub("", _CALLOUT.sub("", text.lstrip("# ")))
    return _MARKS.sub("", _COMMENT.sub("", text))
