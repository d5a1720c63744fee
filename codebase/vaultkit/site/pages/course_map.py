"""The map of a list: its notes and what they build on, as an SVG of links, made at build."""

import re
from functools import lru_cache
from html import escape

from vaultkit.graph.columns import columns
from vaultkit.graph.layers import reduced, rows
from vaultkit.graph.order import Routes, Stop, ordered, routes
from vaultkit.lists.items import read_items
from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.resolve import resolve
from vaultkit.site.context import Context, Target
from vaultkit.site.sitemap import Page
from vaultkit.site.ui import say

FEWEST = 8  # notes: below that a list is its own map
COLUMNS, WIDTH, HEIGHT, GAP_X, GAP_Y = 4, 148, 44, 16, 38
LINE = 14  # the width that a line takes in a row
_LINE = 21  # half-width characters on a line of a node
_PIECES = re.compile(  # an opening mark with what follows, a closing one with what it closes
    r"\s*[\uff08\u300a\u300c\u3010]*(?:[!-\u024f]+|\S)[\u3001\u3002\uff09\uff0c\uff1a\uff1b\uff01\uff1f\u300b\u300d\u3011]*"
)


def is_drawn(context: Context, note: Note) -> bool:
    """False for a short list."""
    return len(_pages(context, note)) >= FEWEST


def course_map(context: Context, note: Note, *, unfolded: bool = False) -> list[str]:
    """A figure in a fold; [] for a short list."""
    pages = _pages(context, note)
    if len(pages) < FEWEST:
        return []
    edges = {key: [p for p in _builds_on(context, key) if p in pages] for key in pages}
    svg = _svg(context, edges)
    summary = escape(say(context.language, "course_map"))
    state = " open" if unfolded else ""
    top = f'<details class="k-map"{state}><summary>{summary}</summary>'
    return [f'{top}<div class="k-map-scroll">{svg}</div></details>', ""]


def _pages(context: Context, note: Note) -> dict[str, Page]:
    """The pages that the items feed, in order, by canonical path."""
    found: dict[str, Page] = {}
    for item in read_items(note)[0]:
        for target in item.feeds:
            path = resolve(context.vault, target, note.path).path
            page = context.sitemap.page_of(canonical(path)) if path in context.vault.notes else None
            if page:
                found.setdefault(page.key, page)
    return found


def _builds_on(context: Context, key: str) -> list[str]:
    return [path for path in context.sitemap.builds_on(key) if path != key]


def _svg(context: Context, edges: dict[str, list[str]]) -> str:
    """Boxes in rows; a line has a place of its own in each row that it passes, so none runs behind a box."""
    row, ways, order, at = _layout(tuple((key, tuple(on)) for key, on in edges.items()))
    width = max((x + (LINE if stop.line else WIDTH + GAP_X) / 2 for stop, x in at.items()), default=0) + GAP_X
    height = len(order) * (HEIGHT + GAP_Y)
    number = {key: place for place, key in enumerate(sorted(row))}
    ends = _ends(ways, at)
    lines = [
        f'<path data-k-edge="{number[above]} {number[below]}" d="{_line(way, at, *ends[above, below])}"/>'
        for (above, below), way in ways.items()
    ]
    nodes = [
        _node(context, stop.node, number[stop.node], at[stop] - WIDTH / 2 + GAP_X / 2, _top(stop))
        for stops in order
        for stop in stops
        if not stop.line
    ]
    label = escape(say(context.language, "course_map_alt", count=len(nodes)), quote=True)
    return (
        f'<svg viewBox="0 0 {width:g} {height}" width="{width:g}" height="{height}" role="group" '
        f'aria-label="{label}">'
        f'<g class="k-map-edges" aria-hidden="true">{"".join(lines)}</g>{"".join(nodes)}</svg>'
    )


@lru_cache(64)
def _layout(
    edges: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple[dict[str, int], Routes, list[list[Stop]], dict[Stop, float]]:
    """Rows of notes, lines, the order in each row, how far right each stands: the same in both languages."""
    row = rows(dict(edges), COLUMNS)
    ways = routes(reduced(dict(edges)), row)
    order = ordered(row, ways)
    return row, ways, order, columns(order, ways, lambda stop: LINE if stop.line else WIDTH + GAP_X)


def _top(stop: Stop) -> float:
    return GAP_Y / 2 + stop.row * (HEIGHT + GAP_Y)


def _ends(ways: Routes, at: dict[Stop, float]) -> dict[tuple[str, str], tuple[float, float]]:
    """How far from the middle of its boxes each line begins and ends: side by side, in order."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    into: dict[str, list[tuple[float, tuple[str, str]]]] = {}
    for edge, way in ways.items():
        into.setdefault(edge[1], []).append((at[way[-2]], edge))
    for lines in into.values():
        step = min(16.0, (WIDTH - 40) / len(lines))
        for place, (_, edge) in enumerate(sorted(lines)):
            found[edge] = (0.0, (place - (len(lines) - 1) / 2) * step)
    return found


def _line(way: list[Stop], at: dict[Stop, float], begin: float, end: float) -> str:
    """From the lower edge of the first box down to the upper edge of the last, upright in every row."""
    x, y = at[way[0]] + GAP_X / 2 + begin, _top(way[0]) + HEIGHT
    path = f"M{x:.4g} {y:.4g}"
    for stop in way[1:]:
        across, down = at[stop] + GAP_X / 2 + (0 if stop.line else end), _top(stop)
        bend = (down - y) * 0.55
        path += f"C{x:.4g} {y + bend:.4g} {across:.4g} {down - bend:.4g} {across:.4g} {down:.4g}"
        if stop.line:
            path += f"V{down + HEIGHT:.4g}"
        x, y = across, down + HEIGHT
    return f"{path}m-3.5 -6l3.5 6l3.5 -6"


def _node(context: Context, key: str, number: int, x: float, y: float) -> str:
    page = context.sitemap.pages[key]
    title = context.sitemap.title(page, context.language)
    href = escape(context.url(Target(None, page, "", key)), quote=True)
    kind = "k-map-planned" if context.sitemap.planned(page) else "k-map-written"
    texts = wrapped(title)
    top = y + HEIGHT / 2 - (len(texts) - 1) * 7 + 4
    between = " " if " ".join(texts) == title else ""  # so that the words read as the title does
    words = between.join(
        f'<tspan x="{x + WIDTH / 2:.4g}" y="{top + n * 14:.4g}">{escape(text)}</tspan>'
        for n, text in enumerate(texts)
    )
    return (
        f'<a href="{href}" class="{kind}" data-k-node="{number}"><title>{escape(title)}</title>'
        f'<rect x="{x:.4g}" y="{y:.4g}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
        f'<text text-anchor="middle">{words}</text></a>'
    )


def wrapped(title: str) -> list[str]:
    """A title on two lines at most, cut between words; between Chinese characters, never before a closing
    mark or after an opening one.
    """
    lines = [""]
    for piece in _PIECES.findall(title):
        if lines[-1] and _length(lines[-1] + piece.rstrip()) > _LINE:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    lines = [line.strip() for line in lines]
    if len(lines) <= 2 and all(_length(line) <= _LINE + 4 for line in lines):
        return lines
    rest = title[len(lines[0]) :].strip()
    return [_cut(lines[0], _LINE), _cut(rest, _LINE - 1, dots=True)]


def _cut(text: str, length: int, *, dots: bool = False) -> str:
    if _length(text) <= length + (1 if dots else 0):
        return text
    while _length(text) > length:
        text = text[:-1]
    return text.rstrip() + ("…" if dots else "")


def _length(text: str) -> int:
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)
