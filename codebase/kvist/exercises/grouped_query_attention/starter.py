"""Exercise: attention in which several query heads share one KV head.

With H query heads and Hkv KV heads, query head h reads KV head h // (H / Hkv).
"""

import mlx.core as mx


def grouped_attention(q: mx.array, k: mx.array, v: mx.array) -> mx.array:
    """q (B, H, L, D), k and v (B, Hkv, S, D), no mask -> (B, H, L, D)."""
    raise NotImplementedError("write me")
