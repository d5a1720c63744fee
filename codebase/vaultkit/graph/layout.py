"""Places for the nodes of a graph: a function of names and links alone, so that every clone draws the same.

Springs along links against repulsion between all nodes (Fruchterman and Reingold 1991, with the forces of
ForceAtlas2, doi:10.1371/journal.pone.0098679), from a start that changes little when the graph does: a name
gives a random point, links smooth the points, and a weak pull holds each node near its own. So a new note
moves the others little, without any memory of an earlier drawing.

Only elementwise arithmetic, square roots and sums in a fixed order: the last bits of a library of linear
algebra differ between machines, and a drawing would not come out the same.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Pairs = NDArray[np.int64]

VERSION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()  # a kept drawing of another one is no use
SIZE = 1000  # nodes stand at whole numbers, all but a few within ±SIZE
STEPS = 120
SMOOTHING, SELF = 12, 0.2  # rounds in which links smooth the first points; weight of a node's own
PULL, SPEED, FIRST_STEP = 0.2, 0.25, 0.12  # the longest first step is that part of the radius
NEAR = np.float32(0.01)  # squared distance below which repulsion stops growing
_EXACT = 1500  # nodes: of more, those of a cell repel together
_CELLS = 24  # a side
_BESIDE, _APART = 0.9, 0.1  # cosine of the angle within which others stand in the way; room left to them
_BLOCK = 64  # nodes at a time, so that their table stays in the processor's cache


def layout(names: Sequence[str], links: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """(x, y) of each node; `links` are pairs of indices into `names`, in any direction and order.

    Nodes without links stand at the edge of the rest, the first above it.
    """
    pairs = np.array(sorted({(min(a, b), max(a, b)) for a, b in links if a != b}), np.int64).reshape(-1, 2)
    seeds = _seeds(names)
    tied = _degrees(pairs, len(names)) > 0
    points = np.zeros((len(names), 2))
    if tied.any():
        order = np.cumsum(tied) - 1
        points[tied] = _settled(seeds[tied], order[pairs])
    points[~tied] = _ring(seeds[~tied], points[tied])
    return [(int(x), int(y)) for x, y in np.rint(points * SIZE)]


def _seeds(names: Sequence[str]) -> Points:
    """A random point within ±1 for each name, always the same."""
    digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(digests, "<u4").reshape(-1, 2) / 2.0**31 - 1.0


def _settled(seeds: Points, pairs: Pairs) -> Points:
    count = len(seeds)
    degrees = _degrees(pairs, count)
    first, second = pairs[:, 0], pairs[:, 1]
    spring = 2.0 / np.sqrt(degrees[first] * degrees[second])  # hubs would draw all into one knot
    home = _start(seeds, pairs, degrees)
    points = home.copy()
    for step in range(STEPS):
        force = _repulsion(points) + PULL * (home - points)
        for axis in (0, 1):
            pull = spring * (points[second, axis] - points[first, axis])
            force[:, axis] += np.bincount(first, pull, count) - np.bincount(second, pull, count)
        force *= SPEED
        left = 1.0 - step / STEPS
        longest = FIRST_STEP * np.sqrt(count) * left * np.sqrt(left)
        points += force * np.minimum(1.0, longest / np.maximum(_lengths(force), 1e-9))[:, None]
    return _spread(points) * 0.8


def _start(seeds: Points, pairs: Pairs, degrees: Points) -> Points:
    """The seeds, smoothed along the links: linked notes come near each other, and all stays continuous."""
    points = seeds
    first, second = pairs[:, 0], pairs[:, 1]
    for _ in range(SMOOTHING):
        around = points + SELF * seeds
        for axis in (0, 1):
            around[:, axis] += np.bincount(first, points[second, axis], len(seeds))
            around[:, axis] += np.bincount(second, points[first, axis], len(seeds))
        points = around / (1.0 + SELF + degrees)[:, None]
    return _scaled(points) * 0.7 * np.sqrt(len(seeds))


def _repulsion(points: Points) -> Points:
    """Of every node by all others, with the inverse of the distance."""
    others, weights = _centres(points) if len(points) > _EXACT else (points, np.ones(len(points)))
    x, y = others.astype(np.float32).T[:, :, None]
    mass = weights.astype(np.float32)[:, None]
    own = points.astype(np.float32)
    force = np.empty_like(points)
    for start in range(0, len(points), _BLOCK):
        block = slice(start, start + _BLOCK)
        dx, dy = own[block, 0] - x, own[block, 1] - y
        weight = dx * dx
        weight += dy * dy
        weight += NEAR
        np.divide(mass, weight, out=weight)
        dx *= weight
        dy *= weight
        force[block, 0], force[block, 1] = dx.sum(0), dy.sum(0)  # row after row: a fixed order
    return force


def _centres(points: Points) -> tuple[Points, Points]:
    """Centres of the nodes of each cell of a grid, and how many there are."""
    low = points.min(0)
    cells = ((points - low) / (points.max(0) - low + 1e-9) * _CELLS).astype(np.int64)
    number = cells[:, 0] * (_CELLS + 1) + cells[:, 1]
    counts = np.bincount(number).astype(np.float64)
    full = counts > 0
    sums = [np.bincount(number, points[:, axis])[full] / counts[full] for axis in (0, 1)]
    return np.stack(sums, 1), counts[full]


def _spread(points: Points) -> Points:
    """The points within a circle of radius 1, the crowd in the middle wider, and groups far off nearer.

    Half of each distance is kept, the other half says how many are nearer.
    """
    points = points - points.mean(0)
    lengths = np.maximum(_lengths(points), 1e-9)
    order = np.sort(lengths)
    rank = np.searchsorted(order, lengths) / len(points)
    most = order[int(0.95 * len(points))]
    wanted = 0.5 * np.minimum(lengths / most, 1.2) + 0.5 * np.sqrt(rank)
    return np.asarray(points / lengths[:, None] * wanted[:, None])


def _ring(seeds: Points, inner: Points) -> Points:
    """Places for nodes without links: at even angles around the others, in the order of their seeds, each as
    near as the others at its angle let it.
    """
    if not len(seeds):
        return seeds
    rank = np.argsort(np.argsort(seeds[:, 0], kind="stable"), kind="stable")
    turn = rank / len(seeds) * 2 * np.pi - np.pi / 2
    ways = np.stack([np.cos(turn), np.sin(turn)], 1)
    lengths = _lengths(inner)
    edge = np.array([lengths[_towards(inner, way) > _BESIDE * lengths].max(initial=0.2) for way in ways])
    room = max(1, int(60 * (edge.mean() + _APART)))  # on the inmost circle
    radii = edge + _APART + 0.05 * (rank % max(1, -(-len(seeds) // room)))
    return ways * radii[:, None]


def _towards(points: Points, way: Points) -> Points:
    return np.asarray(points[:, 0] * way[0] + points[:, 1] * way[1])


def _degrees(pairs: Pairs, count: int) -> Points:
    return np.bincount(pairs.ravel(), minlength=count).astype(np.float64)


def _lengths(points: Points) -> Points:
    return np.asarray(np.sqrt(points[:, 0] * points[:, 0] + points[:, 1] * points[:, 1]))


def _scaled(points: Points) -> Points:
    """The points around 0, at a mean square distance of 1."""
    points = points - points.mean(0)
    return np.asarray(points / max(float(np.sqrt((points * points).sum() / len(points))), 1e-9))
