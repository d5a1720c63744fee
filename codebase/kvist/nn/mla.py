"""Multi-head latent attention (MLA), with keys and values made explicit or absorbed into the queries.

Source: DeepSeek-V2 (arXiv:2405.04434), section 2.1 and equations 9-19. Parameter names are those of its
checkpoints.
"""

from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn

from kvist.cache import LatentKVCache
from kvist.errors import KvistError
from kvist.nn.rms_norm import RMSNorm
from kvist.ops import attention, rope


@dataclass(frozen=True, slots=True)
class MLAConfig:
    """Sizes of one layer, named as in a DeepSeek config.json."""

    hidden_size: int
    num_attention_heads: int
    kv_lora_rank: int
    """Width of the latent c_kv that is cached (d_c in the paper)."""
    qk_nope_head_dim: int
    """Features of a head's query and key that carry no position (d_h)."""
    qk_rope_head_dim: int
    """Features that are rotated; their key is shared by all heads (d_h^R)."""
    v_head_dim: int
    q_lora_rank: int | None = None
    """Width of the query latent (d_c'); None projects queries directly."""
    rope_theta: float = 10000.0
    rope_interleave: bool = False
    """True when rotated pairs are neighbours, as in DeepSeek checkpoints; False pairs j with j + d/2."""
    rms_norm_eps: float = 1e-6

    def __post_init__(self) -> None:
        if self.qk_rope_head_dim % 2 or self.qk_rope_head_dim < 2:
            raise KvistError("MLAConfig", "an even qk_rope_head_dim", str(self.qk_rope_head_dim))

    @property
    def qk_head_dim(self) -> int:
        """Width of a whole query or key of one head."""
        return self.qk_nope_head_dim + self.qk_rope_head_dim


class MultiHeadLatentAttention(nn.Module):
    """Causal MLA, (B, L, E) -> (B, L, E), with an optional `LatentKVCache`.

    `absorb=False` rebuilds every head's keys and values from the latents (equations 10-11), which is cheap
    when many queries share them: prefill. `absorb=True` folds W_UK into the query and W_UV into the output,
    so that all heads attend to the latents themselves, like multi-query attention with one wide KV head:
    decode. Both read the same cache and give the same result up to rounding; the attribute may be switched
    between calls.
    """

    def __init__(self, config: MLAConfig, absorb: bool = False) -> None:
        super().__init__()
        self.config = config
        self.absorb = absorb
        heads, rank = config.num_attention_heads, config.kv_lora_rank
        if config.q_lora_rank is None:
            self.q_proj = nn.Linear(config.hidden_size, heads * config.qk_head_dim, bias=False)
        else:
            self.q_a_proj = nn.Linear(config.hidden_size, config.q_lora_rank, bias=False)
            self.q_a_layernorm = RMSNorm(config.q_lora_rank, config.rms_norm_eps)
            self.q_b_proj = nn.Linear(config.q_lora_rank, heads * config.qk_head_dim, bias=False)
        self.kv_a_proj_with_mqa = nn.Linear(config.hidden_size, rank + config.qk_rope_head_dim, bias=False)
        self.kv_a_layernorm = RMSNorm(rank, config.rms_norm_eps)
        self.kv_b_proj = nn.Linear(rank, heads * (config.qk_nope_head_dim + config.v_head_dim), bias=False)
        self.o_proj = nn.Linear(heads * config.v_head_dim, config.hidden_size, bias=False)

    def make_cache(self) -> LatentKVCache:
        """An empty cache for this layer."""
        return LatentKVCache()

    def __call__(self, x: mx.array, cache: LatentKVCache | None = None) -> mx.array:
        offset = 0 if cache is None else cache.offset
        q_nope, q_rope = self._queries(x, offset)
        c_kv, k_rope = self._latents(x, offset)
        if cache is not None:
            c_kv, k_rope = cache.update(c_kv, k_rope)
        attend = self._attend_absorbed if self.absorb else self._attend_explicit
        out = attend(q_nope, q_rope, c_kv, k_rope)  # (B, H, L, Dv)
        return self.o_proj(out.swapaxes(1, 2).reshape(*x.shape[:2], -1))

    def _queries(self, x: mx.array, offset: int) -> tuple[mx.array, mx.array]:
        """Equations 12-14: (B, H, L, qk_nope_head_dim) and the rotated (B, H, L, qk_rope_head_dim)."""
        q = self.q_proj(x) if "q_proj" in self else self.q_b_proj(self.q_a_layernorm(self.q_a_proj(x)))
        q = q.reshape(*x.shape[:2], self.config.num_attention_heads, -1).swapaxes(1, 2)
        nope, rotary = mx.split(q, [self.config.qk_nope_head_dim], axis=-1)
        return nope, self._rotate(rotary, offset)

    def _latents(self, x: mx.array, offset: int) -> tuple[mx.array, mx.array]:
        """Equations 9 and 15, what is cached: (B, 1, L, kv_lora_rank) and (B, 1, L, qk_rope_head_dim)."""
        compressed = mx.expand_dims(self.kv_a_proj_with_mqa(x), 1)
        c_kv, rotary = mx.split(compressed, [self.config.kv_lora_rank], axis=-1)
        return self.kv_a_layernorm(c_kv), self._rotate(rotary, offset)

    def _rotate(self, x: mx.array, offset: int) -> mx.array:
        if self.config.rope_interleave:  # neighbours 2j, 2j + 1 become the halves j, j + d/2
            x = x.reshape(*x.shape[:-1], -1, 2).swapaxes(-1, -2).reshape(x.shape)
        return rope(x, offset=offset, base=self.config.rope_theta)

    def _attend_explicit(
        self, q_nope: mx.array, q_rope: mx.array, c_kv: mx.array, k_rope: mx.array
    ) -> mx.array:
        """Equations 10-11 and 16-18: per-head keys and values from the latents, then ordinary attention."""
        batch, heads, length, _ = q_nope.shape
        kv = self.kv_b_proj(c_kv[:, 0]).reshape(batch, c_kv.shape[2], heads, -1).swapaxes(1, 2)
        k_nope, v = mx.split(kv, [self.config.qk_nope_head_dim], axis=-1)
        shared = mx.broadcast_to(k_rope, (batch, heads, *k_rope.shape[2:]))
        q, k = mx.concatenate([q_nope, q_rope], axis=-1), mx.concatenate([k_nope, shared], axis=-1)
        return attention(q, k, v, mask=_causal(length))

    def _attend_absorbed(
        self, q_nope: mx.array, q_rope: mx.array, c_kv: mx.array, k_rope: mx.array
    ) -> mx.array:
        """The same, reading q_nopeᵀ (W_UK c) as (W_UKᵀ q_nope)ᵀ c: one KV head, whose value is the latent."""
        heads, rank = self.config.num_attention_heads, self.config.kv_lora_rank
        weight = self.kv_b_proj.weight.reshape(heads, -1, rank)
        w_uk, w_uv = mx.split(weight, [self.config.qk_nope_head_dim], axis=1)  # (H, d_h, d_c), (H, Dv, d_c)
        q = mx.concatenate([q_nope @ w_uk, q_rope], axis=-1)
        k = mx.concatenate([c_kv, k_rope], axis=-1)
        out = attention(q, k, c_kv, scale=self.config.qk_head_dim**-0.5, mask=_causal(q.shape[2]))
        return out @ w_uv.swapaxes(-1, -2)


def _causal(num_queries: int) -> str | None:
    """One query at the end sees every key, so it needs no mask."""
    return "causal" if num_queries > 1 else None
