"""Sums whose order of additions depends on the length of the reduced axis and on nothing else.

Everything here is made of elementwise multiplications and additions, so each element of a result is rounded
in the same order whatever else is in the array. A BLAS or a fused reduction may choose another order for
another shape.
"""

from collections.abc import Iterable
from functools import reduce
from operator import add, mul

import mlx.core as mx


def add_in_order(terms: Iterable[mx.array]) -> mx.array:
    """((a + b) + c) + …, one rounded addition after the other."""
    return reduce(add, terms)


def pad_to_multiple(x: mx.array, axis: int, multiple: int, value: float = 0.0) -> mx.array:
    """Append `value` along `axis` until its length is a multiple of `multiple`."""
    missing = -x.shape[axis] % multiple
    widths = [(0, missing if i == axis % x.ndim else 0) for i in range(x.ndim)]
    return mx.pad(x, widths, constant_values=value) if missing else x


def sum_in_blocks(x: mx.array, block: int) -> mx.array:
    """Sum over the last axis in blocks of `block`: in order inside each block, then block after block."""
    block = min(block, x.shape[-1])  # zeros behind the end would change nothing
    x = pad_to_multiple(x, -1, block)
    blocks = x.reshape(*x.shape[:-1], x.shape[-1] // block, block)
    partial = add_in_order(mx.split(blocks, block, axis=-1))  # (…, blocks, 1)
    return add_in_order(mx.split(partial, partial.shape[-2], axis=-2))[..., 0, 0]


def matmul_in_blocks(a: mx.array, b: mx.array, block: int) -> mx.array:
    """a (…, M, K) times b (…, K, N) in float32, each dot product added up as in `sum_in_blocks`.

    All blocks advance together, so the Python loop runs block + K / block times instead of K times. Products
    and sums are rounded one by one: no fused multiply-add.
    """
    block = min(block, a.shape[-1])
    a, b = pad_to_multiple(a.astype(mx.float32), -1, block), pad_to_multiple(b.astype(mx.float32), -2, block)
    count = a.shape[-1] // block
    left = a.reshape(*a.shape[:-1], count, block).swapaxes(-3, -2)  # (…, blocks, M, block)
    right = b.reshape(*b.shape[:-2], count, block, b.shape[-1])  # (…, blocks, block, N)
    columns, rows = mx.split(left, block, axis=-1), mx.split(right, block, axis=-2)
    partial = add_in_order(map(mul, columns, rows))  # (…, blocks, M, N)
    return add_in_order(mx.split(partial, partial.shape[-3], axis=-3))[..., 0, :, :]
