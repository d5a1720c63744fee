"""Tasks: any mark but a space is done (`[x]`, `[/]`, `[-]`), as Obsidian counts it."""

import re

from vaultkit.site.context import Context
from vaultkit.site.draft import Line

_TASK = re.compile(r"\[(.)\](?=\s)")
_MARKER = re.compile(r"(?:[-*+]|\d{1,9}[.)])\s+$")


def tasks(lines: list[Line], context: Context) -> list[Line]:
    return [_task(line) if line.kind == "text" and _MARKER.search(line.prefix) else line for line in lines]


def _task(line: Line) -> Line:
    found = _TASK.match(line.content)
    if not found or found[1] in " x":
        return line
    return Line(line.number, "text", line.prefix, "[x]" + line.content[found.end() :])
