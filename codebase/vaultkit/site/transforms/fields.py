"""Inline fields (`[minutes:: 30]`) as small chips, the known ones in the page's language."""

import re

from vaultkit import wikilink
from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.ui import STRINGS, say

FIELD = re.compile(r"\[(?P<key>[A-Za-z][\w-]*)::[ \t]*(?P<value>(?:\[\[.*?\]\]|[^\[\]])*)\]")


def fields(lines: list[Line], context: Context) -> list[Line]:
    return [
        Line(line.number, "text", line.prefix, FIELD.sub(lambda found: _chip(found, context), line.content))
        if line.kind == "text" and "::" in line.content
        else line
        for line in lines
    ]


def _chip(found: re.Match[str], context: Context) -> str:
    key, value = found["key"].lower(), found["value"].strip()
    if f"field_{key}" in STRINGS:
        text = say(context.language, f"field_{key}", value=_titled(value, context))
    elif f"field_{value}" in STRINGS:
        text = say(context.language, f"field_{value}")
    else:
        text = value if key == "priority" else f"{key} {value}"
    return f'<span class="k-field k-field-{key}">{text}</span>'


def _titled(value: str, context: Context) -> str:
    """Links without words of their own get the title in the reader's language: a field is no sentence."""
    for link in list(wikilink.find(value)):
        target = context.find(link.text.target, "", 0)
        if target and target.page and not link.text.display:
            title = context.sitemap.title(target.page, context.language)
            value = value.replace(link.raw, f"[[{link.text.target}|{title}]]")
    return value
