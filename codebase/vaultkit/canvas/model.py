"""A canvas: nodes and edges with what the format says of them, and the data as the file had it."""

from dataclasses import dataclass, field
from typing import Any, Literal

from vaultkit.errors import Problem

Side = Literal["top", "right", "bottom", "left"]
End = Literal["none", "arrow"]
SIDES: tuple[Side, ...] = ("top", "right", "bottom", "left")
ENDS: tuple[End, ...] = ("none", "arrow")
BACKGROUNDS = ("cover", "ratio", "repeat")
TYPES = ("text", "file", "link", "group")


@dataclass(frozen=True, slots=True)
class Node:
    """A node; `value` is its text, file, URL or label. Lengths are pixels, y grows downwards."""

    id: str
    type: str
    x: float
    y: float
    width: float
    height: float
    value: str = ""
    subpath: str = ""
    color: str = ""
    background: str = ""  # a group's image
    background_style: str = "cover"


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from node to node; without a side, the drawing chooses the nearest."""

    id: str
    start: str
    end: str
    start_side: Side | None = None
    end_side: Side | None = None
    start_mark: End = "none"
    end_mark: End = "arrow"
    label: str = ""
    color: str = ""


@dataclass(slots=True)
class Canvas:
    """`data` is the whole file's JSON, unknown keys included; nodes and edges that cannot be drawn are only
    there.
    """

    path: str
    data: Any = None
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
