"""Quantized matmul: the format is that of MLX, whose own functions judge here."""

from types import ModuleType

import mlx.core as mx
import numpy as np


def _weights() -> tuple[np.ndarray, list[np.ndarray]]:
    """The weights as MLX unpacks them, and the words, scales and biases."""
    packed, scales, biases = mx.quantize(
        mx.random.normal((6, 128), key=mx.random.key(0)), group_size=64, bits=4
    )
    whole = mx.dequantize(packed, scales, biases, group_size=64, bits=4)
    return np.array(whole), [np.array(part) for part in (packed, scales, biases)]


def check_unpacked(solution: ModuleType) -> None:
    """Unpacks the words and applies each group's scale and bias."""
    want, arrays = _weights()
    got = solution.dequantize(*arrays, 64)
    assert got.shape == want.shape, f"need shape {want.shape}, got {got.shape}"
    assert np.abs(got - want).max() < 1e-5, "the first weight of a word stands in its lowest 4 bits"


def check_product(solution: ModuleType) -> None:
    """Equals the product with the unpacked weights."""
    weights, arrays = _weights()
    x = np.array(mx.random.normal((3, 128), key=mx.random.key(1)))
    want = x @ weights.T
    got = solution.quantized_matmul(x, *arrays, 64)
    assert got.shape == want.shape and np.abs(got - want).max() < 1e-3, "need x times the transposed weights"
