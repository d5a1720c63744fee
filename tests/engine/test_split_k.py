"""Guards the emulated split-K matmul: an exact order of additions, which the number of splits decides."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.numerics import bits_differ
from kvist.ops import split_k_matmul


def by_hand(a: np.ndarray, b: np.ndarray, num_splits: int) -> np.ndarray:
    """One float32 operation at a time."""
    (rows, depth), columns = a.shape, b.shape[1]
    length = -(-depth // num_splits)
    out = np.zeros((rows, columns), np.float32)
    for i in range(rows):
        for j in range(columns):
            parts = []
            for start in range(0, depth, length):
                part = np.float32(0)
                for k in range(start, min(start + length, depth)):
                    part = np.float32(part + np.float32(a[i, k] * b[k, j]))
                parts.append(part)
            total = np.float32(0)
            for part in parts:
                total = np.float32(total + part)
            out[i, j] = total
    return out


@pytest.fixture
def operands() -> tuple[mx.array, mx.array]:
    mx.random.seed(0)
    return mx.random.normal((8, 256)), mx.random.normal((256, 64))


@pytest.mark.parametrize("num_splits", [1, 2, 3, 5, 40])
def test_equals_float32_arithmetic_bit_for_bit(num_splits: int) -> None:
    random = np.random.default_rng(0)
    a = random.normal(size=(3, 40)).astype(np.float32)
    b = random.normal(size=(40, 4)).astype(np.float32)
    assert bits_differ(split_k_matmul(mx.array(a), mx.array(b), num_splits), by_hand(a, b, num_splits)) == 0


def test_number_of_splits_changes_bits_but_hardly_the_value(operands: tuple[mx.array, mx.array]) -> None:
    whole = split_k_matmul(*operands, 1)
    exact = np.array(operands[0], np.float64) @ np.array(operands[1], np.float64)
    for num_splits in (2, 4, 8):
        split = split_k_matmul(*operands, num_splits)
        assert bits_differ(split, whole) > split.size // 2
        np.testing.assert_allclose(split, exact, atol=1e-4)


def test_bits_depend_on_nothing_but_the_number_of_splits(operands: tuple[mx.array, mx.array]) -> None:
    a, b = operands
    whole = split_k_matmul(a, b, 4)
    assert bits_differ(split_k_matmul(a, b, 4), whole) == 0
    assert bits_differ(split_k_matmul(a[2:3], b, 4), whole[2:3]) == 0
    assert bits_differ(split_k_matmul(a, b[:, 5:9], 4), whole[:, 5:9]) == 0


def test_refusals() -> None:
    a, b = mx.zeros((2, 4)), mx.zeros((4, 3))
    for num_splits in (0, 5):
        with pytest.raises(KvistError, match="1 to K=4"):
            split_k_matmul(a, b, num_splits)
    with pytest.raises(KvistError, match="a \\(2, 4\\), b \\(2, 4\\)"):
        split_k_matmul(a, a, 1)
