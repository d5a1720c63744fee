"""The order within rows: lines that pass a row take a place in it, and few lines cross (Sugiyama 1981)."""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from vaultkit.graph.layers import Edges

SWEEPS = 24


class Stop(NamedTuple):
    """A place in a row: of the node itself, or of the line that leads from it to rows further down."""

    node: str
    row: int
    line: bool = False


Routes = dict[tuple[str, str], list[Stop]]  # of an edge (from, to): the stops on its way, ends included


def routes(edges: Edges, row: Mapping[str, int]) -> Routes:
    """The way of each edge down the rows; edges from one node share theirs. Edges upwards are left out."""
    return {
        (other, node): [
            Stop(other, row[other]),
            *(Stop(other, number, True) for number in range(row[other] + 1, row[node])),
            Stop(node, row[node]),
        ]
        for node in sorted(edges)
        for other in edges[node]
        if row[other] < row[node]
    }


def ordered(row: Mapping[str, int], ways: Routes) -> list[list[Stop]]:
    """The stops of each row from left to right: the best order of several sweeps down and up."""
    stops = {Stop(node, number) for node, number in row.items()} | {s for way in ways.values() for s in way}
    rows: list[list[Stop]] = [[] for _ in range(max(row.values(), default=-1) + 1)]
    for stop in sorted(stops):
        rows[stop.row].append(stop)
    up: dict[Stop, set[Stop]] = {stop: set() for stop in stops}
    down: dict[Stop, set[Stop]] = {stop: set() for stop in stops}
    for way in ways.values():
        for first, second in itertools.pairwise(way):
            up[second].add(first)
            down[first].add(second)
    best, least = [list(each) for each in rows], crossings(rows, down)
    for sweep in range(SWEEPS):
        falling = sweep % 2 == 0
        order, neighbours = (rows, up) if falling else (rows[::-1], down)
        for above, here in itertools.pairwise(order):
            place = {stop: n / max(len(above) - 1, 1) for n, stop in enumerate(above)}
            own = {stop: n / max(len(here) - 1, 1) for n, stop in enumerate(here)}
            here.sort(key=lambda stop: (_middle(stop, neighbours, place, own), own[stop]))
        count = crossings(rows, down)
        if count < least:
            best, least = [list(each) for each in rows], count
    return best


def crossings(rows: Sequence[Sequence[Stop]], down: Mapping[Stop, set[Stop]]) -> int:
    """How many pairs of lines cross between neighbouring rows."""
    count = 0
    for above, below in itertools.pairwise(rows):
        place = {stop: n for n, stop in enumerate(below)}
        ends = [place[end] for stop in above for end in sorted(down[stop], key=lambda s: place[s])]
        count += sum(later < end for n, end in enumerate(ends) for later in ends[n + 1 :])
    return count


def _middle(
    stop: Stop,
    neighbours: Mapping[Stop, set[Stop]],
    place: Mapping[Stop, float],
    own: Mapping[Stop, float],
) -> float:
    found = [place[other] for other in neighbours[stop]]
    return sum(found) / len(found) if found else own[stop]
