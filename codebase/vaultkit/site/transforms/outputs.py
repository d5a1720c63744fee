"""Output fences become result panels: plain text, no copy button, attached by the style sheet to the code."""

import re

from vaultkit.fences import fence_language
from vaultkit.site.context import Context
from vaultkit.site.draft import Line

_FENCE = re.compile(r"(`{3,}|~{3,})(.*)$")
PANEL = "{ .text .k-output .no-copy }"


def outputs(lines: list[Line], context: Context) -> list[Line]:
    result: list[Line] = []
    open_fence = False
    for line in lines:
        if line.kind == "fence":
            found = _FENCE.match(line.content.strip())
            if not open_fence and found and fence_language(found[2]) == "output":
                line = Line(line.number, "fence", line.prefix, f"{found[1]} {PANEL}")
            open_fence = not open_fence
        result.append(line)
    return result
