"""Guards the map of what builds on what: rows, order and columns, and that no line runs behind a box."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaultkit.graph.columns import apart, columns
from vaultkit.graph.layers import reduced, rows
from vaultkit.graph.order import Stop, crossings, ordered, routes

WIDE, LINE = 100.0, 10.0
Edges = dict[str, list[str]]


@st.composite
def graphs(draw: st.DrawFn) -> Edges:
    """Graphs without circles: a node builds on some of those before it."""
    count = draw(st.integers(0, 14))
    below = [st.sets(st.integers(0, n - 1), max_size=3) if n else st.just(set()) for n in range(count)]
    return {f"n{n:02}": [f"n{m:02}" for m in sorted(draw(below[n]))] for n in range(count)}


def test_rows() -> None:
    edges = {"a": [], "b": ["a"], "c": ["a", "b"], "d": ["c", "a"], "e": []}
    assert rows(edges, 9) == {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4}
    assert reduced(edges) == {"a": [], "b": ["a"], "c": ["b"], "d": ["c"], "e": []}
    assert rows({str(n): [] for n in range(5)}, 2) == {"0": 0, "1": 0, "2": 1, "3": 1, "4": 2}
    assert rows({}, 3) == {}
    late = {"root": [], "a": [], "b": ["a"], "c": ["b"], "d": ["c", "root"]}
    assert rows(late, 3)["root"] == 2  # just above what builds on it


def test_a_circle_is_cut() -> None:
    assert sorted(rows({"x": ["y"], "y": ["x"], "z": ["x"]}, 3)) == ["x", "y", "z"]
    assert ("y", "x") not in routes({"x": ["y"], "y": ["x"]}, {"x": 0, "y": 1})


@settings(max_examples=80, deadline=None)
@given(graphs(), st.integers(1, 5))
def test_a_node_stands_below_what_it_builds_on(edges: Edges, width: int) -> None:
    row = rows(edges, width)
    assert set(row) == set(edges)
    assert all(row[other] < row[node] for node in edges for other in edges[node])
    used = sorted(row.values())
    assert all(used.count(number) <= width for number in used)
    assert set(used) == set(range(len(set(used))))


@settings(max_examples=80, deadline=None)
@given(graphs(), st.integers(1, 4))
def test_every_line_has_its_own_place_in_each_row_that_it_passes(edges: Edges, width: int) -> None:
    row = rows(edges, width)
    ways = routes(edges, row)
    assert len(ways) == sum(map(len, edges.values()))
    for (above, below), way in ways.items():
        assert way[0] == Stop(above, row[above]) and way[-1] == Stop(below, row[below])
        assert [stop.row for stop in way] == list(range(row[above], row[below] + 1))
        assert all(stop.line and stop.node == above for stop in way[1:-1])
    order = ordered(row, ways)
    at = columns(order, ways, lambda stop: LINE if stop.line else WIDE)
    assert {stop.node for stops in order for stop in stops if not stop.line} == set(edges)
    for stops in order:
        for left, right in pairwise(stops):
            room = sum(LINE if stop.line else WIDE for stop in (left, right)) / 2
            assert at[right] - at[left] >= room - 1e-6
    most = max((sum(LINE if stop.line else WIDE for stop in stops) for stops in order), default=0)
    assert all(-1e-6 <= x <= most + 1e-6 for x in at.values())


def test_lines_that_need_not_cross_do_not() -> None:
    edges = {"a": [], "b": [], "c": [], "x": ["c"], "y": ["b"], "z": ["a"]}
    row = rows(edges, 3)
    ways = routes(edges, row)
    down = {Stop(above, 0): {Stop(below, 1)} for above, below in ways}
    assert crossings([sorted(down), [Stop("x", 1), Stop("y", 1), Stop("z", 1)]], down) == 3
    order = ordered(row, ways)
    assert crossings(order, {stop: down.get(stop, set()) for stops in order for stop in stops}) == 0


def test_apart() -> None:
    assert apart([0, 10], [1, 1], [5]) == [0, 10]
    assert apart([0, 0], [1, 1], [4]) == [-2, 2]
    assert apart([0, 0], [3, 1], [4]) == [-1, 3]
    assert apart([9, 0, 30], [1, 1, 1], [1, 1]) == pytest.approx([4, 5, 30])
    assert apart([], [], []) == []
