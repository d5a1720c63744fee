"""Calls of kernels/split_kv/split_kv.metal: two kernels, one after the other, for one query a sequence."""

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import Launch, Output
from kvist.ops.metal.flash_attention import check_heads

VERSIONS = ("single", "partitions", "grouped", "combine")
LARGEST_GROUP = 8  # query heads whose sums a lane keeps in registers
BUSY = 128  # threadgroups that a GPU is to have, for a choice by number
FIXED = 256  # keys of a partition, for a choice by size


def single(q: mx.array, k: mx.array, v: mx.array, lengths: mx.array, scale: float) -> Launch:
    """Attention of q (B, H, D) to k, v (B, Hkv, S, D), not split: `out` (B, H, D) in the dtype of q.

    lengths (B,) int32: keys of each sequence, from 1 to S. Raises KvistError on D above 128 and dtypes that
    differ.
    """
    check_heads("split_kv", q, k, v)
    batch, heads, dim = q.shape
    numbers = {"scale": scale, "num_kv_heads": k.shape[1], "num_keys": k.shape[2], "dim": dim}
    buffers = {"q": q, "k": k, "v": v, "lengths": lengths, **numbers, "out": Output(q.shape, q.dtype)}
    return Launch("split_kv", "split_kv_single", (32, heads, batch), (32, 1, 1), buffers)


def partitions(
    q: mx.array,
    k: mx.array,
    v: mx.array,
    lengths: mx.array,
    scale: float,
    partition_size: int,
    version: str | None = None,
) -> Launch:
    """The state of each partition of `partition_size` keys, P of them: input of `combine`, all float32.

    Outputs: `maxima` and `sums` (B, H, P), and `values` (B, H, P, D). version: "partitions", "grouped", or
    None for "grouped" where 2 to 8 query heads share a KV head. Raises KvistError as `single`, and on another
    version or no partition_size.
    """
    check_heads("split_kv", q, k, v)
    (batch, heads, dim), (kv_heads, keys) = q.shape, k.shape[1:3]
    group = heads // kv_heads
    if version is None:
        version = "grouped" if 1 < group <= LARGEST_GROUP else "partitions"
    if version not in ("partitions", "grouped"):
        raise KvistError("split_kv", "version partitions, grouped", repr(version))
    if partition_size < 1:
        raise KvistError("split_kv", "a partition_size of at least 1", str(partition_size))
    count = max(1, -(-keys // partition_size))
    numbers = {"scale": scale, "num_keys": keys, "dim": dim, "partition_size": partition_size}
    if version == "partitions":
        numbers["num_kv_heads"] = kv_heads
    states = {name: Output((batch, heads, count), mx.float32) for name in ("maxima", "sums")}
    states["values"] = Output((batch, heads, count, dim), mx.float32)
    buffers = {"q": q, "k": k, "v": v, "lengths": lengths, **numbers, **states}
    grid = (32 * count, kv_heads if version == "grouped" else heads, batch)
    template = {"GROUP": group} if version == "grouped" else {}
    return Launch("split_kv", f"split_kv_{version}", grid, (32, 1, 1), buffers, template)


def combine(maxima: mx.array, sums: mx.array, values: mx.array, dtype: mx.Dtype) -> Launch:
    """The states of `partitions` as one: `out` (B, H, D) of `dtype`."""
    batch, heads, count, dim = values.shape
    buffers = {"maxima": maxima, "sums": sums, "values": values, "num_partitions": count, "dim": dim}
    out = {"out": Output((batch, heads, dim), dtype)}
    return Launch("split_kv", "split_kv_combine", (32, heads, batch), (32, 1, 1), buffers | out)


def decode(
    q: mx.array, k: mx.array, v: mx.array, lengths: mx.array, scale: float, partition_size: int = FIXED
) -> mx.array:
    """Both kernels: attention of q (B, H, D) to k, v (B, Hkv, S, D), (B, H, D) in the dtype of q."""
    launch = partitions(q, k, v, lengths, scale, partition_size)
    states = dict(zip(("maxima", "sums", "values"), launch.run(), strict=True))
    return combine(**states, dtype=q.dtype).run()[0]


def size_for(batch: int, heads: int, keys: int) -> int:
    """A partition_size by the number of partitions that keeps a GPU busy: bits follow the batch.

    The usual choice, here to be compared with a fixed size; a multiple of 32.
    """
    count = max(1, BUSY // max(1, batch * heads))
    return 32 * max(1, -(-keys // (32 * count)))
