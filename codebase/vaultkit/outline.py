"""What links can point at inside a note: headings and block ids."""

import re
from typing import NamedTuple

from vaultkit.lines import NOT_PROSE, Scan

_ATX = re.compile(r"(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r"(=+|-+)[ \t]*$")
_RULE = re.compile(r"(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,}")
_IGNORED = re.compile(r"[!\"#$%&()*+,.:;<=>?@^`{|}~/\[\]\\\n]")
_BLOCK_ID = re.compile(r"(?:^|[ \t])\^([A-Za-z0-9-]+)[ \t]*$")


class Heading(NamedTuple):
    level: int
    text: str  # raw, as Obsidian's cache keeps it: `[[x]]` and `code` included
    line: int


def strip_heading(text: str) -> str:
    """A heading as Obsidian compares it: punctuation to spaces, spaces collapsed, lower-cased."""
    return " ".join(_IGNORED.sub(" ", text).split()).lower()


def headings(scan: Scan) -> list[Heading]:
    """Headings of the note itself; those inside quotes, callouts and lists are not link targets."""
    found: list[Heading] = []
    for number in scan.text_lines():
        line = scan.lines[number - 1]
        if line.lstrip(" \t")[:1] not in ("#", "=", "-") or scan.prefix(number).strip():
            continue
        if match := _ATX.match(line.lstrip(" \t")):
            if not scan.visible(number).lstrip(" \t").startswith("#"):
                continue
            found.append(Heading(len(match[1]), (match[2] or "").strip(), number))
        elif _is_setext(scan, number):
            level = 1 if line.strip()[0] == "=" else 2
            found.append(Heading(level, scan.lines[number - 2].strip(), number - 1))
    return found


def block_ids(scan: Scan) -> dict[str, int]:
    """Block ids and the line of each: after a space at a paragraph's or list item's end, or alone."""
    found: dict[str, int] = {}
    for number in scan.text_lines():
        if "^" not in scan.lines[number - 1] or ">" in scan.prefix(number):
            continue
        content = scan.visible(number, NOT_PROSE)[len(scan.prefix(number)) :]
        match = _BLOCK_ID.search(content)
        if match and not content.startswith(("|", "#")) and _ends_block(scan, number):
            found.setdefault(match[1], number)
    return found


def _ends_block(scan: Scan, number: int) -> bool:
    """True if the next line does not continue this line's paragraph."""
    if number == len(scan.lines) or scan.kind(number + 1) != "text":
        return True
    content = scan.lines[number][len(scan.prefix(number + 1)) :]
    return bool(scan.prefix(number + 1).strip()) or content.startswith(("#", "|"))


def _is_setext(scan: Scan, number: int) -> bool:
    if number < 2 or not _SETEXT.match(scan.lines[number - 1].strip()):
        return False
    if any(_indent(line) > 3 for line in scan.lines[number - 2 : number]):
        return False
    above = scan.lines[number - 2].strip()
    return (
        scan.kind(number - 1) == "text"
        and not scan.prefix(number - 1).strip()
        and above[:1] not in ("#", "|", "")
        and not _RULE.fullmatch(above)
    )


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(" "))
