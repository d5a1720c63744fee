"""A staged file taken apart: front matter, Markdown, and the HTML that stands below it."""

import json
import re
from typing import Any

from mkdocs.utils import meta as mkdocs_meta

_FRONT = re.compile(r"---\n((?:\w+: .*\n)+)---\n")
BELOW = "below"  # in the front matter's `k`: how many characters at the end are HTML
BEGINS, ENDS = '\n<section class="k-backlinks" data-unsearched>', "</section>\n"


def read(text: str) -> tuple[str, dict[str, Any], str]:
    """(Markdown, front matter, HTML below it) of a staged file."""
    markdown, meta = _front(text)
    k = meta.get("k")
    count = k.get(BELOW, 0) if isinstance(k, dict) else 0
    below = markdown[-count:] if count else ""
    whole = below.startswith(BEGINS) and below.endswith(ENDS)  # else somebody has written into the file
    return (markdown[:-count], meta, below) if whole else (markdown, meta, "")


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
