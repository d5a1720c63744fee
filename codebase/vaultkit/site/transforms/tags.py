"""Inline `#tags` as small labels (Python-Markdown would read one at a line's start as a heading).

A line of nothing but `#flashcards/…` only tells a plugin where cards stand: it goes.
"""

import re

from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.tags import TAG

_DECK = re.compile(r"(?:#flashcards\S*\s*)+")


def tags(lines: list[Line], context: Context) -> list[Line]:
    return [
        Line(line.number, line.kind, line.prefix, _label(line.content)) if line.kind == "text" else line
        for line in lines
        if line.kind != "text" or not _DECK.fullmatch(line.content)
    ]


def _label(content: str) -> str:
    if "#" not in content:
        return content
    return TAG.sub(
        lambda tag: tag[0] if tag[1].isdigit() else f'<span class="k-tag">#{tag[1]}</span>', content
    )
