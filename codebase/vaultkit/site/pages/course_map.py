"""The map of a list: its notes and what they build on, as an SVG of links, made at build."""

from html import escape

from vaultkit.lists.items import read_items
from vaultkit.lists.prerequisites import prerequisites
from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.resolve import resolve
from vaultkit.site.context import Context, Target
from vaultkit.site.layers import layers, reduced
from vaultkit.site.sitemap import Page
from vaultkit.site.ui import say

FEWEST = 8  # notes: below that a list is its own map
COLUMNS, WIDTH, HEIGHT, GAP_X, GAP_Y = 5, 148, 44, 12, 34
_LINE = 21  # half-width characters on a line of a node


def course_map(context: Context, note: Note, *, unfolded: bool = False) -> list[str]:
    """A figure in a fold; [] for a short list."""
    pages = _pages(context, note)
    if len(pages) < FEWEST:
        return []
    edges = {key: [p for p in _builds_on(context, key) if p in pages] for key in pages}
    rows = layers(edges, COLUMNS)
    svg = _svg(context, rows, reduced(edges))
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
    return [path for path in prerequisites(context.vault, key) if path != key]


def _svg(context: Context, rows: list[list[str]], edges: dict[str, list[str]]) -> str:
    width = COLUMNS * (WIDTH + GAP_X) + GAP_X
    height = len(rows) * (HEIGHT + GAP_Y) + GAP_Y
    at = {}
    for y, row in enumerate(rows):
        left = (width - len(row) * (WIDTH + GAP_X) + GAP_X) / 2
        for x, key in enumerate(row):
            at[key] = (left + x * (WIDTH + GAP_X), GAP_Y + y * (HEIGHT + GAP_Y))
    lines = [_edge(at[below], at[key]) for key, under in edges.items() for below in under]
    nodes = [_node(context, key, *at[key]) for row in rows for key in row]
    label = escape(say(context.language, "course_map_alt", count=len(at)), quote=True)
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="group" '
        f'aria-label="{label}">'
        f'<g class="k-map-edges" aria-hidden="true">{"".join(lines)}</g>{"".join(nodes)}</svg>'
    )


def _edge(below: tuple[float, float], above: tuple[float, float]) -> str:
    x1, y1, x2, y2 = below[0] + WIDTH / 2, below[1] + HEIGHT, above[0] + WIDTH / 2, above[1]
    bend = max(18.0, (y2 - y1) / 2)
    return f'<path d="M{x1:g} {y1:g}C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2:g}"/>'


def _node(context: Context, key: str, x: float, y: float) -> str:
    page = context.sitemap.pages[key]
    title = context.sitemap.title(page, context.language)
    href = escape(context.url(Target(None, page, "", key)), quote=True)
    kind = "k-map-planned" if context.sitemap.planned(page) else "k-map-written"
    texts = _wrapped(title)
    top = y + HEIGHT / 2 - (len(texts) - 1) * 7 + 4
    words = "".join(
        f'<tspan x="{x + WIDTH / 2:g}" y="{top + n * 14:g}">{escape(text)}</tspan>'
        for n, text in enumerate(texts)
    )
    return (
        f'<a href="{href}" class="{kind}" aria-label="{escape(title, quote=True)}">'
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
        f'<text text-anchor="middle">{words}</text></a>'
    )


def _wrapped(title: str) -> list[str]:
    """A title on two lines at most, cut at words where it has any; a Chinese character counts for two."""
    pieces = title.split(" ") if " " in title else list(title)
    glue = " " if " " in title else ""
    lines, current = [], ""
    for piece in pieces:
        joined = f"{current}{glue}{piece}" if current else piece
        if current and _length(joined) > _LINE:
            lines.append(current)
            current = piece
        else:
            current = joined
    lines.append(current)
    if len(lines) <= 2 and all(_length(line) <= _LINE + 4 for line in lines):
        return lines
    return [_cut(lines[0], _LINE), _cut(glue.join(lines[1:]), _LINE - 1, dots=True)]


def _cut(text: str, length: int, *, dots: bool = False) -> str:
    if _length(text) <= length + (1 if dots else 0):
        return text
    while _length(text) > length:
        text = text[:-1]
    return text.rstrip() + ("…" if dots else "")


def _length(text: str) -> int:
    return sum(2 if ord(char) > 0x2E7F else 1 for char in text)
