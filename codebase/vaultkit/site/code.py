"""Fences as the runner understands them, written so that the site's Markdown cannot read them otherwise.

The opening line gets one spelling of the language, the closing line the opening's own marker, and neither is
indented as far as indented code. A fence that is never closed is closed where its container ends.
"""

import re

from vaultkit.fences import PYTHON_LIKE, Fence, fence_language
from vaultkit.lines import Scan
from vaultkit.site.draft import Line

_AFTER = re.compile(r"[^\s{,]*[,\s]*")
_PYGMENTS = re.compile(r"python[23]?\.\d+")  # names that Pygments does not know
_TICKS = re.compile(r"`{3,}|~{3,}")


def code_lines(scan: Scan) -> tuple[dict[int, Line], dict[int, Line]]:
    """(lines of all fences by number, closing lines to add after a number) of a note."""
    lines: dict[int, Line] = {}
    added: dict[int, Line] = {}
    for fence in scan.fences:
        prefix = container_prefix(fence)
        before = scan.prefix(fence.line) if fence.on_marker else prefix
        lines[fence.line] = Line(fence.line, "fence", before, fence.marker + one_spelling(fence.info))
        rows = fence.code.split("\n")[:-1]
        for number, row in enumerate(rows, fence.line + 1):
            lines[number] = Line(number, "code", prefix, row)
        closing = Line(fence.end_line, "fence", prefix, fence.marker)
        (lines if fence.closed else added)[fence.end_line] = closing
    return lines, added


def container_prefix(fence: Fence) -> str:
    """The fence's prefix without the fourth space and more, which would make it indented code."""
    prefix = fence.prefix.expandtabs(4)
    spaces = len(prefix) - len(prefix.rstrip(" "))
    return prefix[: len(prefix) - min(max(0, fence.indent - 3), spaces)]


def one_spelling(info: str) -> str:
    """An info string with its language in the spelling that the site reads: `python,x` as `python`."""
    language = fence_language(info)
    if info.lstrip().startswith("{") or not language:
        return info
    rest = info.lstrip()[_AFTER.match(info.lstrip()).end() :].strip()  # type: ignore[union-attr]
    if language in PYTHON_LIKE and _PYGMENTS.fullmatch(language):
        language = "python"
    return f"{language} {rest}".rstrip()


def not_a_fence(content: str) -> str:
    """A line of text that looks like a fence to the site alone, with an invisible character before it."""
    return "\u200b" + content if _TICKS.match(content) else content


def not_a_fence_in_html(line: str) -> str:
    """The same for a line of raw HTML."""
    return re.sub(r"^(\s*)`(?=``)", r"\1&#96;", line)
