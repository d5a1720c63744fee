"""Exercise: rotary position embedding in the half-split layout of Llama and Qwen.

Features j and j + D/2 form a pair, which is turned by the angle position * base ** (-2j / D).
"""

import mlx.core as mx


def rope(x: mx.array, offset: int, base: float) -> mx.array:
    """x: (B, H, L, D); token i stands at position offset + i. Returns the same shape."""
    raise NotImplementedError("write me")
