"""Choosing the next token from logits: temperature, then top-k, top-p and min-p, then one draw per row.

Order: the temperature comes first, and each filter sees the distribution that the one before it left
(renormalised), as in transformers. Every filter works on each row by itself: what one row drops never
touches another.
"""

import mlx.core as mx

from kvist.decode.params import SamplingParams
from kvist.errors import KvistError


def sample(logits: mx.array, params: SamplingParams, key: mx.array) -> mx.array:
    """One token id per row: logits (B, V) -> (B,). Equal logits, settings and key give equal tokens."""
    if logits.ndim != 2:
        raise KvistError("sample", "logits of shape (B, V)", f"shape {logits.shape}")
    if params.temperature == 0:
        return mx.argmax(logits, axis=-1)
    return mx.random.categorical(filter_logits(logits, params), key=key)


def filter_logits(logits: mx.array, params: SamplingParams) -> mx.array:
    """Logits (B, V) in float32 after temperature and filters; -inf for a token that cannot be drawn."""
    # A temperature that rounds to zero in float32, or overflows the quotient, would turn all into nan.
    logits = logits.astype(mx.float32) / max(params.temperature, 1e-30)
    if 0 < params.top_k < logits.shape[-1]:
        logits = keep_top_k(logits, params.top_k)
    if params.top_p < 1:
        logits = keep_top_p(logits, params.top_p)
    if params.min_p > 0:
        logits = keep_min_p(logits, params.min_p)
    return logits


def keep_top_k(logits: mx.array, k: int) -> mx.array:
    """Keep exactly the k largest logits of each row; of equal ones the lower token id stays."""
    return mx.where(_ranks(logits) < k, logits, -mx.inf)


def keep_top_p(logits: mx.array, p: float) -> mx.array:
    """Keep the shortest run of most probable tokens whose probability reaches p, and always the best one.

    Source: Holtzman et al. 2020, The Curious Case of Neural Text Degeneration, section 3.1, equation 2.
    """
    order = mx.argsort(-logits, axis=-1)
    probabilities = mx.softmax(mx.take_along_axis(logits, order, axis=-1), axis=-1)
    # A token stays while those before it have not reached p yet.
    before = mx.cumsum(probabilities, axis=-1, inclusive=False)
    keep = mx.take_along_axis(before < p, mx.argsort(order, axis=-1), axis=-1)
    return mx.where(keep, logits, -mx.inf)


def keep_min_p(logits: mx.array, min_p: float) -> mx.array:
    """Keep tokens of at least `min_p` times the probability of the best one.

    Source: Nguyen et al. 2024, Turning Up the Heat: Min-p Sampling, section 3.
    """
    best = mx.max(logits, axis=-1, keepdims=True)
    return mx.where(logits - best >= mx.log(mx.array(min_p)), logits, -mx.inf)


def _ranks(logits: mx.array) -> mx.array:
    """Rank of each token in its row, 0 for the largest logit; equal ones by token id (the sort is stable)."""
    return mx.argsort(mx.argsort(-logits, axis=-1), axis=-1)
