"""Reciprocal rank fusion: one ranking from several, by rank alone."""

from collections.abc import Hashable, Sequence
from typing import TypeVar

from kvist.errors import KvistError

T = TypeVar("T", bound=Hashable)


def reciprocal_rank_fusion(rankings: Sequence[Sequence[T]], k: int = 60) -> list[T]:
    """All items of the rankings, the best first: an item scores the sum of 1 / (k + rank), rank from 1.

    Equal scores keep the order in which the items first appear. Source: Cormack et al. 2009, section 2.
    """
    if k < 0:
        raise KvistError("reciprocal_rank_fusion", "k of at least 0", f"k={k}")
    scores: dict[T, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, 1):
            scores[item] = scores.get(item, 0.0) + 1 / (k + rank)
    return sorted(scores, key=lambda item: -scores[item])
