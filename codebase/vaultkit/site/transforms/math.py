"""Display formulas: alone between blank lines a block; in running text an element inside its paragraph."""

import re

from vaultkit.site.context import Context
from vaultkit.site.draft import Line, Stash

_PLACEHOLDER = re.compile("\ue000\\d+\ue001")


def math(lines: list[Line], context: Context) -> list[Line]:
    result: list[Line] = []
    for index, line in enumerate(lines):
        if line.kind not in ("text", "math") or "\ue000" not in line.content:
            result.append(line)
        elif context.stash.display_math(line.content) and _apart(lines, index):
            result.append(Line(line.number, "math", line.prefix, line.content.strip()))
        else:
            result.append(Line(line.number, "text", line.prefix, _in_text(line.content, context.stash)))
    return result


def _apart(lines: list[Line], index: int) -> bool:
    """True if no text stands right above or below."""
    around = [lines[at] for at in (index - 1, index + 1) if 0 <= at < len(lines)]
    return not any(line.kind in ("text", "math") and not _starts(line) for line in around)


def _starts(line: Line) -> bool:
    """True for a line that is a block of its own wherever it stands."""
    return line.content.startswith("#")


def _in_text(content: str, stash: Stash) -> str:
    return _PLACEHOLDER.sub(
        lambda found: stash.inline_display(found[0]) if stash.display_math(found[0]) else found[0], content
    )
