"""Turn block ids (`^id`) into anchors at the start of their block; the id is the same in both languages."""

import re

from vaultkit.site.above import blocks_above
from vaultkit.site.context import Context
from vaultkit.site.draft import Line

_ALONE = re.compile(r"\^[A-Za-z0-9-]+\s*")
_TRAILING = re.compile(r"(?:^|[ \t]+)\^[A-Za-z0-9-]+[ \t]*$")


def block_ids(lines: list[Line], context: Context) -> list[Line]:
    ids = {line: block.lower() for block, line in context.note.blocks.items()}
    result = list(lines)
    starts: dict[int, int] | None = None
    before: dict[int, list[Line]] = {}  # what comes before the line of an index
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        anchor = ids.get(line.number)
        if line.kind != "text" or anchor is None:
            continue
        alone = bool(_ALONE.fullmatch(line.content)) and not line.prefix.strip(" \t>")
        mark = "" if context.embedded else f'<span id="{anchor}" class="k-block"></span>'
        if alone:
            result[index] = line.blank()
            if not context.embedded:
                block = line.new(f'<div id="{anchor}" class="k-block"></div>')
                starts = blocks_above(context.note) if starts is None else starts
                start = _index_of(lines, index, starts.get(line.number))
                start = _block_start(lines, index) if start is None else start
                before[start] = [block, line.blank(), *before.get(start, ())]
        else:
            result[index] = line.new(_TRAILING.sub("", line.content))
            result[index].prefix = line.prefix
            start = _paragraph_start(lines, index)
            first = result[start]
            result[start] = Line(first.number, first.kind, first.prefix, _insert(mark, first.content))
    return [line for index, each in enumerate(result) for line in (*before.get(index, ()), each)]


def _insert(mark: str, content: str) -> str:
    """Put the anchor first, but after a task's box."""
    found = re.match(r"(\[.\])(?:\s+|$)", content)
    return f"{found[1]} {mark}{content[found.end() :]}" if found else mark + content


def _paragraph_start(lines: list[Line], index: int) -> int:
    """Index of the first line of the paragraph or list item's text that holds this line."""
    while index > 0 and lines[index].prefix.replace(">", " ").strip() == "":
        above = lines[index - 1]
        if above.kind != "text" or above.content.startswith(("#", "|")) or not above.content.strip():
            break
        index -= 1
    return index


def _index_of(lines: list[Line], index: int, number: int | None) -> int | None:
    """Index, before another, of the first line with this number."""
    found = next((at for at in range(index - 1, -1, -1) if lines[at].number == number), None)
    while found and lines[found - 1].number == number:
        found -= 1
    return found


def _block_start(lines: list[Line], index: int) -> int:
    """Index of the first line of the block before an id that stands alone."""
    end = index - 1
    while end > 0 and lines[end].kind == "blank":
        end -= 1
    if lines[end].kind == "fence":
        end -= 1
        while end > 0 and lines[end].kind != "fence":
            end -= 1
        return end
    while end > 0 and lines[end - 1].kind != "blank":
        end -= 1
    return max(end, 0)
