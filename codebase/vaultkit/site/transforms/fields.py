"""Inline fields (`[minutes:: 30]`) as small chips, the known ones in the page's language."""

import re

from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.paths import Language
from vaultkit.site.ui import STRINGS, say

FIELD = re.compile(r"\[(?P<key>[A-Za-z][\w-]*)::[ \t]*(?P<value>(?:\[\[.*?\]\]|[^\[\]])*)\]")


def fields(lines: list[Line], context: Context) -> list[Line]:
    return [
        Line(line.number, "text", line.prefix, FIELD.sub(lambda f: _chip(f, context.language), line.content))
        if line.kind == "text" and "::" in line.content
        else line
        for line in lines
    ]


def _chip(found: re.Match[str], language: Language) -> str:
    key, value = found["key"].lower(), found["value"].strip()
    if f"field_{key}" in STRINGS:
        text = say(language, f"field_{key}", value=value)
    elif f"field_{value}" in STRINGS:
        text = say(language, f"field_{value}")
    else:
        text = value if key == "priority" else f"{key} {value}"
    return f'<span class="k-field k-field-{key}">{text}</span>'
