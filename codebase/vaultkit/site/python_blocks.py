"""The page's side of the census: blocks that a built page shows as Python, counted in its HTML."""

import re

from vaultkit.fences import PYTHON, PYTHON_LIKE

_CODE = re.compile(
    r'<div [^>]*?class="(?P<block>[^"]*\bhighlight)"|<pre[^>]*>\s*<code\b[^>]*?class="(?P<html>[^"]*)"'
)


def count_python(html: str) -> int:
    """How many blocks of code in a page's HTML say that they are Python; code inside a line is none."""
    found = 0
    for match in _CODE.finditer(html):
        names = {name.lower().removeprefix("language-") for name in (match["block"] or match["html"]).split()
                 if name.lower().startswith("language-")}  # fmt: skip
        found += bool(names & (PYTHON | PYTHON_LIKE))
    return found


def difference(html: str, known: list[str]) -> str:
    """What is wrong if a page does not show as many Python blocks as the runner knows at `known`, else ""."""
    shown = count_python(html)
    if shown == len(known):
        return ""
    at = ", ".join(known) or "none"
    return f"census: the page shows {shown} Python blocks, the runner knows {len(known)}: {at}"
