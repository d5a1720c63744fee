"""Rows for what builds on what: a node stands below everything that it builds on, and not far below it."""

from collections.abc import Mapping, Sequence

ROUNDS = 8
Edges = Mapping[str, Sequence[str]]  # node: what it builds on, all of them keys


def rows(edges: Edges, width: int) -> dict[str, int]:
    """The row of each node, from 0; a row has at most `width` nodes. Circles are cut at the first by name.

    Nodes without any edge come last, in rows of their own.
    """
    uses = used_by(edges)
    lone = sorted(node for node in edges if not edges[node] and not uses[node])
    row: dict[str, int] = {}
    waiting = set(edges) - set(lone)
    height = _heights(edges, uses)
    while waiting:
        ready = [node for node in waiting if not any(other in waiting for other in edges[node])]
        ready = ready or [min(waiting)]
        number = max(row.values(), default=-1) + 1
        for node in sorted(ready, key=lambda node: (-height[node], node))[:width]:
            row[node] = number
            waiting.discard(node)
    _shorten(row, edges, uses, width)
    first = max(row.values(), default=-1) + 1
    return row | {node: first + place // width for place, node in enumerate(lone)}


def used_by(edges: Edges) -> dict[str, list[str]]:
    """The other direction: of each node what builds on it, by name."""
    uses: dict[str, list[str]] = {node: [] for node in edges}
    for node in sorted(edges):
        for other in edges[node]:
            uses[other].append(node)
    return uses


def reduced(edges: Edges) -> dict[str, list[str]]:
    """The same order with fewer edges: what already follows from the others is left out."""
    above: dict[str, set[str]] = {}
    for rank in _ranks(edges):
        for node in rank:
            above[node] = {far for near in edges[node] for far in (near, *above.get(near, ()))}
    return {
        node: [other for other in dict.fromkeys(below) if not _follows(other, below, above)]
        for node, below in edges.items()
    }


def _shorten(row: dict[str, int], edges: Edges, uses: Edges, width: int) -> None:
    """Move nodes and swap pairs of them as long as the lines between the rows become shorter."""
    count = [0] * (max(row.values(), default=-1) + 1)
    for number in row.values():
        count[number] += 1
    for _ in range(ROUNDS):
        before = dict(row)
        for node in sorted(row):
            _better_place(node, row, edges, uses, count, width)
        if row == before:
            return


def _better_place(
    node: str, row: dict[str, int], edges: Edges, uses: Edges, count: list[int], width: int
) -> None:
    here = row[node]
    low, high = _range(node, row, edges, uses, len(count) - 1)
    best: tuple[int, int, str] | None = None
    for there in range(low, high + 1):
        if there == here:
            continue
        others = sorted(other for other in row if row[other] == there)
        for other in ([""] if count[there] < width and count[here] > 1 else []) + others:
            moved = {node: there} | ({other: here} if other else {})
            gain = _length(moved, row, edges, uses)
            if gain < 0 and (best is None or (gain, there, other) < best):
                best = (gain, there, other)
    if best is None:
        return
    _, there, other = best
    row[node] = there
    if other:
        row[other] = here
    else:
        count[here], count[there] = count[here] - 1, count[there] + 1


def _range(node: str, row: dict[str, int], edges: Edges, uses: Edges, last: int) -> tuple[int, int]:
    """The rows between what a node builds on and what builds on it; edges upwards (circles) do not count."""
    low = max((row[other] + 1 for other in edges[node] if row.get(other, last) < row[node]), default=0)
    high = min((row[other] - 1 for other in uses[node] if row[other] > row[node]), default=last)
    return low, high


def _length(moved: dict[str, int], row: dict[str, int], edges: Edges, uses: Edges) -> int:
    """By how much the lines become longer, those of one node being one; 1,000,000 if any would turn."""
    after = row | moved
    touched = {*moved, *(other for node in moved for other in edges[node])}
    longer = 0
    for node in touched:
        for other in uses[node]:
            if (row[other] > row[node]) != (after[other] > after[node]):
                return 1_000_000
        longer += 3 * (_reach(node, after, uses) - _reach(node, row, uses))
    for node in moved:
        longer += sum(after[node] - after[other] - row[node] + row[other] for other in edges[node])
        longer += sum(after[other] - after[node] - row[other] + row[node] for other in uses[node])
    return longer


def _reach(node: str, row: dict[str, int], uses: Edges) -> int:
    return max((row[other] - row[node] for other in uses[node]), default=0)


def _heights(edges: Edges, uses: Edges) -> dict[str, int]:
    """How many steps build on each node, one upon the other."""
    height: dict[str, int] = {}
    for rank in reversed(_ranks(edges)):
        for node in rank:
            height[node] = 1 + max((height.get(other, 0) for other in uses[node]), default=0)
    return height


def _follows(node: str, below: Sequence[str], above: Mapping[str, set[str]]) -> bool:
    return any(other != node and node in above.get(other, ()) for other in below)


def _ranks(edges: Edges) -> list[list[str]]:
    """Nodes by how many steps they stand above the ground."""
    ranks: list[list[str]] = []
    placed: set[str] = set()
    while len(placed) < len(edges):
        rank = [node for node in sorted(edges) if node not in placed and placed.issuperset(edges[node])]
        rank = rank or [min(node for node in edges if node not in placed)]
        ranks.append(rank)
        placed.update(rank)
    return ranks
