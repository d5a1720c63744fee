"""The cache of multi-head latent attention: one short vector per token for all heads together."""

import mlx.core as mx

from kvist.cache.dense import KVCache
from kvist.errors import KvistError


class LatentKVCache(KVCache):
    """For each token the normalised latent c_kv and the rotated key k_rope, which all heads share.

    It is a dense cache with exactly one KV head: c_kv (B, 1, L, kv_lora_rank) takes the place of the keys and
    k_rope (B, 1, L, qk_rope_head_dim) that of the values.
    Source: DeepSeek-V2 (arXiv:2405.04434), sections 2.1.2 and 2.1.3.
    """

    def update(self, c_kv: mx.array, k_rope: mx.array) -> tuple[mx.array, mx.array]:
        """Append the new tokens; return c_kv and k_rope of all tokens, (B, 1, S, ·)."""
        if c_kv.ndim != 4 or c_kv.shape[1] != 1:
            need = "one latent per token for all heads, c_kv of shape (B, 1, L, kv_lora_rank)"
            raise KvistError("LatentKVCache.update", need, f"shape {c_kv.shape}")
        return super().update(c_kv, k_rope)
