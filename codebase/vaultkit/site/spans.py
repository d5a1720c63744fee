"""Which lines of a note an embed names: all of it, a section, a block, a footnote."""

import re

from vaultkit.note import Note
from vaultkit.outline import Heading
from vaultkit.site.above import blocks_above
from vaultkit.site.context import Context
from vaultkit.subpath import resolve_subpath

Span = tuple[int, int]  # first and last line, 1-based
_MARKER = re.compile(r"(?:^|[\s>])(?:[-*+]|\d{1,9}[.)])\s*$")


def place_of(context: Context, named: Note, subpath: str) -> tuple[Note, Span] | None:
    """The note to show and its lines: in the reader's language if it has this place, else as it is named."""
    page = context.sitemap.page_of(named.path)
    shown = context.vault.notes[page.note(context.language)] if page else named
    if not subpath:
        return shown, (shown.body_line, len(shown.scan.lines))
    found = resolve_subpath(named, subpath)
    if found is None:
        return None
    if shown is not named:
        number = found.line if isinstance(found, Heading) else found
        anchor = context.sitemap.anchors(named).at(number)
        line = _line_of(context, shown, anchor) if anchor else 0
        if line:
            return shown, span_at(shown, line)
    return named, span_at(named, found.line if isinstance(found, Heading) else found)


def _line_of(context: Context, note: Note, anchor: str) -> int:
    anchors = context.sitemap.anchors(note)
    places = {**anchors.also, **anchors.headings, **anchors.blocks}
    return next((line for line, name in places.items() if name == anchor), 0)


def span_at(note: Note, number: int) -> Span:
    """The section below a heading at this line, else the block that holds it."""
    for index, heading in enumerate(note.headings):
        if heading.line == number:
            later = (h.line for h in note.headings[index + 1 :] if h.level <= heading.level)
            return number + 1, next(later, len(note.scan.lines) + 1) - 1
    return _block(note, number)


def _block(note: Note, number: int) -> Span:
    """A paragraph, a list item with those below it, or, above an id that stands alone, the block before."""
    scan = note.scan
    if scan.lines[number - 1].strip().startswith("^"):
        end = number - 1
        while end > note.body_line and scan.kind(end) == "blank":
            end -= 1
        above = blocks_above(note).get(number)
        if above:
            return above, end
        fence = next((fence for fence in scan.fences if fence.line <= end <= fence.end_line), None)
        start = fence.line if fence else end
        while not fence and start > note.body_line and scan.kind(start - 1) != "blank":
            start -= 1
        return start, end
    start = number
    while not _MARKER.search(scan.prefix(start)) and _continues(note, start):
        start -= 1
    return (start, _item_end(note, start, number)) if _MARKER.search(scan.prefix(start)) else (start, number)


def _continues(note: Note, number: int) -> bool:
    """True if the line above belongs to this line's paragraph."""
    if number <= note.body_line or note.scan.kind(number - 1) != "text":
        return False
    return not any(heading.line == number - 1 for heading in note.headings)


def _item_end(note: Note, start: int, end: int) -> int:
    """Last line of the list item that starts at `start`: further lines are indented deeper than its mark."""
    indent = _indent(note.scan.lines[start - 1])
    last = end
    for number in range(end + 1, len(note.scan.lines) + 1):
        line = note.scan.lines[number - 1]
        if not line.strip():
            continue
        if _indent(line) <= indent:
            break
        last = number
    return last


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(" >"))
