"""Braces of the author's that the site's Markdown would take for attributes (`# Title {x}`, `**a**{b}`)."""

import re

from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.plain.inline import BRACE

_ATTRIBUTES = re.compile(r"(?:(?<=[)\]*_`~=>\ue001])|^[ ]*|(?<=[ ]))\{(?=[^{}\n]*\})")


def braces(lines: list[Line], context: Context) -> list[Line]:
    return [
        Line(
            line.number,
            "text",
            line.prefix,
            _ATTRIBUTES.sub(lambda found: found[0][:-1] + BRACE, line.content),
        )
        if line.kind == "text" and "{" in line.content and "[[" not in line.content
        else line
        for line in lines
    ]
