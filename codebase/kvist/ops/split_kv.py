"""Split-KV decoding: the keys of one query in partitions that are attended to apart and combined."""

import mlx.core as mx
import numpy as np

from kvist.errors import KvistError
from kvist.ops.arguments import need_array, need_implementation, need_number, need_whole
from kvist.ops.attention import check_attention
from kvist.ops.metal import split_kv as kernels
from kvist.ops.online_softmax import merge_softmax, softmax_state


def split_kv_attention(
    q: mx.array,
    k: mx.array,
    v: mx.array,
    *,
    lengths: mx.array | None = None,
    scale: float | None = None,
    partition_size: int = kernels.FIXED,
    implementation: str | None = None,
) -> mx.array:
    """Attention of the newest token of each sequence: q (B, H, 1, D), k and v (B, Hkv, S, D) -> (B, H, 1, D).

    lengths (B,): keys of each sequence, from 1 to S; all of them without. On a GPU every partition of
    `partition_size` keys would have a threadgroup of its own. Partitions are counted from key 0 and combined
    in order: with a fixed size the kernels give a sequence the same bits in any batch, and a size chosen by
    the number of partitions does not. implementation: "reference" (the default) or "metal"
    (kernels/split_kv, D up to 128, one dtype).
    Source: Dao et al. 2023, Flash-Decoding for long-context inference. Raises KvistError on bad
    shapes, dtypes and numbers.
    """
    where = "split_kv_attention"
    check_attention(q, k, v, None)
    if q.shape[2] != 1 or not k.shape[2]:
        raise KvistError(where, "q (B, H, 1, D) and at least one key", f"q {q.shape}, k {k.shape}")
    need_whole(where, partition_size=partition_size)
    if partition_size < 1:
        raise KvistError(where, "a partition_size of at least 1", str(partition_size))
    need_implementation(where, implementation, "reference", "metal")
    batch, _, keys, _ = k.shape
    lengths = mx.full((batch,), keys, mx.int32) if lengths is None else lengths
    need_array(where, lengths=lengths)
    if lengths.shape != (batch,) or not mx.issubdtype(lengths.dtype, mx.integer):
        raise KvistError(where, f"lengths ({batch},) of whole numbers", f"{lengths.shape} of {lengths.dtype}")
    counts = np.array(lengths).astype(np.int64)
    if np.any((counts < 1) | (counts > keys)):
        raise KvistError(where, f"lengths from 1 to S={keys}", str(counts.tolist()))
    lengths = mx.array(counts.astype(np.int32))
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    need_number(where, scale=scale)
    scale = float(scale)
    if implementation != "metal":
        return split_kv_reference(q, k, v, lengths, scale=scale, partition_size=partition_size)
    if not q.size:
        return mx.zeros((*q.shape[:3], v.shape[3]), q.dtype)
    out = kernels.decode(q[:, :, 0], k, v, lengths, scale, partition_size)
    return mx.expand_dims(out, 2)


def split_kv_reference(
    q: mx.array, k: mx.array, v: mx.array, lengths: mx.array, *, scale: float, partition_size: int
) -> mx.array:
    """Partition by partition in float32: scores, their softmax state, and the values that they weigh."""
    group = q.shape[1] // k.shape[1]
    k, v = (mx.repeat(x.astype(mx.float32), group, axis=1) for x in (k, v))
    visible = mx.arange(k.shape[2]) < lengths[:, None, None, None]
    scores = mx.where(visible, q.astype(mx.float32) * scale @ k.swapaxes(-1, -2), -mx.inf)
    v = mx.where(visible.swapaxes(-1, -2), v, 0.0)
    parts = [slice(begin, begin + partition_size) for begin in range(0, k.shape[2], partition_size)]
    states = [softmax_state(scores[..., part]) for part in parts]
    whole = states[0]
    for state in states[1:]:
        whole = merge_softmax(whole, state)
    weighted = [mx.exp(scores[..., part] - whole.maximum) @ v[:, :, part] for part in parts]
    return (mx.sum(mx.stack(weighted), axis=0) / whole.total).astype(q.dtype)
