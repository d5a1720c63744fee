"""Reading a canvas: what is wrong is reported with its JSON path, the rest is kept and drawn."""

import json
import math
import re
from typing import Any

from vaultkit.canvas.model import BACKGROUNDS, ENDS, SIDES, TYPES, Canvas, Edge, Node
from vaultkit.errors import Problem

CODE = "canvas"
_COLOR = re.compile(r"[1-6]|#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_FAR = 1e7  # pixels from the origin; Obsidian's own canvases stay far below
_VALUE = {"text": "text", "file": "file", "link": "url", "group": "label"}


def read_canvas(path: str, text: str) -> Canvas:
    """The canvas in `text`; nothing in it makes this raise. An empty file is an empty canvas."""
    canvas = Canvas(path, {})
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return canvas
    try:
        canvas.data = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"is not valid JSON: {error.msg}"
        canvas.problems.append(Problem(path, error.lineno, CODE, message, "mend it, or save it in Obsidian"))
        return canvas
    except (RecursionError, ValueError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:80]
        canvas.problems.append(Problem(path, 0, CODE, f"is not valid JSON: {what}"))
        return canvas
    _Reader(canvas).read()
    return canvas


class _Reader:
    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.ids: dict[str, str] = {}

    def report(self, where: str, message: str, hint: str = "") -> None:
        self.canvas.problems.append(Problem(self.canvas.path, 0, CODE, f"{where}: {message}", hint))

    def read(self) -> None:
        data = self.canvas.data
        if not isinstance(data, dict):
            self.report("$", f"need an object with `nodes` and `edges`, got {_kind(data)}")
            return
        for position, item in enumerate(self.list(data, "nodes")):
            node = self.node(item, f"$.nodes[{position}]")
            if node:
                self.canvas.nodes.append(node)
        nodes = {node.id for node in self.canvas.nodes}
        for position, item in enumerate(self.list(data, "edges")):
            edge = self.edge(item, f"$.edges[{position}]", nodes)
            if edge:
                self.canvas.edges.append(edge)

    def list(self, data: dict[str, Any], key: str) -> "list[Any]":
        value = data.get(key)
        if value is not None and not isinstance(value, list):
            self.report(f"$.{key}", f"need a list, got {_kind(value)}")
        return value if isinstance(value, list) else []

    def node(self, item: Any, where: str) -> Node | None:
        if not isinstance(item, dict):
            self.report(where, f"need an object, got {_kind(item)}")
            return None
        identity = self.identity(item, where)
        kind = item.get("type")
        numbers = [self.number(item, key, where) for key in ("x", "y", "width", "height")]
        if kind not in TYPES:
            self.report(f"{where}.type", f"need one of {', '.join(TYPES)}, got {_shown(kind)}")
            return None
        value = self.text(item, _VALUE[kind], where, needed=kind != "group")
        subpath = self.text(item, "subpath", where) if kind == "file" else ""
        if subpath and not subpath.startswith("#"):
            self.report(f"{where}.subpath", f"need a text that starts with #, got {_shown(subpath)}")
        if identity is None or None in numbers:
            return None
        x, y, width, height = (number or 0 for number in numbers)
        if width <= 0 or height <= 0:
            self.report(f"{where}.{'width' if width <= 0 else 'height'}", "need more than 0")
            return None
        background = self.text(item, "background", where) if kind == "group" else ""
        style = self.choice(item, "backgroundStyle", where, BACKGROUNDS, "cover") if background else "cover"
        color = self.color(item, where)
        return Node(identity, str(kind), x, y, width, height, value, subpath, color, background, style)

    def edge(self, item: Any, where: str, nodes: set[str]) -> Edge | None:
        if not isinstance(item, dict):
            self.report(where, f"need an object, got {_kind(item)}")
            return None
        identity = self.identity(item, where)
        ends = []
        for key in ("fromNode", "toNode"):
            name = self.text(item, key, where, needed=True)
            if name and name not in nodes:
                self.report(f"{where}.{key}", f"there is no node {_shown(name)}", "remove the edge")
            ends.append(name if name in nodes else "")
        sides = [self.choice(item, key, where, SIDES, None) for key in ("fromSide", "toSide")]
        marks = [
            self.choice(item, "fromEnd", where, ENDS, "none"),
            self.choice(item, "toEnd", where, ENDS, "arrow"),
        ]
        label, color = self.text(item, "label", where), self.color(item, where)
        if identity is None or not all(ends):
            return None
        return Edge(identity, ends[0], ends[1], sides[0], sides[1], marks[0], marks[1], label, color)

    def identity(self, item: dict[str, Any], where: str) -> str | None:
        """The id; None if there is none or another node or edge has it."""
        value = item.get("id")
        if not isinstance(value, str) or not value:
            self.report(f"{where}.id", f"need a text, got {_shown(value)}")
            return None
        if value in self.ids:
            self.report(
                f"{where}.id", f"{_shown(value)} is also the id of {self.ids[value]}", "ids are unique"
            )
            return None
        self.ids[value] = where
        return value

    def number(self, item: dict[str, Any], key: str, where: str) -> float | None:
        value = item.get(key)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            self.report(f"{where}.{key}", f"need a number of pixels, got {_shown(value)}")
            return None
        if (isinstance(value, float) and not math.isfinite(value)) or abs(value) > _FAR:
            self.report(f"{where}.{key}", "is too far away to be drawn")
            return None
        return value

    def text(self, item: dict[str, Any], key: str, where: str, *, needed: bool = False) -> str:
        value = item.get(key)
        if isinstance(value, str):
            return value.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no text
        if value is not None or needed:
            self.report(f"{where}.{key}", f"need a text, got {_shown(value)}")
        return ""

    def choice(self, item: dict[str, Any], key: str, where: str, among: tuple[str, ...], default: Any) -> Any:
        value = item.get(key)
        if value is None or value in among:
            return value or default
        self.report(f"{where}.{key}", f"need one of {', '.join(among)}, got {_shown(value)}")
        return default

    def color(self, item: dict[str, Any], where: str) -> str:
        value = self.text(item, "color", where)
        if value and not _COLOR.fullmatch(value):
            self.report(f"{where}.color", f'need "1" to "6" or a hex colour, got {_shown(value)}')
            return ""
        return value


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number")


def _shown(value: Any) -> str:
    if value is None or isinstance(value, (dict, list)):
        return _kind(value)
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, (str, bool)) else str(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"
