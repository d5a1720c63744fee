"""Calls of kernels/paged_attention/paged_attention.metal."""

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import Launch, Output

VERSIONS = ("naive", "simd", "combined", "grouped")
MAX_HEAD_DIM = 128
MAX_SIMDGROUPS = 8
LARGEST_GROUP = 8  # query heads whose sums a lane keeps in registers


def launch(
    q: mx.array,
    k_blocks: mx.array,
    v_blocks: mx.array,
    block_table: mx.array,
    lengths: mx.array,
    scale: float,
    version: str | None = None,
    *,
    simdgroups: int | None = None,
) -> Launch:
    """Attention of q (B, H, L, D) to a pool of blocks (num_blocks, Hkv, block_size, D): `out` (B, H, L, D).

    block_table (B, W) and lengths (B,), both int32, with numbers as `kvist.ops.paged_attention` checks them.
    version: one of VERSIONS, or None for "grouped" where up to 8 query heads share a KV head and "combined"
    elsewhere. simdgroups: that share a query, up to 8; without, as many as a sequence may have blocks.
    Raises KvistError on an unknown version, on D above 128, and on values of another shape than the keys.
    """
    batch, heads, length, dim = q.shape
    kv_heads, block_size = k_blocks.shape[1:3]
    group = heads // kv_heads
    if version is None:
        version = "grouped" if 1 < group <= LARGEST_GROUP else "combined"
    if version not in VERSIONS:
        raise KvistError("paged_attention", f"version {', '.join(VERSIONS)}", repr(version))
    if dim > MAX_HEAD_DIM:
        need = f'a head_dim of at most {MAX_HEAD_DIM} for implementation="metal"'
        raise KvistError("paged_attention", need, str(dim))
    if v_blocks.shape != k_blocks.shape:
        need = 'blocks of keys and values of one shape for implementation="metal"'
        raise KvistError("paged_attention", need, f"k {k_blocks.shape}, v {v_blocks.shape}")
    arrays = {"q": q, "k_blocks": k_blocks, "v_blocks": v_blocks}
    arrays |= {"block_table": block_table, "lengths": lengths}
    numbers = {"scale": scale, "queries": length, "block_size": block_size}
    numbers |= {"table_width": block_table.shape[1], "dim": dim}
    if version != "grouped":
        numbers["num_kv_heads"] = kv_heads
    threads = 32 * (simdgroups or min(MAX_SIMDGROUPS, max(1, block_table.shape[1])))
    grid, threadgroup = {
        "naive": ((heads * length, batch, 1), (min(heads * length, 32) or 1, 1, 1)),
        "simd": ((32, heads * length, batch), (32, 1, 1)),
        "combined": ((threads, heads * length, batch), (threads, 1, 1)),
        "grouped": ((threads, kv_heads * length, batch), (threads, 1, 1)),
    }[version]
    buffers = {**arrays, **numbers, "out": Output(q.shape, q.dtype)}
    template = {"GROUP": group} if version == "grouped" else {}
    return Launch("paged_attention", f"paged_attention_{version}", grid, threadgroup, buffers, template)
