"""Mixture of experts: the engine's own is `kvist.nn.route`."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.nn import route


def check_route(solution: ModuleType) -> None:
    """Chooses and weighs as the engine does."""
    logits = mx.random.normal((6, 8), key=mx.random.key(0))
    ids, weights = solution.route(logits, 2)
    want_ids, want = route(logits, 2)
    assert np.array_equal(np.array(ids), np.array(want_ids)), "need the k largest logits, the largest first"
    assert np.abs(np.array(weights) - np.array(want)).max() < 1e-5, "need the softmax over the chosen logits"


def check_sum(solution: ModuleType) -> None:
    """The weights of a token add up to 1."""
    _, weights = solution.route(mx.array([[3.0, 1.0, 2.0, -1.0]]), 3)
    assert abs(np.array(weights).sum() - 1) < 1e-5, f"they add up to {np.array(weights).sum():.3f}"


def check_groups(solution: ModuleType) -> None:
    """Groups tokens by expert."""
    ids = mx.array([[0, 2], [1, 0], [2, 1]])
    got = [list(solution.tokens_of(ids, expert)) for expert in range(4)]
    assert got == [[0, 1], [1, 2], [0, 2], []], f"need [[0, 1], [1, 2], [0, 2], []], got {got}"
