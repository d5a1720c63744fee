"""Code in a definition list (`:   text`), which Obsidian does not know and other site makers do.

The terms stay the text that Obsidian shows; a fence below them stands as the block that it was meant to be.
"""

import re
from dataclasses import replace

from vaultkit.site.context import Context
from vaultkit.site.draft import Line

_DEFINITION = re.compile(r"[ ]{0,3}:[ \t]+")


def definitions(lines: list[Line], context: Context) -> list[Line]:
    result: list[Line] = []
    inside = False
    for line in lines:
        if line.kind == "text" and (_DEFINITION.fullmatch(line.prefix) or not line.prefix.strip(" \t")):
            inside = bool(line.prefix.strip()) or (inside and line.prefix != "")
        if inside and line.kind in ("fence", "code") and not line.prefix.strip():
            if line.kind == "fence" and result and result[-1].kind == "text":
                result.append(line.blank())
            line = replace(line, prefix="")
        result.append(line)
    return result
