"""Give each heading its anchor and the other language's; drop the title, as the page has its own."""

import re

from vaultkit.note import Note
from vaultkit.site.context import Context
from vaultkit.site.draft import Line, Stash

_ATX = re.compile(r"(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$")

_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*")


def headings(lines: list[Line], context: Context) -> list[Line]:
    if context.embedded:
        return _as_bold(lines, context)
    anchors = context.sitemap.anchors(context.note)
    levels = {heading.line: heading.level for heading in context.note.headings}
    top = context.title_line = title_line(lines, context.note)
    result: list[Line] = []
    underline = 0
    for line in lines:
        if line.number == underline and line.kind == "text":
            continue
        level = levels.get(line.number)
        if line.kind != "text" or level is None or not (_ATX.match(line.content) or _alone(result)):
            result.append(line)
            continue
        found = _ATX.match(line.content)
        underline = 0 if found else line.number + 1
        if line.number == top:
            continue
        text = (found[2] or "") if found else line.content.strip()
        ids = anchors.headings[line.number], anchors.also.get(line.number)
        result.append(line.new(_heading(level, text, *ids, context.stash)))
    return result


def title_line(lines: list[Line], note: Note) -> int:
    """Line of the heading of the first level that the note's text begins with, 0 if it begins otherwise."""
    first = next((line.number for line in lines if line.kind not in ("blank", "control")), 0)
    return first if any(h.line == first and h.level == 1 for h in note.headings) else 0


def _alone(before: list[Line]) -> bool:
    """True if the next line begins its paragraph; an underlined heading of several lines gets no anchor."""
    return not before or before[-1].kind != "text" or bool(_ATX.match(before[-1].content))


def _heading(level: int, text: str, anchor: str, also: str | None, stash: Stash) -> str:
    """The anchors are stashed: what reads tags and links need not know them."""
    if not text:
        return "#" * level
    other = stash.put(f'<span id="{also}" class="k-also"></span>') if also else ""
    return f"{'#' * level} {other}{text} {stash.put(f'{{ #{anchor} }}')}"


def _as_bold(lines: list[Line], context: Context) -> list[Line]:
    """Headings of embedded text look like headings but are not this page's outline, and have no ids."""
    levels = {heading.line: heading.level for heading in context.note.headings}
    result: list[Line] = []
    for line in lines:
        level = levels.get(line.number)
        if line.kind != "text" or (level is None and levels.get(line.number - 1) is None):
            result.append(line)
            continue
        found = _ATX.match(line.content)
        if level is None:  # the line below a heading is its underline, or text
            result += [] if _UNDERLINE.fullmatch(line.content) and _under(context, line) else [line]
            continue
        mark = context.stash.put(f"{{: .k-h .k-h{level} role=heading aria-level={min(level + 2, 6)} }}")
        text = (found[2] or "") if found else line.content.strip()
        result += [line.blank(), line.new(text or "&nbsp;"), line.new(mark), line.blank()]
    return result


def _under(context: Context, line: Line) -> bool:
    above = context.note.scan.lines[line.number - 2] if line.number > 1 else ""
    return not _ATX.match(above.strip())
