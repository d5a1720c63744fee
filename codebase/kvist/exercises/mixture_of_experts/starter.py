"""Exercise: the router of a mixture of experts.

Each token goes to the k experts with the largest logits; their weights are the softmax over these k logits
alone, so that they add up to 1.
"""

import mlx.core as mx


def route(logits: mx.array, k: int) -> tuple[mx.array, mx.array]:
    """logits (N, experts) -> (ids, weights), both (N, k), the largest first."""
    raise NotImplementedError("write me")


def tokens_of(ids: mx.array, expert: int) -> list[int]:
    """The tokens that an expert gets, in order: it runs once, on all of them."""
    raise NotImplementedError("write me")
