"""Calls of kernels/flash_attention/flash_attention.metal."""

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import Launch, Output

VERSIONS = ("naive", "online", "tiled", "matrix")
TILES = {"tiled": 16, "matrix": 32}  # queries of a threadgroup
MAX_HEAD_DIM = 128


def launch(
    q: mx.array,
    k: mx.array,
    v: mx.array,
    scale: float,
    *,
    causal: bool,
    lengths: mx.array | None = None,
    version: str = "matrix",
) -> Launch:
    """Attention of q (B, H, L, D) to k, v (B, Hkv, S, D): `out` (B, H, L, D) in the dtype of q.

    lengths (B,) int32: keys of each sequence, the last L of which are those of the queries; S without. The
    version "naive" gives its `scores` (B, H, L, S) too, float32, -inf where a query does not see a key.
    Raises KvistError on an unknown version, on D above 128, on values of another shape than the keys, and on
    q, k and v of more than one dtype.
    """
    if version not in VERSIONS:
        raise KvistError("flash_attention", f"version {', '.join(VERSIONS)}", repr(version))
    batch, heads, length, dim = q.shape
    kv_heads, keys = k.shape[1], k.shape[2]
    check_heads("flash_attention", q, k, v)
    numbers = {"scale": scale, "causal": causal, "num_kv_heads": kv_heads, "num_keys": keys, "dim": dim}
    grid, threadgroup = (length, heads, batch), (min(length, 32) or 1, 1, 1)
    outputs = {"out": Output(q.shape, q.dtype)}
    if version in TILES:
        grid, threadgroup = (128 * -(-length // TILES[version]), heads, batch), (128, 1, 1)
        numbers["num_queries"] = length
    elif version == "naive":
        outputs["scores"] = Output((batch, heads, length, keys), mx.float32)
    if lengths is None:
        lengths = mx.full((batch,), keys, mx.int32)
    buffers = {"q": q, "k": k, "v": v, "lengths": lengths, **numbers, **outputs}
    padded = {"DIM": -(-dim // 8) * 8}
    return Launch("flash_attention", f"flash_attention_{version}", grid, threadgroup, buffers, padded)


def check_heads(where: str, q: mx.array, k: mx.array, v: mx.array) -> None:
    """Raise KvistError where the Metal kernels of attention cannot take what `attention` can."""
    if q.shape[-1] > MAX_HEAD_DIM:
        need = f'a head_dim of at most {MAX_HEAD_DIM} for implementation="metal"'
        raise KvistError(where, need, str(q.shape[-1]))
    if v.shape != k.shape:
        need = 'keys and values of one shape for implementation="metal"'
        raise KvistError(where, need, f"k {k.shape}, v {v.shape}")
    if not q.dtype == k.dtype == v.dtype or q.dtype not in (mx.float32, mx.float16, mx.bfloat16):
        need = 'q, k and v of one dtype, float32, float16 or bfloat16, for implementation="metal"'
        raise KvistError(where, need, f"{q.dtype}, {k.dtype}, {v.dtype}")
