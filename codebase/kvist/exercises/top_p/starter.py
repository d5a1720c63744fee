"""Exercise: nucleus sampling, the filter.

Keep the shortest run of most probable tokens whose probabilities add up to at least p, and always the best
one.
"""

import mlx.core as mx


def keep_top_p(logits: mx.array, p: float) -> mx.array:
    """logits (B, V) -> the same with -inf for tokens that may not be drawn. Rows do not touch each other."""
    raise NotImplementedError("write me")
