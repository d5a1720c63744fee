"""Give each heading its anchor and the other language's; drop the title, as the page has its own."""

import re

from vaultkit.site.context import Context
from vaultkit.site.draft import Line, Stash

_ATX = re.compile(r"(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")


def headings(lines: list[Line], context: Context) -> list[Line]:
    if context.embedded:
        return _as_bold(lines, context)
    anchors = context.sitemap.anchors(context.note)
    levels = {heading.line: heading.level for heading in context.note.headings}
    result: list[Line] = []
    underline = 0
    for line in lines:
        if line.number == underline and line.kind == "text":
            continue
        level = levels.get(line.number)
        if line.kind != "text" or level is None:
            result.append(line)
            continue
        found = _ATX.match(line.content)
        underline = 0 if found else line.number + 1
        if level == 1 and line.number == min(levels):
            continue
        text = found[2] if found else line.content.strip()
        ids = anchors.headings[line.number], anchors.also.get(line.number)
        result.append(line.new(_heading(level, text, *ids, context.stash)))
    return result


def _heading(level: int, text: str, anchor: str, also: str | None, stash: Stash) -> str:
    """The anchors are stashed: what reads tags and links need not know them."""
    other = stash.put(f'<span id="{also}" class="k-also"></span>') if also else ""
    return f"{'#' * level} {other}{text} {stash.put(f'{{ #{anchor} }}')}"


def _as_bold(lines: list[Line], context: Context) -> list[Line]:
    """Headings of embedded text become bold lines: they are not this page's outline."""
    numbers = {heading.line for heading in context.note.headings}
    result: list[Line] = []
    for line in lines:
        found = _ATX.match(line.content) if line.kind == "text" and line.number in numbers else None
        result += [line.new(f"**{found[2]}**"), line.blank()] if found else [line]
    return result
