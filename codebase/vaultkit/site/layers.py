"""A drawing order for what builds on what: rows from the ground up, with few crossings, always the same."""

from collections.abc import Mapping, Sequence

SWEEPS = 6


def layers(edges: Mapping[str, Sequence[str]], width: int) -> list[list[str]]:
    """Rows of the keys of `edges` (node: what it builds on, all of them keys) of at most `width` nodes.

    A node stands below everything that it builds on. Circles are cut at the node that is first by name.
    """
    rank = {node: depth for depth, row in enumerate(_ranks(edges)) for node in row}
    rows: list[list[str]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for node in sorted(edges):
        rows[rank[node]].append(node)
    uses: dict[str, list[str]] = {node: [] for node in edges}
    for node, below in edges.items():
        for other in below:
            uses[other].append(node)
    for sweep in range(SWEEPS):
        ordered, neighbours = (rows, edges) if sweep % 2 == 0 else (rows[::-1], uses)
        for row in ordered[1:]:
            place = {node: n / max(len(r) - 1, 1) for r in rows for n, node in enumerate(r)}
            row.sort(key=lambda node: (_mean(place, neighbours[node], place[node]), node))
    return [row[start : start + width] for row in rows for start in range(0, len(row), width)]


def reduced(edges: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The same order with fewer edges: what already follows from the others is left out."""
    above: dict[str, set[str]] = {}
    for row in _ranks(edges):
        for node in row:
            above[node] = {far for near in edges[node] for far in (near, *above.get(near, ()))}
    return {
        node: [other for other in dict.fromkeys(below) if not _follows(other, below, above)]
        for node, below in edges.items()
    }


def _follows(node: str, below: Sequence[str], above: Mapping[str, set[str]]) -> bool:
    return any(other != node and node in above.get(other, ()) for other in below)


def _ranks(edges: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Nodes by how many steps they stand above the ground."""
    rows: list[list[str]] = []
    placed: set[str] = set()
    while len(placed) < len(edges):
        row = [node for node in sorted(edges) if node not in placed and placed.issuperset(edges[node])]
        row = row or [min(node for node in edges if node not in placed)]
        rows.append(row)
        placed.update(row)
    return rows


def _mean(place: Mapping[str, float], nodes: Sequence[str], otherwise: float) -> float:
    found = [place[node] for node in nodes]
    return sum(found) / len(found) if found else otherwise
