"""Canvases: read case by case, written as they were read, drawn within their box, never an exception."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaultkit.canvas.draw import draw, entities
from vaultkit.canvas.geometry import bounds, curve
from vaultkit.canvas.model import Canvas, Edge, Node
from vaultkit.canvas.read import read_canvas
from vaultkit.canvas.write import write_canvas

CASES = "canvas/read.md"


def shown(canvas: Canvas) -> list[str]:
    lines = [
        f"{n.type} {n.id} {(n.x, n.y, n.width, n.height)} {n.value}{n.subpath} {n.color}".rstrip()
        for n in canvas.nodes
    ]
    for e in canvas.edges:
        ends = f"{e.start} {e.start_mark} {e.start_side} -> {e.end} {e.end_mark} {e.end_side}"
        lines.append(f"edge {e.id} {ends} {e.label} {e.color}".rstrip())
    return lines + [f"! {problem.line}: {problem.message}" for problem in canvas.problems]


def test_read(case: tuple[str, str, str]) -> None:
    _, source, expected = case
    found = shown(read_canvas("X.canvas", source))
    # The words of the JSON reader differ from one Python to the next.
    same = re.compile(r"(is not valid JSON): .*")
    assert [same.sub(r"\1", line) for line in found] == [
        same.sub(r"\1", line) for line in expected.splitlines()
    ]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_number = st.integers(-2000, 2000) | st.floats(allow_nan=True) | st.none()
_node = st.fixed_dictionaries(
    {"id": st.sampled_from("abcd"), "type": st.sampled_from(["text", "file", "link", "group", "x"])},
    optional={
        **dict.fromkeys(("x", "y"), _number),
        **dict.fromkeys(("width", "height"), st.integers(1, 900) | _number),
        **dict.fromkeys(("text", "file", "url", "label", "subpath", "color", "styleAttributes"), _json),
    },
)
_ends = st.sampled_from(["a", "b", "c", "none", "arrow", "top", "left", 3, None])
_edge = st.fixed_dictionaries(
    {"id": st.text(max_size=3), "fromNode": _ends, "toNode": _ends},
    optional=dict.fromkeys(("fromSide", "toSide", "fromEnd", "toEnd", "label", "color"), _ends),
)
_canvas = st.dictionaries(st.sampled_from(["nodes", "edges", "metadata"]), _json) | st.fixed_dictionaries(
    {"nodes": st.lists(_node | _json, max_size=5), "edges": st.lists(_edge | _json, max_size=5)},
    optional={"unknown": _json},
)


@settings(deadline=None, max_examples=30)
@given(_canvas)
def test_what_is_read_is_written_with_every_key(data: dict[str, Any]) -> None:
    text = json.dumps(data)
    canvas = read_canvas("X.canvas", text)
    assert json.dumps(canvas.data) == text
    again = read_canvas("X.canvas", write_canvas(canvas.data))
    assert json.dumps(again.data) == text
    assert shown(again) == shown(canvas)


@settings(deadline=None, max_examples=30)
@given(_canvas)
def test_what_is_read_can_be_drawn(data: dict[str, Any]) -> None:
    canvas = read_canvas("X.canvas", json.dumps(data))
    lines = draw(canvas, 'a "label"', lambda node: [entities(node.value)])
    html = "\n".join(lines)
    assert html.count("k-node k-node-") == len(canvas.nodes)
    assert html.count("<g class=") == len(canvas.edges)
    assert html.count("<div") == html.count("</div>")


@settings(deadline=None, max_examples=20)
@given(st.text() | st.text(alphabet='{}[]",:0nodes', max_size=60))
def test_no_text_raises(text: str) -> None:
    canvas = read_canvas("X.canvas", text)
    assert canvas.problems or isinstance(canvas.data, dict)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "1" * 10_000])
def test_what_is_nested_or_long_beyond_reason_is_a_problem(text: str) -> None:
    assert len(read_canvas("X.canvas", text).problems) == 1


def test_a_canvas_is_written_as_obsidian_writes_it() -> None:
    data = {"nodes": [{"id": "a", "x": 0}, {"id": "b"}], "edges": [], "more": {"é": [1]}}
    assert write_canvas(data) == (
        '{\n\t"nodes":[\n\t\t{"id":"a","x":0},\n\t\t{"id":"b"}\n\t],\n\t"edges":[],\n\t"more":{"é":[1]}\n}'
    )


def test_an_edge_without_sides_takes_the_nearest_ones() -> None:
    left, right, below = (
        Node(i, "text", x, y, 10, 10) for i, x, y in (("l", 0, 0), ("r", 100, 5), ("b", 0, 90))
    )
    assert curve(Edge("e", "l", "r"), left, right).points[:2] == (10, 5)
    assert curve(Edge("e", "r", "l"), right, left).points[-2:] == (10, 5)
    assert curve(Edge("e", "l", "b"), left, below).points[:2] == (5, 10)
    assert curve(Edge("e", "l", "r", "top", "bottom"), left, right).points[-2:] == (105, 15)


def test_the_box_holds_all_nodes_and_the_names_of_groups() -> None:
    canvas = Canvas(
        "X", nodes=[Node("a", "group", -50, 0, 100, 10, "Name"), Node("b", "text", 500, 700, 20, 30)]
    )
    assert bounds(canvas) == (-70, -54, 610, 804)


def test_text_is_only_text() -> None:
    assert "<" not in entities("<b>*x* [y](z) `q` $m$ [[w]] #t\n- a | b</b>")
    assert entities("KV 缓存 - a, b") == "KV 缓存 - a, b"
