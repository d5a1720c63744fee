"""The gated feed-forward layer (SwiGLU)."""

import mlx.core as mx
import mlx.nn as nn


class MLP(nn.Module):
    """down(silu(gate(x)) * up(x)) without biases: (…, E) -> (…, F) -> (…, E).

    Source: Shazeer 2020, GLU Variants Improve Transformer, equation 6 (FFN_SwiGLU).
    """

    def __init__(self, hidden_size: int, intermediate_size: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(hidden_size, intermediate_size, bias=False)
        self.up_proj = nn.Linear(hidden_size, intermediate_size, bias=False)
        self.down_proj = nn.Linear(intermediate_size, hidden_size, bias=False)

    def __call__(self, x: mx.array) -> mx.array:
        return self.down_proj(nn.silu(self.gate_proj(x)) * self.up_proj(x))
