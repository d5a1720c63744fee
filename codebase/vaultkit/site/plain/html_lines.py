"""Which lines of a note are raw HTML, in which nothing is Markdown: no link, no tag, no highlight."""

import re

from markdown_it import MarkdownIt

from vaultkit.lines import Scan

_OPENING = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*</?[A-Za-z]")
_PARSER = MarkdownIt("commonmark").enable("table")
_PARSER.core.ruler.enableOnly(["normalize", "block"])


def html_lines(scan: Scan) -> set[int]:
    """Line numbers of CommonMark's blocks of HTML."""
    body = scan.lines[scan.front_end :]
    if not any("<" in line and _OPENING.match(line) for line in body):
        return set()
    found: set[int] = set()
    for token in _PARSER.parse("\n".join(line.replace("\0", " ") for line in body)):
        if token.type == "html_block" and token.map:
            found.update(range(token.map[0] + scan.front_end + 1, token.map[1] + scan.front_end + 1))
    return found
