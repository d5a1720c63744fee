"""A canvas as HTML: one SVG of its lines, its nodes as boxes above it, sized by the width there is.

The box's unit of length is `--u`, one pixel of the canvas; the style sheet sets it from the container's
width, so that all of a canvas is seen without a script. Markdown inside nodes is the caller's.
"""

import html
import re
from collections.abc import Callable
from functools import lru_cache

from vaultkit.canvas.geometry import Box, Curve, bounds, curve, n
from vaultkit.canvas.model import Canvas, Edge, Node

_MARK = re.compile(r"[^\w \-,;]|_")
_NO_DIVIDER = re.compile(r"[^\w\-./%#]|_")


def draw(canvas: Canvas, label: str, body: Callable[[Node], list[str]], key: str = "canvas") -> list[str]:
    """Lines of Markdown (with `md_in_html`): `body` gives a node's. `label` names the picture, `key`
    is an id that nothing else on the page has.
    """
    box = bounds(canvas)
    size = f"--w:{n(box.width)};--h:{n(box.height)}"
    lines = [
        f'<div class="k-canvas" tabindex="0" role="group" aria-label="{_attribute(label)}" markdown="1">'
    ]
    lines += [f'<div class="k-canvas-board" style="{size}" markdown="1">', ""]
    groups = [node for node in canvas.nodes if node.type == "group"]
    for node in sorted(groups, key=lambda g: -g.width * g.height):
        lines += _node(node, box, body(node))
    lines += [f'<div class="k-canvas-lines" aria-hidden="true">{_svg(canvas, box, key)}</div>', ""]
    for node in canvas.nodes:
        if node.type != "group":
            lines += _node(node, box, body(node))
    return [*lines, "</div>", "</div>", ""]


def _node(node: Node, box: Box, body: list[str]) -> list[str]:
    place = f"--x:{n(node.x - box.x)};--y:{n(node.y - box.y)};--dx:{n(node.width)};--dy:{n(node.height)}"
    name = f"k-node k-node-{node.type}{_color_class(node.color)}"
    style = place + _color_style(node.color)
    return [f'<div class="{name}" style="{style}" markdown="1">', "", *body, "", "</div>", ""]


def _svg(canvas: Canvas, box: Box, key: str) -> str:
    """All edges, in the canvas's own pixels; `key` is the id of the arrow."""
    nodes = {node.id: node for node in canvas.nodes}
    marker = (f'<marker id="{key}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="14" markerHeight="14" '
              'markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
              '<path d="M0 0 10 5 0 10z" fill="context-stroke"/></marker>')  # fmt: skip
    parts = [
        _edge(edge, curve(edge, nodes[edge.start], nodes[edge.end]), key)
        for edge in canvas.edges
        if edge.start in nodes and edge.end in nodes
    ]
    view = f"{n(box.x)} {n(box.y)} {n(box.width)} {n(box.height)}"
    return f'<svg viewBox="{view}"><defs>{marker}</defs>{"".join(parts)}</svg>'


def _edge(edge: Edge, line: Curve, key: str) -> str:
    ends = f' marker-start="url(#{key})"' if edge.start_mark == "arrow" else ""
    ends += f' marker-end="url(#{key})"' if edge.end_mark == "arrow" else ""
    style = f' style="{_color_style(edge.color)[1:]}"' if edge.color.startswith("#") else ""
    path = f'<path d="{line.path}" fill="none"{ends}/>'
    if edge.label:
        x, y = line.middle
        label = entities(" ".join(edge.label.split()))
        path += f'<text x="{n(x)}" y="{n(y)}" text-anchor="middle" dominant-baseline="middle">{label}</text>'
    return f'<g class="k-edge{_color_class(edge.color)}"{style}>{path}</g>'


def _color_class(color: str) -> str:
    return f" k-color-{color}" if color in tuple("123456") else " k-color-own" if color else ""


def _color_style(color: str) -> str:
    return f";--c:{color}" if color.startswith("#") else ""


@lru_cache(8192)
def entities(text: str) -> str:
    """Text that is only text to HTML and to Markdown: whatever could be a mark is a character reference."""
    return _MARK.sub(lambda found: f"&#{ord(found[0])};", text)


@lru_cache(8192)
def address(url: str) -> str:
    """The same for an address between quotes: what divides it is no mark there."""
    return _NO_DIVIDER.sub(lambda found: f"&#{ord(found[0])};", url)


def _attribute(text: str) -> str:
    return html.escape(text, quote=True).replace("\n", " ")
