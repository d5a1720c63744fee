"""The ladder of split-KV decoding, against attention in float32 and states made of MLX operations."""

import mlx.core as mx

from kvist.metal import Launch
from kvist.ops import split_kv_attention
from kvist.ops.metal import split_kv as calls
from kvist.ops.metal.split_kv import VERSIONS as VERSIONS

OP = "split_kv"
BEST = "grouped"
# (lengths of the sequences, query heads, KV heads, head_dim, keys of a partition)
SHAPES = (((77, 21), 4, 2, 20, 40), ((50,), 2, 1, 33, 16))
WIDE = (
    ((1,), 2, 2, 8, 256),
    ((130, 64, 65), 6, 2, 64, 32),
    ((96, 2), 8, 1, 128, 33),
    ((300, 7), 2, 1, 20, 7),
)
TOLERANCE = {mx.float32: 4e-6, mx.float16: 2**-10, mx.bfloat16: 2**-7}

RACE = {"data_race", "uninitialized_read"}


def barrier(comment: str) -> str:
    return f"    simdgroup_barrier(mem_flags::mem_threadgroup);  // {comment}\n"


MUTANTS: dict[str, tuple[str, str, str, set[str]]] = {
    "keys not waited for": ("grouped", barrier("queries and keys are there"), "", RACE),
    "keys still in use": (
        "grouped",
        barrier("the keys have been read, the weights are there"),
        "",
        {"data_race"},
    ),
    "values not waited for": ("grouped", barrier("the values are there"), "", RACE),
    "values still in use": ("grouped", barrier("the values have been read"), "", {"data_race"}),
    "barrier for device memory": (
        "grouped",
        "mem_threadgroup);  // the values are",
        "mem_device);  // the values are",
        RACE,
    ),
    "every lane leaves the maximum": (
        "partitions",
        "if (lane == 0) {\n    maxima",
        "{\n    maxima",
        {"data_race"},
    ),
    "empty partitions left out": (
        "partitions",
        "  leave(maxima",
        "  if (first < end) leave(maxima",
        {"unwritten_output"},
    ),
    "partitions overlap": (
        "partitions",
        "first + partition_size);",
        "first + partition_size + 1);",
        {"value"},
    ),
    "keys behind the length": (
        "partitions",
        "min(uint(lengths[sequence]), first + partition_size)",
        "first + partition_size",
        {"value", "out_of_bounds"},
    ),
    "keys behind the end of a chunk": (
        "single",
        "if (begin + lane < end) {",
        "{",
        {"value", "out_of_bounds"},
    ),
    "values behind the end": (
        "single",
        "key < min(begin + 32, end)",
        "key < begin + 32",
        {"value", "out_of_bounds"},
    ),
    "tile behind the end": (
        "grouped",
        "(min(begin + 32, end) - begin) * dim",
        "32 * dim",
        {"out_of_bounds"},
    ),
    "rows never filled": (
        "grouped",
        "key < min(32u, end - begin)",
        "key < 32u",
        {"uninitialized_read", "value"},
    ),
    "values not rescaled": ("single", "state.values[i] *= kept;", "", {"value"}),
    "total not rescaled": ("grouped", "states[h].total * kept +", "states[h].total +", {"value"}),
    "head of another group": (
        "single",
        "head / (num_heads / num_kv_heads)",
        "head % num_kv_heads",
        {"value"},
    ),
    "partitions added as they are": (
        "combine",
        "const float factor = exp_from(maxima[first + p], highest);",
        "const float factor = 1.0;",
        {"value"},
    ),
    "sums not rescaled": ("combine", "sums[first + p] * factor", "sums[first + p]", {"value"}),
    "maximum of one lane": ("combine", "highest = simd_max(highest);", "", {"value"}),
    "last partition forgotten": (
        "combine",
        "p = 0; p < num_partitions; ++p",
        "p = 0; p + 1 < num_partitions; ++p",
        {"value"},
    ),
    "partition of another head": ("combine", "row * num_partitions;", "0;", {"value"}),
    "features behind the last stored": (
        "combine",
        "i < FEATURES && lane + 32 * i < dim; ++i) {\n    out",
        "i < FEATURES; ++i) {\n    out",
        {"out_of_bounds", "data_race"},
    ),
    "maximum by lanes with a key": (
        "single",
        "max(state.highest, simd_max(score));",
        "begin + lane < end ? max(state.highest, simd_max(score)) : state.highest;",
        {"divergent_simd", "value"},
    ),
}


def normal(seed: int, *shape: int, dtype: mx.Dtype = mx.float32) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed)).astype(dtype)


def example(shape: tuple, dtype: mx.Dtype) -> tuple[mx.array, mx.array, mx.array, mx.array, mx.array]:
    """A query, keys and values with not-a-number behind each length, the lengths, and what is visible."""
    lengths, heads, kv_heads, dim, _ = shape
    counts = mx.array(lengths, mx.int32)
    visible = mx.arange(max(lengths)) < counts[:, None]
    q = normal(1, len(lengths), heads, dim, dtype=dtype)
    k, v = (normal(seed, len(lengths), kv_heads, max(lengths), dim) for seed in (2, 3))
    hidden = mx.logical_not(visible)[:, None, :, None]
    k, v = (mx.where(hidden, mx.nan, x).astype(dtype) for x in (k, v))
    return q, k, v, counts, visible


def case(version: str, dtype: mx.Dtype, shape: tuple) -> tuple[Launch, dict[str, mx.array]] | None:
    q, k, v, counts, visible = example(shape, dtype)
    heads, kv_heads, size = shape[1], shape[2], shape[4]
    group = heads // kv_heads
    clean = mx.where(visible[:, None, :, None], mx.stack([k, v]).astype(mx.float32), 0.0)
    keys, values = (mx.repeat(x, group, axis=1) for x in clean)
    scores = (0.3 * q.astype(mx.float32)[:, :, None] @ keys.swapaxes(-1, -2))[:, :, 0]  # (B, H, S)
    scores = mx.where(visible[:, None], scores, -mx.inf)
    weights = mx.softmax(scores, axis=-1, precise=True)
    out = {"out": (weights[:, :, None] @ values)[:, :, 0]}
    if version == "single":
        return calls.single(q, k, v, counts, 0.3), out

    maxima, sums, parts = [], [], []
    for begin in range(0, scores.shape[-1], size):
        some = scores[..., begin : begin + size]
        highest = mx.max(some, axis=-1, keepdims=True)
        mine = mx.where(highest == -mx.inf, 0.0, mx.exp(some - highest))
        maxima.append(highest[..., 0])
        sums.append(mx.sum(mine, axis=-1))
        parts.append((mine[:, :, None] @ values[:, :, begin : begin + size])[:, :, 0])
    states = {"maxima": mx.stack(maxima, -1), "sums": mx.stack(sums, -1), "values": mx.stack(parts, -2)}
    if version == "combine":
        return calls.combine(**states, dtype=dtype), out
    return calls.partitions(q, k, v, counts, 0.3, size, version), states


def counted() -> dict[str, Launch]:
    return {v: case(v, mx.float32, ((512, 300), 4, 2, 64, 128))[0] for v in VERSIONS}


def through_op(dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    q, k, v, counts, visible = example(((50, 33), 4, 2, 24, 0), dtype)
    k, v = (mx.where(visible[:, None, :, None], x, 0.0).astype(dtype) for x in (k, v))
    both = [
        split_kv_attention(q[:, :, None], k, v, lengths=counts, partition_size=16, implementation=name)
        for name in ("metal", "reference")
    ]
    return both[0], both[1]
