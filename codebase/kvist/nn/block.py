"""One pre-norm transformer layer."""

import mlx.core as mx
import mlx.nn as nn

from kvist.cache import BaseKVCache
from kvist.nn.attention import Attention
from kvist.nn.mlp import MLP
from kvist.nn.rms_norm import RMSNorm


class TransformerBlock(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)): (B, L, E) -> (B, L, E).

    Parameters are named as in Llama and Qwen checkpoints.
    """

    def __init__(self, attention: Attention, mlp: MLP, hidden_size: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.self_attn = attention
        self.mlp = mlp
        self.input_layernorm = RMSNorm(hidden_size, eps)
        self.post_attention_layernorm = RMSNorm(hidden_size, eps)

    def __call__(self, x: mx.array, cache: BaseKVCache | None = None) -> mx.array:
        x = x + self.self_attn(self.input_layernorm(x), cache)
        return x + self.mlp(self.post_attention_layernorm(x), fused=cache is not None)
