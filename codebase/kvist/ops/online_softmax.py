"""Softmax in one pass: a running maximum and a running sum that can be merged in any grouping."""

from typing import NamedTuple

import mlx.core as mx

from kvist.errors import KvistError


class SoftmaxState(NamedTuple):
    """What is known of the numbers seen so far: their maximum, and the sum of exp(x - maximum). Float32."""

    maximum: mx.array
    total: mx.array

    @property
    def logsumexp(self) -> mx.array:
        return self.maximum + mx.log(self.total)


def softmax_state(x: mx.array) -> SoftmaxState:
    """The state of one block of numbers: x (..., n) -> two arrays of shape (..., 1)."""
    if x.ndim < 1 or not x.shape[-1]:
        raise KvistError("softmax_state", "x of shape (..., n) with n at least 1", f"shape {x.shape}")
    x = x.astype(mx.float32)
    maximum = mx.max(x, axis=-1, keepdims=True)
    return SoftmaxState(maximum, mx.sum(_exp_from(x, maximum), axis=-1, keepdims=True))


def merge_softmax(a: SoftmaxState, b: SoftmaxState) -> SoftmaxState:
    """The state of the numbers of both: each sum is brought to the larger maximum.

    Source: Milakov and Gimelshein 2018, Online normalizer calculation for softmax, section 3.1, equation 4.
    """
    maximum = mx.maximum(a.maximum, b.maximum)
    total = a.total * _exp_from(a.maximum, maximum) + b.total * _exp_from(b.maximum, maximum)
    return SoftmaxState(maximum, total)


def online_softmax(x: mx.array, block: int = 32) -> mx.array:
    """Softmax along the last axis from states of `block` numbers at a time; shape and dtype of `x`."""
    if block < 1:
        raise KvistError("online_softmax", "a block of at least 1", f"block={block}")
    state = softmax_state(x[..., :block])
    for start in range(block, x.shape[-1], block):
        state = merge_softmax(state, softmax_state(x[..., start : start + block]))
    return (_exp_from(x.astype(mx.float32), state.maximum) / state.total).astype(x.dtype)


def _exp_from(x: mx.array, maximum: mx.array) -> mx.array:
    """exp(x - maximum), and 0 where nothing but -inf has been seen: -inf - -inf would be nan."""
    return mx.where(mx.isinf(maximum) & (maximum < 0), 0.0, mx.exp(x - maximum))
