"""Spans inside text lines that are not prose: code, math, HTML tags and comments, `%%` comments.

One pass from left to right, first opener wins, linear in the length of the text.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from typing import Literal, NamedTuple

from vaultkit import wikilink

SpanKind = Literal["code", "math", "html", "tag", "percent"]

_DESTINATION = r"\]\([ \t\n]?<(?:\\.|[^<>\n\\])*>"  # no tag, though it may look like one
# What stands in a wikilink opens nothing either.
_TOKEN = re.compile(rf"\\.|`+|<!--|<(?=[a-zA-Z/])|%%+|\$\$?|{wikilink.GRAMMAR}|{_DESTINATION}", re.DOTALL)
_ATTRIBUTE = r"\s+[a-zA-Z_:][\w.:-]*(?:\s*=\s*(?:[^\s\"'=<>`]+|'[^']*'|\"[^\"]*\"))?"
TAG = re.compile(
    rf"<(?:[a-zA-Z][a-zA-Z0-9-]*(?:{_ATTRIBUTE})*\s*/?|/[a-zA-Z][a-zA-Z0-9-]*\s*"
    r"|[a-zA-Z][a-zA-Z0-9+.-]{1,31}:[^\s<>]*|[\w.!#$%&'*+/=?^`{|}~-]+@[a-zA-Z0-9.-]+)>"
)
_INLINE_MATH = re.compile(r"\$(?![\s$])(?:\\.|[^$\\])*?(?<![\s\\])\$(?!\d)", re.DOTALL)
_CLOSERS: dict[str, tuple[str, SpanKind]] = {
    "<!--": ("-->", "html"),
    "%%": ("%%", "percent"),
    "$$": ("$$", "math"),
}
_TICKS = re.compile(r"`+")


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive, 0-based) of a text or of one line."""

    start: int
    end: int
    kind: SpanKind


def opens_span(text: str) -> bool:
    """True if something in `text` may open a span."""
    return "`" in text or "$" in text or "<" in text or "%" in text


def spans(text: str) -> list[Span]:
    """The non-prose spans of `text`, one paragraph's raw text; an opener without a closer is prose."""
    found: list[Span] = []
    if not opens_span(text):
        return found
    ticks = _ticks_by_length(text) if "`" in text else {}
    missing: set[str] = set()  # openers for which no closer follows any more
    position = 0
    while token := _TOKEN.search(text, position):
        position = token.end()
        if token.group() in missing:
            continue
        end, kind = _close(text, token, ticks)
        if not end and token.group() in _CLOSERS:
            missing.add(token.group())
        if end:
            found.append(Span(token.start(), end, kind))
            position = end
    return found


def _close(text: str, token: re.Match[str], ticks: dict[int, list[int]]) -> tuple[int, SpanKind]:
    """(end of the span that `token` opens or 0, its kind)."""
    mark, start = token.group(), token.end()
    if mark[0] == "`":
        starts = ticks.get(len(mark), [])
        index = bisect_left(starts, start)
        return (starts[index] + len(mark) if index < len(starts) else 0), "code"
    if mark in _CLOSERS:
        closer, kind = _CLOSERS[mark]
        if mark == "<!--":  # `<!-->` is a whole comment
            start -= 2
        return _after(text, closer, start), kind
    if mark == "<":
        tag = TAG.match(text, token.start())
        return (tag.end() if tag else 0), "tag"
    if mark == "$":
        math = _INLINE_MATH.match(text, token.start())
        return (math.end() if math else 0), "math"
    return 0, "code"  # escaped, a wikilink, a destination, or `%%%%`, which open nothing


def _after(text: str, closer: str, start: int) -> int:
    at = text.find(closer, start)
    return at + len(closer) if at >= 0 else 0


def _ticks_by_length(text: str) -> dict[int, list[int]]:
    lengths: dict[int, list[int]] = defaultdict(list)
    for run in _TICKS.finditer(text):
        lengths[len(run.group())].append(run.start())
    return lengths


def blank_out(text: str, covered: list[Span], kinds: frozenset[str]) -> str:
    """`text` with the spans of these kinds replaced by as many spaces, so that columns stay."""
    if not covered:
        return text
    parts, position = [], 0
    for span in covered:
        if span.kind in kinds and span.end > position:
            start = max(span.start, position)
            parts += [text[position:start], " " * (span.end - start)]
            position = span.end
    return "".join([*parts, text[position:]])


def by_line(span: Span, offsets: list[int], first: int, last: int) -> Iterator[tuple[int, Span]]:
    """(line, piece) of a span over the lines `first` to `last` of a text; `offsets` is where lines start."""
    kind: SpanKind = span.kind
    if first == last:
        yield first, Span(span.start - offsets[first], span.end - offsets[first], kind)
        return
    for place in range(first, last + 1):
        start, end = offsets[place], offsets[place + 1] - 1
        yield place, Span(max(span.start, start) - start, min(span.end, end) - start, kind)
