"""Softmax: the engine's own is `kvist.ops.softmax`."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.ops import softmax


def check_values(solution: ModuleType) -> None:
    """Equals the engine's softmax on a batch of rows."""
    x = mx.random.normal((2, 3, 7), key=mx.random.key(0))
    got = solution.softmax(x)
    assert got.shape == x.shape, f"need shape {x.shape}, got {got.shape}"
    worst = np.abs(np.array(got) - np.array(softmax(x))).max()
    assert worst < 1e-6, f"a probability is off by {worst:.2g}"


def check_large_logits(solution: ModuleType) -> None:
    """Logits near 1000 give numbers, not nan."""
    got = np.array(solution.softmax(mx.array([[1000.0, 1001.0]])))
    assert not np.isnan(got).any(), "exp(1000) is inf, and inf / inf is nan: shift the row first"
    assert abs(got[0, 1] - 0.7310586) < 1e-6, f"need 0.731, got {got[0, 1]:.3f}"


def check_all_masked_but_one(solution: ModuleType) -> None:
    """A row with one finite logit puts everything on it."""
    got = solution.softmax(mx.array([[-float("inf"), 3.0, -float("inf")]]))
    assert got.tolist() == [[0.0, 1.0, 0.0]], f"need [0, 1, 0], got {got.tolist()[0]}"
