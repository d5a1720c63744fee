"""Blocks of other site makers, `!!! note`, `??? note "Title"`, `=== "Tab"`, become callouts.

Obsidian does not know them, but notes moved from such a site keep them, with code inside. Where there is no
code they are what Obsidian shows: text.
"""

import re
from dataclasses import replace

from vaultkit.site.context import Context
from vaultkit.site.draft import Line

_OPENER = re.compile(
    r"(?P<before>(?:[\s>]|(?:[-*+]|\d+[.)])[ \t]+)*)(?P<mark>!!!|\?\?\?\+?|===[!+]*)[ \t]+(?P<rest>.*)$"
)
_TITLE = re.compile(r"(?P<type>[^\"']*)(?:([\"'])(?P<title>.*)\2)?\s*$")
_FOLDS = {"???": "-", "???+": "+"}
_WIDTH = 4


def foreign_blocks(lines: list[Line], context: Context) -> list[Line]:
    result = list(lines)
    index = 0
    while index < len(result):
        line = result[index]
        found = _OPENER.match(line.prefix) if line.kind == "text" and not line.content.strip() else None
        if found and _holds_code(result, index, re.sub(r"[^\s>]", " ", found["before"].expandtabs(_WIDTH))):
            before = found["before"].expandtabs(_WIDTH)
            blank = re.sub(r"[^\s>]", " ", before)
            for place in range(index + 1, _end(result, index, blank)):
                result[place] = _inside(result[place], blank)
            result[index] = replace(line, prefix=before + "> ", content=_head(found))
            if index and result[index - 1].text.strip(" \t>"):
                result.insert(index, replace(line, prefix=blank.rstrip(), content="", kind="blank"))
                index += 1
        index += 1
    return result


def _holds_code(lines: list[Line], opener: int, blank: str) -> bool:
    return any(line.kind == "fence" for line in lines[opener : _end(lines, opener, blank)])


def _head(found: re.Match[str]) -> str:
    words = _TITLE.match(found["rest"])
    title = (words["title"] or "") if words else found["rest"]
    types = words["type"].split() if words and not found["mark"].startswith("===") else []
    return f"[!{types[0] if types else 'note'}]{_FOLDS.get(found['mark'], '')} {title}".rstrip()


def _end(lines: list[Line], opener: int, blank: str) -> int:
    """Index after the last line that is indented enough to stand in the block."""
    end = opener + 1
    for index in range(opener + 1, len(lines)):
        if lines[index].kind != "blank":
            text = lines[index].prefix.expandtabs(_WIDTH)
            if text[: len(blank) + _WIDTH] != blank + " " * _WIDTH:
                break
            end = index + 1
    return end


def _inside(line: Line, blank: str) -> Line:
    if line.kind == "blank":
        return replace(line, prefix=blank + ">", content="")
    return replace(line, prefix=blank + "> " + line.prefix.expandtabs(_WIDTH)[len(blank) + _WIDTH :])
