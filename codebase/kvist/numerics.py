"""Floating-point bits: spacing, bitwise comparison, and sums whose order is chosen by the caller."""

from collections.abc import Sequence

import mlx.core as mx
import numpy as np
import numpy.typing as npt

from kvist.errors import KvistError

Array = mx.array | npt.ArrayLike


def ulp(x: Array, dtype: npt.DTypeLike = np.float32) -> np.ndarray:
    """Unit in the last place: the gap between |x| and the next larger number of `dtype`. Shape of x."""
    return np.spacing(np.abs(np.asarray(x, dtype=dtype)))


def bits_differ(a: Array, b: Array) -> int:
    """Number of elements of `a` and `b` whose bits differ; 0 means bitwise equal.

    Stricter than ==: 0.0 and -0.0 differ. NaNs with the same bits do not. Raises KvistError unless shapes and
    dtypes are equal.
    """
    left, right = _bits(a), _bits(b)
    if left.shape != right.shape or left.dtype != right.dtype:
        got = f"{left.shape} of {left.dtype.itemsize} bytes, {right.shape} of {right.dtype.itemsize} bytes"
        raise KvistError("bits_differ", "two arrays of one shape and dtype", got)
    return int(np.count_nonzero(left != right))


def sum_in_order(
    values: Array, orders: Sequence[int] | np.ndarray | None = None, dtype: npt.DTypeLike = np.float32
) -> np.ndarray:
    """Add `values` (n,) one by one in the order of the indices `orders`, rounding each sum to `dtype`.

    `orders` is one permutation (n,), many (..., n), or None for left to right; the result has the shape of
    `orders` without its last axis. Written out because `sum()` of Python 3.12 and later compensates its
    rounding errors, and `np.sum` adds in pairs.
    """
    numbers = np.asarray(values, dtype=dtype)
    if numbers.ndim != 1:
        raise KvistError("sum_in_order", "values of shape (n,)", f"shape {numbers.shape}")
    index = np.arange(len(numbers)) if orders is None else np.asarray(orders, dtype=np.intp)
    expected = np.arange(len(numbers))
    if index.shape[-1:] != numbers.shape or not (np.sort(index, axis=-1) == expected).all():
        raise KvistError("sum_in_order", f"permutations of 0 … {len(numbers) - 1}", f"shape {index.shape}")
    total = np.zeros(index.shape[:-1], dtype=dtype)
    for position in range(len(numbers)):
        total = total + numbers[index[..., position]]
    return total


def _bits(x: Array) -> np.ndarray:
    """The elements as unsigned integers of their own width; numpy has no bfloat16, so MLX views that."""
    if isinstance(x, mx.array):
        if x.dtype == mx.bfloat16:
            x = x.view(mx.uint16)
        x = np.array(x)
    array = np.asarray(x)
    return np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}").reshape(array.shape)
