"""The gated feed-forward layer (SwiGLU)."""

import mlx.core as mx
import mlx.nn as nn

from kvist.nn.linear import Linear, apply_all
from kvist.ops import swiglu


class MLP(nn.Module):
    """down(silu(gate(x)) * up(x)) without biases: (…, E) -> (…, F) -> (…, E).

    Source: Shazeer 2020, GLU Variants Improve Transformer, equation 6 (FFN_SwiGLU).
    """

    def __init__(self, hidden_size: int, intermediate_size: int) -> None:
        super().__init__()
        self.gate_proj = Linear(hidden_size, intermediate_size)
        self.up_proj = Linear(hidden_size, intermediate_size)
        self.down_proj = Linear(intermediate_size, hidden_size)

    def __call__(self, x: mx.array, *, fused: bool = False) -> mx.array:
        """`fused` takes the C++ primitive for the gate where there is one: for inference, where it pays."""
        gate, up = apply_all(x, self.gate_proj, self.up_proj)
        return self.down_proj(swiglu(gate, up) if fused else nn.silu(gate) * up)
