"""A paragraph all in emphasis right below a figure is its caption: small, centred, without emphasis dots."""

import re

from vaultkit.site.context import Context
from vaultkit.site.draft import Line

_FIGURE = re.compile(r"!\[\[[^\]]+\.(?:svg|png|jpe?g|gif|webp)(?:\|[^\]]*)?\]\]\s*$", re.IGNORECASE)
_EMPHASIS = re.compile(r"([*_])(?![*_\s])(?P<text>(?:(?!\1).)+)\1$", re.DOTALL)


def captions(lines: list[Line], context: Context) -> list[Line]:
    result: list[Line] = []
    below_figure = False
    index = 0
    while index < len(lines):
        end = _paragraph_end(lines, index)
        paragraph = lines[index:end]
        text = "\n".join(line.content.strip() for line in paragraph)
        found = _EMPHASIS.match(text) if below_figure and paragraph[0].kind == "text" else None
        if found:
            first = paragraph[0]
            result += [first.new(part) for part in found["text"].split("\n")]
            result.append(first.new("{: .k-caption }"))
        else:
            result += paragraph
        if paragraph[0].kind != "blank":
            below_figure = bool(_FIGURE.match(paragraph[-1].content)) and paragraph[-1].kind == "text"
        index = end
    return result


def _paragraph_end(lines: list[Line], start: int) -> int:
    """Index after the lines of the same kind from `start` on."""
    end = start + 1
    while lines[start].kind == "text" and end < len(lines) and lines[end].kind == "text":
        end += 1
    return end
