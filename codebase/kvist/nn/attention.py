"""Self-attention with grouped queries, rotary positions, an optional QK-norm and an optional cache."""

import mlx.core as mx
import mlx.nn as nn

from kvist.cache import BaseKVCache
from kvist.errors import KvistError
from kvist.nn.rms_norm import RMSNorm
from kvist.ops import attention, rope


class Attention(nn.Module):
    """Causal self-attention, (B, L, E) -> (B, L, E), with projections without biases.

    `qk_norm_eps` switches on RMSNorm over each query and key head before the rotation (Qwen3); None leaves
    it out. With a cache the L tokens continue at `cache.offset`; without one they start at position 0.
    """

    def __init__(
        self,
        hidden_size: int,
        num_heads: int,
        num_kv_heads: int,
        head_dim: int,
        *,
        rope_base: float = 10000.0,
        qk_norm_eps: float | None = None,
    ) -> None:
        super().__init__()
        if num_kv_heads < 1 or num_heads % num_kv_heads:
            need = "num_heads to be a multiple of num_kv_heads"
            raise KvistError("Attention", need, f"num_heads={num_heads}, num_kv_heads={num_kv_heads}")
        self.num_heads = num_heads
        self.num_kv_heads = num_kv_heads
        self.head_dim = head_dim
        self.rope_base = rope_base
        self.q_proj = nn.Linear(hidden_size, num_heads * head_dim, bias=False)
        self.k_proj = nn.Linear(hidden_size, num_kv_heads * head_dim, bias=False)
        self.v_proj = nn.Linear(hidden_size, num_kv_heads * head_dim, bias=False)
        self.o_proj = nn.Linear(num_heads * head_dim, hidden_size, bias=False)
        self.q_norm = None if qk_norm_eps is None else RMSNorm(head_dim, qk_norm_eps)
        self.k_norm = None if qk_norm_eps is None else RMSNorm(head_dim, qk_norm_eps)

    def __call__(self, x: mx.array, cache: BaseKVCache | None = None) -> mx.array:
        offset = 0 if cache is None else cache.offset
        q = self._heads(self.q_proj(x), self.num_heads, self.q_norm)
        k = self._heads(self.k_proj(x), self.num_kv_heads, self.k_norm)
        v = self._heads(self.v_proj(x), self.num_kv_heads, None)
        q = rope(q, offset=offset, base=self.rope_base)
        k = rope(k, offset=offset, base=self.rope_base)
        if cache is not None:
            k, v = cache.update(k, v)
        # One query at the end sees every key: a mask would only cost time.
        mask = "causal" if x.shape[1] > 1 else None
        out = attention(q, k, v, mask=mask)  # (B, H, L, D)
        return self.o_proj(out.swapaxes(1, 2).reshape(*x.shape[:2], -1))

    def _heads(self, x: mx.array, num_heads: int, norm: RMSNorm | None) -> mx.array:
        """(B, L, heads * D) -> (B, heads, L, D), each head normalised when `norm` is given."""
        x = x.reshape(*x.shape[:2], num_heads, self.head_dim)
        return (x if norm is None else norm(x)).swapaxes(1, 2)
