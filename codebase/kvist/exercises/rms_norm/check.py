"""RMSNorm: the engine's own is `kvist.ops.rms_norm`."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.ops import rms_norm


def check_values(solution: ModuleType) -> None:
    """Equals the engine's RMSNorm."""
    x, weight = (
        mx.random.normal((2, 3, 16), key=mx.random.key(0)),
        mx.random.normal((16,), key=mx.random.key(1)),
    )
    worst = np.abs(np.array(solution.rms_norm(x, weight, 1e-6) - rms_norm(x, weight, 1e-6))).max()
    assert worst < 1e-5, f"a number is off by {worst:.2g}"


def check_zero(solution: ModuleType) -> None:
    """A vector of zeros stays zero, for eps stands under the root."""
    got = np.array(solution.rms_norm(mx.zeros((1, 4)), mx.ones((4,)), 1e-6))
    assert (got == 0).all(), f"need zeros, got {got.tolist()}"


def check_half_precision(solution: ModuleType) -> None:
    """Large float16 numbers do not overflow, and float16 comes back."""
    x = mx.full((1, 4), 300.0, dtype=mx.float16)
    got = solution.rms_norm(x, mx.ones((4,), dtype=mx.float16), 1e-6)
    assert got.dtype == mx.float16, f"need float16, got {got.dtype}"
    assert np.allclose(np.array(got), 1.0), f"need ones, got {np.array(got).tolist()}: square in float32"
