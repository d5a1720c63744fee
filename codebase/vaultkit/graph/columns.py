"""Where stops stand in their rows: near what they are joined with, in order, and never on each other."""

import itertools
from collections.abc import Callable, Sequence

from vaultkit.graph.order import Routes, Stop

PASSES = 12


def columns(
    rows: Sequence[Sequence[Stop]], ways: Routes, width: Callable[[Stop], float]
) -> dict[Stop, float]:
    """The middle of each stop, from 0 rightwards; `width` of a stop includes the space beside it.

    No row is wider than the one that has most in it.
    """
    at: dict[Stop, float] = {}
    for row in rows:
        left = -sum(map(width, row)) / 2
        for stop in row:
            at[stop] = left + width(stop) / 2
            left += width(stop)
    most = max((sum(map(width, row)) / 2 for row in rows), default=0.0)
    joined: dict[Stop, list[Stop]] = {stop: [] for stop in at}
    for way in ways.values():
        for first, second in itertools.pairwise(way):
            joined[first].append(second)
            joined[second].append(first)
    for turn in range(PASSES):
        for row in rows if turn % 2 == 0 else rows[::-1]:
            wanted = _within([_wanted(stop, joined[stop], at) for stop in row], list(map(width, row)), most)
            weights = [4.0 if stop.line else 1.0 for stop in row]  # lines are to be straight
            gaps = [(width(a) + width(b)) / 2 for a, b in itertools.pairwise(row)]
            at |= dict(zip(row, apart(wanted, weights, gaps), strict=True))
    left = min((at[stop] - width(stop) / 2 for stop in at), default=0.0)
    return {stop: middle - left for stop, middle in at.items()}


def _wanted(stop: Stop, joined: Sequence[Stop], at: dict[Stop, float]) -> float:
    return sum(at[other] for other in joined) / len(joined) if joined else at[stop]


def _within(wanted: Sequence[float], widths: Sequence[float], most: float) -> list[float]:
    """The places wanted, but none where those left and right of it would not find room within ±`most`."""
    places, left, right = [], -most, most - sum(widths)
    for place, width in zip(wanted, widths, strict=True):
        places.append(min(max(place, left + width / 2), right + width / 2))
        left, right = left + width, right + width
    return places


def apart(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The places nearest to those wanted (least squares) with at least these gaps between neighbours.

    Pool adjacent violators: what would come too close moves as one.
    """
    shift = [0.0]
    for gap in gaps:
        shift.append(shift[-1] + gap)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for place, weight, moved in zip(wanted, weights, shift, strict=False):
        pools.append((place - moved, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, wa, na), (b, wb, nb) = pools[-2:]
            pools[-2:] = [((a * wa + b * wb) / (wa + wb), wa + wb, na + nb)]
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + moved for mean, moved in zip(means, shift, strict=False)]
