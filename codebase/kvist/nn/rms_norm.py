"""RMSNorm as a module: the operator with its weight."""

import mlx.core as mx
import mlx.nn as nn

from kvist.ops import rms_norm


class RMSNorm(nn.Module):
    """`kvist.ops.rms_norm` over the last axis with a learned weight of shape (dims,), one at the start."""

    def __init__(self, dims: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = mx.ones((dims,))
        self.eps = eps

    def __call__(self, x: mx.array) -> mx.array:
        return rms_norm(x, self.weight, self.eps)
