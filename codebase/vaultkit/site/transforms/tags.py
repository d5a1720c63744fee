"""Inline `#tags` as small labels (Python-Markdown would read one at a line's start as a heading)."""

from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.tags import TAG


def tags(lines: list[Line], context: Context) -> list[Line]:
    return [
        Line(line.number, line.kind, line.prefix, _label(line.content)) if line.kind == "text" else line
        for line in lines
    ]


def _label(content: str) -> str:
    if "#" not in content:
        return content
    return TAG.sub(lambda tag: tag[0] if tag[1].isdigit() else _chip(tag[1]), content)


def _chip(tag: str) -> str:
    return f'<span class="k-tag">#{tag.replace("_", "&#95;").replace("~", "&#126;")}</span>'
