"""Callouts: Obsidian's aliases to its types, default titles in the page's language, unknown types to notes.

The fold mark (`+` open, `-` closed) and `> [!type]` itself are read by `pymdownx.quotes`.
"""

import re

from vaultkit.site.context import Context
from vaultkit.site.draft import Line
from vaultkit.site.ui import CALLOUT_TITLES

TYPES = frozenset({
    "note", "abstract", "info", "todo", "tip", "success", "question", "warning", "failure", "danger", "bug",
    "example", "quote",
})  # fmt: skip
ALIASES = {
    "summary": "abstract", "tldr": "abstract", "hint": "tip", "important": "tip", "check": "success",
    "done": "success", "help": "question", "faq": "question", "caution": "warning", "attention": "warning",
    "fail": "failure", "missing": "failure", "error": "danger", "cite": "quote",
}  # fmt: skip
_OWN = frozenset({"card", "embed", "fold", "source"})  # the site's own
_CALLOUT = re.compile(r"\[!(?P<type>[^\]|]+)(?P<metadata>\|[^\]]*)?\](?P<fold>[+-]?)[ \t]*(?P<title>.*)$")


def callouts(lines: list[Line], context: Context) -> list[Line]:
    result: list[Line] = []
    for index, line in enumerate(lines):
        found = (
            _CALLOUT.match(line.content)
            if line.kind == "text" and line.prefix.rstrip().endswith(">")
            else None
        )
        if found and _is_first(lines, index):
            line = Line(line.number, "text", line.prefix, _head(found, context))
        result.append(line)
    return result


def _head(found: re.Match[str], context: Context) -> str:
    written = found["type"].strip().lower()
    kind = ALIASES.get(written, written)
    title = found["title"].strip()
    if not title:
        title = written.replace("-", " ").title()
        if context.language == "zh" and context.sitemap.lang(context.note) == "zh":
            title = CALLOUT_TITLES.get(written, title)
    shown = kind if kind in TYPES or kind in _OWN else "note"
    return f"[!{shown}{found['metadata'] or ''}]{found['fold']} {title}"


def _is_first(lines: list[Line], index: int) -> bool:
    """A callout's head is the first line of its quote."""
    depth = lines[index].prefix.count(">")
    return index == 0 or lines[index - 1].prefix.count(">") < depth
