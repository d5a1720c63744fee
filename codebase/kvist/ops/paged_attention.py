"""Attention over keys and values in blocks of a shared pool, found by each sequence's block table."""

import mlx.core as mx
import numpy as np

from kvist import native
from kvist.errors import KvistError
from kvist.ops.arguments import FLOATS, need_array, need_implementation, need_number
from kvist.ops.attention import attention
from kvist.ops.metal.paged_attention import launch


def paged_attention(
    q: mx.array,
    k_blocks: mx.array,
    v_blocks: mx.array,
    block_table: mx.array,
    lengths: mx.array,
    *,
    scale: float | None = None,
    implementation: str | None = None,
) -> mx.array:
    """Causal attention of the newest L tokens of each sequence: q (B, H, L, D) -> (B, H, L, Dv), dtype of q.

    k_blocks (num_blocks, Hkv, block_size, D), v_blocks (num_blocks, Hkv, block_size, Dv): the pool, any
    strides, so that a pool of another order of axes may be passed as a transposed view. block_table (B, W):
    token s of sequence b lies in block `block_table[b, s // block_size]`, at row s % block_size; entries
    behind a sequence's last block are not read. lengths (B,): tokens of each sequence, the L new ones
    included; the queries are its last L tokens, and query i sees keys up to lengths[b] - L + i.

    implementation: "reference" (blocks gathered, then `attention`), "cpp" (read where they lie), "metal"
    (kernels/paged_attention; D = Dv up to 128, strides copied away) or None for the best one here.
    Source: Kwon et al. 2023, PagedAttention, section 4.1. Raises KvistError on bad shapes, lengths outside
    L … W · block_size and blocks that the pool has not.
    """
    table, counts = _check(q, k_blocks, v_blocks, block_table, lengths)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    need_number("paged_attention", scale=scale)
    scale = float(scale)
    need_implementation("paged_attention", implementation, "reference", "cpp", "metal")
    ids, ends = mx.array(table.astype(np.int32)), mx.array(counts.astype(np.int32))
    if implementation == "metal":
        return launch(q, k_blocks, v_blocks, ids, ends, scale).run()[0]
    find = native.required if implementation == "cpp" else native.primitive
    function = None if implementation == "reference" else find("attention", "paged_attention")
    if function is None:
        return paged_attention_reference(q, k_blocks, v_blocks, table, counts, scale)
    result: mx.array = function(q, k_blocks, v_blocks, scale, True, lengths=ends, block_table=ids)
    return result


def paged_attention_reference(
    q: mx.array, k_blocks: mx.array, v_blocks: mx.array, table: np.ndarray, counts: np.ndarray, scale: float
) -> mx.array:
    """One sequence after the other: gather its blocks, cut to its length, attend."""
    rows = []
    for b, count in enumerate(counts.tolist()):
        ids = mx.array(table[b, : -(-count // k_blocks.shape[2])])
        k, v = (
            pool[ids].swapaxes(0, 1).reshape(1, pool.shape[1], -1, pool.shape[3])[:, :, :count]
            for pool in (k_blocks, v_blocks)
        )
        k, v = k.astype(q.dtype), v.astype(q.dtype)
        rows.append(attention(q[b : b + 1], k, v, scale=scale, mask="causal", implementation="reference"))
    return mx.concatenate(rows, axis=0)


def _check(
    q: mx.array, k: mx.array, v: mx.array, block_table: mx.array, lengths: mx.array
) -> tuple[np.ndarray, np.ndarray]:
    """The table and the lengths as numpy arrays, after every number in them was checked."""
    where = "paged_attention"
    need_array(where, q=q, k_blocks=k, v_blocks=v, block_table=block_table, lengths=lengths)
    if q.ndim != 4 or k.ndim != 4 or v.ndim != 4 or not q.shape[0] or not q.shape[2]:
        need = "q (B, H, L, D) and blocks (num_blocks, Hkv, block_size, D)"
        raise KvistError(where, need, f"q {q.shape}, k {k.shape}, v {v.shape}")
    if k.shape[:3] != v.shape[:3] or k.shape[3] != q.shape[3] or not k.shape[1] or q.shape[1] % k.shape[1]:
        need = "k and v blocks alike, the head_dim of q, and query heads in whole groups"
        raise KvistError(where, need, f"q {q.shape}, k {k.shape}, v {v.shape}")
    if 0 in (*q.shape, *v.shape):
        raise KvistError(where, "no axis of length 0", f"q {q.shape}, k {k.shape}, v {v.shape}")
    if any(x.dtype not in FLOATS for x in (q, k, v)) or k.dtype != v.dtype:
        raise KvistError(where, "floating dtypes, k and v alike", f"{q.dtype}, {k.dtype}, {v.dtype}")
    batch, whole = q.shape[0], mx.integer
    if block_table.ndim != 2 or block_table.shape[0] != batch or not mx.issubdtype(block_table.dtype, whole):
        need = f"block_table ({batch}, W) of whole numbers"
        raise KvistError(where, need, f"{block_table.shape} of {block_table.dtype}")
    if lengths.shape != (batch,) or not mx.issubdtype(lengths.dtype, whole):
        raise KvistError(where, f"lengths ({batch},) of whole numbers", f"{lengths.shape} of {lengths.dtype}")
    table, counts = np.array(block_table).astype(np.int64), np.array(lengths).astype(np.int64)
    least, most = q.shape[2], table.shape[1] * k.shape[2]
    if counts.min() < least or counts.max() > most:
        need = f"lengths from {least}, the new tokens, to {most}, what the block table has room for"
        raise KvistError(where, need, str(counts.tolist()))
    used = np.arange(table.shape[1])[None] * k.shape[2] < counts[:, None]
    wrong = table[used & ((table < 0) | (table >= k.shape[0]))]
    if wrong.size:
        raise KvistError(where, f"blocks from 0 to {k.shape[0] - 1}", str(int(wrong[0])))
    return table, counts
