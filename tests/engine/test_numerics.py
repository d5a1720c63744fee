"""Guards the bit-level helpers: spacing, bitwise comparison and sums in a given order."""

import itertools

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.numerics import bits_differ, sum_in_order, ulp


def test_ulp_is_the_gap_to_the_next_number() -> None:
    assert ulp(1.0) == 2.0**-23
    assert ulp(-1.0) == 2.0**-23
    assert ulp([2.0**24, 1.0]).tolist() == [2.0, 2.0**-23]
    assert ulp(1.0, np.float16) == 2.0**-10


def test_bits_differ_counts_bits_and_not_values() -> None:
    a = np.array([0.0, 1.0, np.nan], np.float32)
    assert bits_differ(a, a.copy()) == 0
    assert bits_differ(a, np.array([-0.0, np.nextafter(np.float32(1), 2), np.nan], np.float32)) == 2
    x = mx.array([[1.0, 2.0], [3.0, 4.0]])
    assert bits_differ(x.T, mx.array([[1.0, 3.0], [2.0, 5.0]])) == 1
    half = mx.array([1.0, 2.0], mx.bfloat16)
    assert bits_differ(half, half * mx.array([1, 1 + 2**-7], mx.bfloat16)) == 1


def test_bits_differ_refuses_other_shapes_and_dtypes() -> None:
    with pytest.raises(KvistError, match="one shape"):
        bits_differ(mx.zeros((2,)), mx.zeros((3,)))
    with pytest.raises(KvistError, match=r"4 bytes, .* of 2 bytes"):
        bits_differ(mx.zeros((2,)), mx.zeros((2,), mx.float16))


def test_sum_in_order_adds_one_by_one() -> None:
    values = np.array([0.1, 1e20, -1e20], np.float32)
    assert sum_in_order(values) == 0.0
    assert sum_in_order(values, [1, 2, 0]) == np.float32(0.1)
    many = sum_in_order(values, np.array([[0, 1, 2], [1, 2, 0]]))
    assert many.tolist() == [0.0, np.float32(0.1)]
    assert sum_in_order([2.0**24, 1.0, 1.0]) == 2.0**24  # each 1 is half an ulp, and ties go to even
    assert sum_in_order([1.0, 1.0, 2.0**24]) == 2.0**24 + 2


def test_eight_numbers_have_many_sums() -> None:
    """The example of the post on nondeterminism, over every order instead of some random ones."""
    small = [1e-10, 1e-5, 1e-2, 1.0]
    values = np.array(small + [-x for x in small])
    orders = np.array(list(itertools.permutations(range(8))))
    sums = np.unique(sum_in_order(values, orders, np.float64))
    reference = {sum_slowly(values[order]) for order in orders[:: 40320 // 500]}
    assert len(sums) == 275
    assert reference <= set(sums.tolist())


def sum_slowly(values: np.ndarray) -> float:
    total = 0.0
    for value in values.tolist():
        total += value
    return total


def test_sum_in_order_refuses_what_is_no_permutation() -> None:
    for orders in ([0, 0, 1], [0, 1], [1, 2, 3]):
        with pytest.raises(KvistError, match="permutations of 0 … 2"):
            sum_in_order([1.0, 2.0, 3.0], orders)
    with pytest.raises(KvistError, match="shape"):
        sum_in_order([[1.0]])
