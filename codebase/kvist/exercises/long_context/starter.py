"""Exercise: frequencies of YaRN.

A pair that turns more than 32 times within the trained context keeps its frequency, one that turns less than
once is slowed by the factor, and between them the two are mixed linearly in the index of the pair.
"""

import mlx.core as mx


def yarn_frequencies(dims: int, base: float, factor: float, original_context: int) -> mx.array:
    """Radians per position of the dims / 2 pairs; pair j was trained with base ** (-2j / dims).

    The ramp runs from low = floor(pair(32)) to high = ceil(pair(1)), where pair(turns) =
    dims * ln(context / (turns * 2 pi)) / (2 ln base); low is at least 0.
    """
    raise NotImplementedError("write me")
