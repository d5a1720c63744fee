"""Exercise: a matrix product with weights of 4 bits.

A row of weights is stored as unsigned integers, eight of 4 bits in a 32-bit word, the first in the lowest
bits. Each group of group_size weights has a scale and a bias: weight = scale * integer + bias.
"""

import numpy as np


def dequantize(packed: np.ndarray, scales: np.ndarray, biases: np.ndarray, group_size: int) -> np.ndarray:
    """packed uint32 (N, K / 8), scales and biases float32 (N, K / group_size) -> float32 (N, K)."""
    raise NotImplementedError("write me")


def quantized_matmul(
    x: np.ndarray, packed: np.ndarray, scales: np.ndarray, biases: np.ndarray, group_size: int
) -> np.ndarray:
    """x (M, K) times the transposed weights: (M, N)."""
    raise NotImplementedError("write me")
