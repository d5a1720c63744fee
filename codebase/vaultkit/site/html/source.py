"""A staged file taken apart: front matter, Markdown, and the HTML under its title and at its end.

Staging says in the front matter where that HTML stands: no parser need look through it. To another builder
it is raw HTML in Markdown.
"""

import json
import re
from typing import Any, NamedTuple

from mkdocs.utils import meta as mkdocs_meta

_FRONT = re.compile(r"---\n((?:\w+: .*\n)+)---\n")
_BEGINS, _ENDS = '\n<section class="k-backlinks" data-unsearched>', "</section>\n"


class Source(NamedTuple):
    markdown: str
    meta: dict[str, Any]
    head: str
    below: str


def read(text: str) -> Source:
    """The parts of a staged file; where somebody has written into it, all of it is Markdown."""
    markdown, meta = _front(text)
    k = meta.get("k")
    head = below = ""
    if not isinstance(k, dict):
        return Source(markdown, meta, head, below)
    if count := k.get("below", 0):
        below = markdown[-count:]
        if below.startswith(_BEGINS) and below.endswith(_ENDS):
            markdown = markdown[:-count]
        else:
            below = ""
    start, count = k.get("head", (0, 0))
    around = markdown[start - 2 : start] + markdown[start + count : start + count + 2]
    if (
        count
        and markdown.startswith("<", start)
        and markdown[start + count - 1] == ">"
        and around == "\n\n\n\n"
    ):
        head = markdown[start : start + count]
        markdown = markdown[:start] + markdown[start + count :]
    return Source(markdown, meta, head, below)


def _front(text: str) -> tuple[str, dict[str, Any]]:
    """Staging writes one line of JSON for each key; anything else is for MkDocs, which reads YAML."""
    found = _FRONT.match(text)
    if found:
        try:
            pairs = (line.split(": ", 1) for line in found[1].splitlines())
            return text[found.end() :].lstrip("\n"), {key: json.loads(value) for key, value in pairs}
        except ValueError:
            pass
    return mkdocs_meta.get_data(text)
