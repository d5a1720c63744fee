"""Exercise: greedy generation.

Ask the model for the logits after the tokens so far, take the largest, append it, and go on.
"""

from collections.abc import Callable

import mlx.core as mx


def generate(model: Callable[[mx.array], mx.array], prompt: list[int], num_tokens: int) -> list[int]:
    """The new tokens. model: tokens (1, L) -> logits (1, L, V)."""
    raise NotImplementedError("write me")
