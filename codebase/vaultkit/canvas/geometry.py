"""Where things are on a canvas: its box, and the curves of its edges."""

from typing import NamedTuple

from vaultkit.canvas.model import Canvas, Edge, Node, Side

MARGIN = 20


class Box(NamedTuple):
    x: float
    y: float
    width: float
    height: float


class Curve(NamedTuple):
    """A cubic Bezier curve by its four points, and its middle, where a label stands."""

    points: tuple[float, ...]
    middle: tuple[float, float]

    @property
    def path(self) -> str:
        start, first, second, end = (f"{n(x)} {n(y)}" for x, y in zip(*[iter(self.points)] * 2, strict=True))
        return f"M{start} C{first} {second} {end}"


def n(value: float) -> str:
    """A number as SVG and CSS write it."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def bounds(canvas: Canvas) -> Box:
    """The box around all nodes, with a margin; a small empty one for an empty canvas."""
    if not canvas.nodes:
        return Box(0, 0, 400, 100)
    left = min(node.x for node in canvas.nodes) - MARGIN
    top = min(node.y - (34 if node.type == "group" and node.value else 0) for node in canvas.nodes) - MARGIN
    right = max(node.x + node.width for node in canvas.nodes) + MARGIN
    bottom = max(node.y + node.height for node in canvas.nodes) + MARGIN
    return Box(left, top, right - left, bottom - top)


def point(node: Node, side: Side) -> tuple[float, float]:
    """The middle of a side."""
    x = node.x + node.width * {"left": 0.0, "right": 1.0}.get(side, 0.5)
    y = node.y + node.height * {"top": 0.0, "bottom": 1.0}.get(side, 0.5)
    return x, y


def curve(edge: Edge, start: Node, end: Node) -> Curve:
    """The curve of an edge, leaving and entering at right angles to the sides."""
    sides = _nearest(start, end)
    first, last = edge.start_side or sides[0], edge.end_side or sides[1]
    (x0, y0), (x3, y3) = point(start, first), point(end, last)
    reach = max(30.0, min(200.0, (abs(x3 - x0) + abs(y3 - y0)) / 3))
    (dx0, dy0), (dx3, dy3) = _OUT[first], _OUT[last]
    x1, y1, x2, y2 = x0 + dx0 * reach, y0 + dy0 * reach, x3 + dx3 * reach, y3 + dy3 * reach
    middle = ((x0 + 3 * x1 + 3 * x2 + x3) / 8, (y0 + 3 * y1 + 3 * y2 + y3) / 8)
    return Curve((x0, y0, x1, y1, x2, y2, x3, y3), middle)


_OUT: dict[Side, tuple[int, int]] = {"top": (0, -1), "right": (1, 0), "bottom": (0, 1), "left": (-1, 0)}


def _nearest(start: Node, end: Node) -> tuple[Side, Side]:
    dx = (end.x + end.width / 2) - (start.x + start.width / 2)
    dy = (end.y + end.height / 2) - (start.y + start.height / 2)
    if abs(dx) >= abs(dy):
        return ("right", "left") if dx >= 0 else ("left", "right")
    return ("bottom", "top") if dy >= 0 else ("top", "bottom")
