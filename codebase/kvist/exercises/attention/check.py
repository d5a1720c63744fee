"""Attention: the engine's own is `kvist.ops.attention`."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.ops import attention


def _inputs() -> list[mx.array]:
    return [mx.random.normal((2, 3, 5, 4), key=mx.random.key(n)) for n in range(3)]


def check_shape(solution: ModuleType) -> None:
    """Gives one vector for each query of each head."""
    got = solution.attention(*_inputs(), False)
    assert got.shape == (2, 3, 5, 4), f"need shape (2, 3, 5, 4), got {got.shape}"


def check_values(solution: ModuleType) -> None:
    """Equals the engine's attention without a mask."""
    worst = np.abs(np.array(solution.attention(*_inputs(), False) - attention(*_inputs()))).max()
    assert worst < 1e-5, f"a number is off by {worst:.2g}: is the score divided by sqrt(D)?"


def check_causal(solution: ModuleType) -> None:
    """Equals the engine's attention under a causal mask."""
    worst = np.abs(
        np.array(solution.attention(*_inputs(), True) - attention(*_inputs(), mask="causal"))
    ).max()
    assert worst < 1e-5, f"a number is off by {worst:.2g}: query i may see the keys 0 to i"
