"""Mermaid nodes of the class `internal-link` lead to the note whose name they show, as in Obsidian."""

import re

from vaultkit.fences import fence_language
from vaultkit.site.context import Context
from vaultkit.site.draft import Line

_CLASS = re.compile(r"\s*class\s+(?P<ids>[\w-]+(?:\s*,\s*[\w-]+)*)\s+internal-link\s*;?\s*$")
_NODE = re.compile(r"(?<![\w-])(?P<id>[\w-]+)(?:@?[\[({>]+)[\"/\\]?(?P<text>[^\"\]){}|]+?)[\"/\\]?[\])}]")


def diagrams(lines: list[Line], context: Context) -> list[Line]:
    result: list[Line] = []
    names: dict[str, str] | None = None
    for index, line in enumerate(lines):
        result.append(line)
        if line.kind == "fence":
            opens = names is None and fence_language(line.content.lstrip("`~ ")) == "mermaid"
            names = _names(lines, index) if opens else None
        elif line.kind == "code" and names is not None and (found := _CLASS.match(line.content)):
            for node in re.split(r"\s*,\s*", found["ids"]):
                result += _click(node, names.get(node, node), line, context)
    return result


def _names(lines: list[Line], start: int) -> dict[str, str]:
    """What each node of the diagram that begins at `start` shows."""
    found: dict[str, str] = {}
    for line in lines[start + 1 :]:
        if line.kind != "code":
            break
        for node in _NODE.finditer(line.content):
            found.setdefault(node["id"], node["text"].strip())
    return found


def _click(node: str, name: str, line: Line, context: Context) -> list[Line]:
    target = context.find(name.partition("#")[0], name.partition("#")[2], line)
    if target is None or target.page is None:
        return []
    anchor = f"#{target.anchor}" if target.anchor else ""
    address = "../" * context.page.url.count("/") + target.page.url + anchor
    return [Line(line.number, "code", line.indent, f'click {node} href "{address or "./"}"')]
