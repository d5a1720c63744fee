"""YaRN: rotary frequencies for a context longer than the one a model was trained on."""

import math

import mlx.core as mx

from kvist.errors import KvistError


def yarn_frequencies(
    dims: int,
    *,
    base: float = 10000.0,
    factor: float,
    original_context: int,
    beta_fast: float = 32.0,
    beta_slow: float = 1.0,
) -> mx.array:
    """Radians per position of each pair of features, float32, shape (dims / 2,).

    Pairs that turn more than `beta_fast` times within `original_context` positions keep their frequency,
    those that turn fewer than `beta_slow` times are slowed by `factor`, and between them the two are mixed
    linearly in the index of the pair.
    Source: Peng et al. 2023, YaRN, section 3.2, "NTK-by-parts". Raises KvistError on bad sizes.
    """
    if dims < 2 or dims % 2 or factor < 1 or original_context < 1:
        got = f"dims={dims}, factor={factor}, original_context={original_context}"
        raise KvistError("yarn_frequencies", "even dims, a factor of at least 1 and a positive context", got)
    pairs = mx.arange(dims // 2, dtype=mx.float32)
    trained = base ** (-2 * pairs / dims)
    low = max(math.floor(_pair_that_turns(beta_fast, dims, base, original_context)), 0)
    high = min(math.ceil(_pair_that_turns(beta_slow, dims, base, original_context)), dims - 1)
    slowed = mx.clip((pairs - low) / max(high - low, 0.001), 0, 1)
    return trained * (1 - slowed) + trained / factor * slowed


def yarn_temperature(factor: float) -> float:
    """What queries and keys are multiplied by beside the new frequencies: 0.1 ln(factor) + 1.

    Source: Peng et al. 2023, YaRN, section 3.3, equation 22 (1/sqrt(t)).
    """
    return 1.0 if factor <= 1 else 0.1 * math.log(factor) + 1.0


def _pair_that_turns(turns: float, dims: int, base: float, context: int) -> float:
    """Index of the pair, as a fraction, that turns `turns` times within `context` positions."""
    return dims * math.log(context / (turns * 2 * math.pi)) / (2 * math.log(base))
