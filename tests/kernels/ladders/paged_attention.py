"""The ladder of paged attention: each sequence's blocks gathered, then attention in float32."""

import mlx.core as mx
import numpy as np

from kvist.metal import Launch
from kvist.ops import paged_attention
from kvist.ops.metal.paged_attention import VERSIONS as VERSIONS
from kvist.ops.metal.paged_attention import launch

OP = "paged_attention"
BEST = "grouped"
# (lengths of the sequences, query heads, KV heads, new tokens, head_dim, block_size, SIMD-groups)
SHAPES = (((21, 3), 4, 2, 1, 20, 4, 3), ((9,), 4, 2, 2, 33, 8, 2))
WIDE = (
    ((1,), 1, 1, 1, 8, 1, 1),
    ((64, 17, 5, 33), 6, 2, 1, 64, 16, None),
    ((40, 39), 8, 1, 3, 128, 8, 8),
    ((7, 2), 3, 3, 2, 40, 16, 4),
)
TOLERANCE = {mx.float32: 4e-6, mx.float16: 2**-10, mx.bfloat16: 2**-7}

RACE = {"data_race", "uninitialized_read"}
LAST = "% queries + 1;"
MUTANTS: dict[str, tuple[str, str, str, set[str]]] = {
    "states not waited for": (
        "grouped",
        "    threadgroup_barrier(mem_flags::mem_threadgroup);  // every state of this head is there\n",
        "",
        RACE,
    ),
    "states still in use": (
        "grouped",
        "    threadgroup_barrier(mem_flags::mem_threadgroup);  // and has been read\n",
        "",
        {"data_race"},
    ),
    "states of a query not waited for": (
        "combined",
        "  threadgroup_barrier(mem_flags::mem_threadgroup);  // every state is there\n",
        "",
        RACE,
    ),
    "barrier for device memory": (
        "combined",
        "mem_threadgroup);  // every state is there",
        "mem_device);  // every state is there",
        RACE,
    ),
    "every SIMD-group stores": ("combined", "if (simdgroup_index_in_threadgroup == 0)", "", {"data_race"}),
    "every lane puts the maximum": (
        "combined",
        "if (lane == 0) {\n    shared",
        "{\n    shared",
        {"data_race"},
    ),
    "one SIMD-group forgotten": (
        "combined",
        "combine(shared, groups,",
        "combine(shared, groups - 1,",
        {"value"},
    ),
    "states added as they are": (
        "combined",
        "const float factor = exp_from(shared.highest[g], state.highest);",
        "const float factor = 1.0;",
        {"value"},
    ),
    "not rescaled": ("simd", "state.values[i] * kept", "state.values[i]", {"value"}),
    "total not rescaled": ("naive", "total * kept + weight", "total + weight", {"value"}),
    "block of another sequence": (
        "simd",
        "block_table[sequence * table_width + s / block_size]",
        "block_table[s / block_size]",
        {"value"},
    ),
    "no block table": (
        "combined",
        "const int block = block_table[sequence * table_width + n];",
        "const int block = int(n);",
        {"value", "out_of_bounds"},
    ),
    "rows behind the length": (
        "combined",
        "min(block_size, visible - n * block_size)",
        "block_size",
        {"value"},
    ),
    "last key not seen": ("simd", LAST, "% queries;", {"value"}),
    "one key too many": ("naive", LAST, "% queries + 2;", {"value", "out_of_bounds"}),
    "blocks behind the table": (
        "grouped",
        "n * block_size < visible; n += groups",
        "n * block_size < visible + block_size; n += groups",
        {"out_of_bounds", "value", "wild_pointer", "time_limit"},
    ),
    "features behind the last": (
        "simd",
        "d < dim ? float(row[d]) : 0.0",
        "float(row[d])",
        {"out_of_bounds", "value"},
    ),
    "features behind the last stored": ("simd", "if (d < dim) {", "{", {"out_of_bounds", "data_race"}),
    "head of another group": (
        "naive",
        "head / (threads_per_grid.x",
        "head % (threads_per_grid.x",
        {"value", "out_of_bounds"},
    ),
    "heads of a group mixed": ("grouped", "query[h], key", "query[0], key", {"value"}),
    "scores of one lane each": ("simd", "simd_sum(score) * scale", "score * scale", {"value"}),
}


def normal(seed: int, *shape: int, dtype: mx.Dtype = mx.float32) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed)).astype(dtype)


def pool(lengths: tuple[int, ...], kv_heads: int, dim: int, block_size: int, dtype: mx.Dtype) -> tuple:
    """Keys and values in shuffled blocks, NaN wherever nobody may read; and a table with unusable entries."""
    rng = np.random.default_rng(sum(lengths))
    counts = [-(-length // block_size) for length in lengths]
    blocks = rng.permutation(sum(counts) + 2)
    table = np.full((len(lengths), max(counts) + 1), 10**6, np.int32)
    used = np.zeros((len(blocks), block_size), bool)
    for b, count in enumerate(counts):
        mine, blocks = blocks[:count], blocks[count:]
        table[b, :count] = mine
        used[mine] = True
        used[mine[-1], lengths[b] - (count - 1) * block_size :] = False
    hidden = mx.array(~used)[:, None, :, None]
    shape = (len(used), kv_heads, block_size, dim)
    k, v = (mx.where(hidden, mx.nan, normal(seed, *shape)).astype(dtype) for seed in (2, 3))
    return k, v, mx.array(table), mx.array(lengths, mx.int32)


def case(version: str, dtype: mx.Dtype, shape: tuple) -> tuple[Launch, dict[str, mx.array]]:
    lengths, heads, kv_heads, tokens, dim, block_size, simdgroups = shape
    q = normal(1, len(lengths), heads, tokens, dim, dtype=dtype)
    k, v, table, counts = pool(lengths, kv_heads, dim, block_size, dtype)
    rows = []
    for b, length in enumerate(lengths):
        mine = table[b, : -(-length // block_size)]
        keys, values = (
            x[mine].swapaxes(0, 1).reshape(1, kv_heads, -1, dim)[:, :, :length].astype(mx.float32)
            for x in (k, v)
        )
        query = q[b : b + 1].astype(mx.float32)
        rows.append(mx.fast.scaled_dot_product_attention(query, keys, values, scale=0.3, mask="causal"))
    done = launch(q, k, v, table, counts, 0.3, version, simdgroups=simdgroups)
    return done, {"out": mx.concatenate(rows)}


def counted() -> dict[str, Launch]:
    shape = ((200, 120), 4, 2, 1, 64, 16, 4)
    return {version: case(version, mx.float32, shape)[0] for version in VERSIONS}


def through_op(dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    k, v, table, counts = pool((11, 30), 2, 24, 8, dtype)
    q = normal(4, 2, 4, 2, 24, dtype=dtype)
    both = [paged_attention(q, k, v, table, counts, implementation=name) for name in ("metal", "reference")]
    return both[0], both[1]
