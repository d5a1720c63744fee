"""Turn block ids (`^id`) into anchors at the start of their block; the id is the same in both languages."""

import re

from vaultkit.site.context import Context
from vaultkit.site.draft import Line

_ALONE = re.compile(r"\^[A-Za-z0-9-]+\s*")
_TRAILING = re.compile(r"(?:^|[ \t]+)\^[A-Za-z0-9-]+[ \t]*$")


def block_ids(lines: list[Line], context: Context) -> list[Line]:
    ids = {line: block.lower() for block, line in context.note.blocks.items()}
    result = list(lines)
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        anchor = ids.get(line.number)
        if line.kind != "text" or anchor is None:
            continue
        alone = bool(_ALONE.fullmatch(line.content)) and not line.prefix.strip(" \t>")
        mark = "" if context.embedded else f'<span id="{anchor}" class="k-block"></span>'
        if alone:
            start = _block_start(lines, index)
            block = line.new(f'<div id="{anchor}" class="k-block"></div>')
            anchor_lines = [] if context.embedded else [block, line.blank()]
            result[index : index + 1] = [line.blank()]
            result[start:start] = anchor_lines
        else:
            result[index] = line.new(_TRAILING.sub("", line.content))
            result[index].prefix = line.prefix
            start = _paragraph_start(lines, index)
            first = result[start]
            result[start] = Line(first.number, first.kind, first.prefix, _insert(mark, first.content))
    return result


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
