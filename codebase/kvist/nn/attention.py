"""Self-attention with grouped queries, rotary positions, an optional QK-norm and an optional cache."""

import mlx.core as mx
import mlx.nn as nn

from kvist.cache import BaseKVCache, KVCache
from kvist.errors import KvistError
from kvist.nn.linear import Linear, apply_all
from kvist.nn.rms_norm import RMSNorm
from kvist.ops import attention, norm_rope, rope


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
        self.q_proj = Linear(hidden_size, num_heads * head_dim)
        self.k_proj = Linear(hidden_size, num_kv_heads * head_dim)
        self.v_proj = Linear(hidden_size, num_kv_heads * head_dim)
        self.o_proj = Linear(num_heads * head_dim, hidden_size)
        self.q_norm = None if qk_norm_eps is None else RMSNorm(head_dim, qk_norm_eps)
        self.k_norm = None if qk_norm_eps is None else RMSNorm(head_dim, qk_norm_eps)

    def __call__(self, x: mx.array, cache: BaseKVCache | None = None) -> mx.array:
        q, k, v = apply_all(x, self.q_proj, self.k_proj, self.v_proj)
        # Without a cache, as in training, MLX's own operations: it differentiates them as they are.
        q, k, v = self._place(q, k, v) if cache is None else self._place_in_cache(q, k, v, cache)
        # One query at the end sees every key: a mask would only cost time.
        mask = "causal" if x.shape[1] > 1 else None
        implementation = "mlx" if cache is None else None  # as above
        out = attention(q, k, v, mask=mask, implementation=implementation)  # (B, H, L, D)
        return self.o_proj(out.swapaxes(1, 2).reshape(*x.shape[:2], -1))

    def _place(self, q: mx.array, k: mx.array, v: mx.array) -> tuple[mx.array, mx.array, mx.array]:
        """Projections (B, L, heads * D) -> (B, heads, L, D), normalised and rotated."""
        q = rope(self._heads(q, self.num_heads, self.q_norm), base=self.rope_base)
        k = rope(self._heads(k, self.num_kv_heads, self.k_norm), base=self.rope_base)
        return q, k, self._heads(v, self.num_kv_heads, None)

    def _place_in_cache(
        self, q: mx.array, k: mx.array, v: mx.array, cache: BaseKVCache
    ) -> tuple[mx.array, mx.array, mx.array]:
        """The same in one pass; keys and values are all that the cache then holds."""
        norms = None
        if self.q_norm is not None and self.k_norm is not None:
            norms = self.q_norm.weight, self.k_norm.weight
        eps = 0.0 if self.q_norm is None else self.q_norm.eps
        offset, head_dim, base = cache.offset, self.head_dim, self.rope_base
        if type(cache) is not KVCache:  # a subclass may keep its rows, or count them, in another way
            q, k, v = norm_rope(q, k, v, head_dim=head_dim, offset=offset, base=base, norms=norms, eps=eps)
            return q, *cache.update(k, v)
        buffers = cache.reserve(q.shape[0], self.num_kv_heads, q.shape[1], head_dim, q.dtype)
        q, k, v = norm_rope(
            q, k, v, head_dim=head_dim, offset=offset, base=base, norms=norms, eps=eps, cache=buffers
        )
        return q, *cache.replace(k, v, q.shape[2])

    def _heads(self, x: mx.array, num_heads: int, norm: RMSNorm | None) -> mx.array:
        """(B, L, heads * D) -> (B, heads, L, D), each head normalised when `norm` is given."""
        x = x.reshape(*x.shape[:2], num_heads, self.head_dim)
        return (x if norm is None else norm(x)).swapaxes(1, 2)
