"""Calls of kernels/rope/rope.metal."""

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import Launch, Output

VERSIONS = ("naive", "pairs", "vectorised", "heads")
PAIRS_PER_THREAD = HEADS_PER_THREAD = 4


def launch(
    x: mx.array,
    wavelengths: mx.array,
    offsets: mx.array,
    version: str = "heads",
    *,
    traditional: bool = False,
) -> Launch:
    """Turn the first 2P features of x (B, H, L, D): `out` (B, H, L, D).

    wavelengths: positions per radian of each pair, (P,) float32. offsets: position of the first token of each
    sequence, (B,) int32. traditional: pairs (2j, 2j + 1) instead of (j, j + P). Raises KvistError where the
    version cannot take this number of pairs.
    """
    if version not in VERSIONS:
        raise KvistError("rope", f"version {', '.join(VERSIONS)}", repr(version))
    batch, heads, length, dim = x.shape
    pairs = wavelengths.size
    width, depth = pairs + dim - 2 * pairs, batch * heads
    if version == "naive":
        width = dim
    elif version == "vectorised":
        if pairs % PAIRS_PER_THREAD:
            raise KvistError("rope", f"pairs in fours for {version}", str(pairs), "heads takes any number")
        width += pairs // PAIRS_PER_THREAD - pairs
    elif version == "heads":
        depth = batch * -(-heads // HEADS_PER_THREAD)
    buffers = {
        "x": x,
        "wavelengths": wavelengths,
        "offsets": offsets,
        "num_heads": heads,
        "dim": dim,
        "dims": 2 * pairs,
        "out": Output(x.shape, x.dtype),
    }
    grid, threadgroup = (width, length, depth), (min(width, 64), min(length, 4), 1)
    return Launch("rope", f"rope_{version}", grid, threadgroup, buffers, {"TRADITIONAL": traditional})
