"""Exercise: the wiring of one pre-norm transformer block, and the number of its parameters.

The block adds what attention says to the stream, then what the feed-forward layer says; each of them reads a
normalised copy of the stream, never the stream itself.
"""

from collections.abc import Callable

import mlx.core as mx

Layer = Callable[[mx.array], mx.array]


def block(x: mx.array, norm1: Layer, attention: Layer, norm2: Layer, mlp: Layer) -> mx.array:
    """x (B, L, E) -> (B, L, E)."""
    raise NotImplementedError("write me")


def count_parameters(config: dict) -> int:
    """Parameters of a Qwen3 with this config.json: embedding (one matrix if tie_word_embeddings, else two),
    per layer q, k, v, o, a norm of head_dim for q and one for k, gate, up, down and two norms, and a last
    norm. No bias anywhere.
    """
    raise NotImplementedError("write me")
