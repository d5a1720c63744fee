"""RoPE: the engine's own is `kvist.ops.rope`."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.ops import rope


def check_values(solution: ModuleType) -> None:
    """Equals the engine's RoPE from position 0."""
    x = mx.random.normal((1, 2, 6, 8), key=mx.random.key(0))
    worst = np.abs(np.array(solution.rope(x, 0, 10000.0) - rope(x))).max()
    assert worst < 1e-4, f"a number is off by {worst:.2g}: pairs are features j and j + D/2"


def check_offset(solution: ModuleType) -> None:
    """Equals the engine's RoPE when the cache already holds 7 tokens."""
    x = mx.random.normal((1, 2, 3, 8), key=mx.random.key(1))
    worst = np.abs(np.array(solution.rope(x, 7, 10000.0) - rope(x, offset=7))).max()
    assert worst < 1e-4, f"a number is off by {worst:.2g}: the first token stands at position `offset`"


def check_relative(solution: ModuleType) -> None:
    """Scores depend on the distance alone: both positions moved by 5, the same product."""
    q, k = (mx.random.normal((1, 1, 1, 16), key=mx.random.key(n)) for n in (2, 3))
    near = mx.sum(solution.rope(q, 4, 10000.0) * solution.rope(k, 1, 10000.0))
    far = mx.sum(solution.rope(q, 9, 10000.0) * solution.rope(k, 6, 10000.0))
    assert abs(float(np.array(near - far))) < 1e-4, (
        "the product changes with the positions, not their distance"
    )
