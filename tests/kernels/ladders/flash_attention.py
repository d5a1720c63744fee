"""The ladder of flash attention, against mx.fast.scaled_dot_product_attention in float32."""

import mlx.core as mx
import numpy as np

from kvist.metal import Launch
from kvist.ops import attention, flash_attention
from kvist.ops.metal.flash_attention import VERSIONS as VERSIONS
from kvist.ops.metal.flash_attention import launch

OP = "flash_attention"
BEST = "matrix"
# (lengths of the sequences, query heads, KV heads, queries, head_dim, causal). Each multiple of 8 to which
# head_dims are rounded up is compiled for itself: few of them.
SHAPES = (((37, 20), 2, 1, 19, 30, True), ((5,), 2, 2, 3, 30, False))
WIDE = (
    ((1,), 1, 1, 1, 25, True),
    ((70, 33), 4, 2, 33, 40, True),
    ((16, 48), 3, 1, 16, 36, False),
    ((130,), 2, 1, 65, 128, True),
    ((40, 7), 2, 1, 12, 33, True),
)
TOLERANCE = {mx.float32: 4e-6, mx.float16: 2**-10, mx.bfloat16: 2**-7}

RACE = {"data_race", "uninitialized_read"}


def barrier(comment: str, kind: str = "threadgroup", indent: int = 4) -> str:
    return f"{' ' * indent}{kind}_barrier(mem_flags::mem_threadgroup);  // {comment}\n"


MUTANTS: dict[str, tuple[str, str, str, set[str]]] = {
    "keys and values not waited for": ("matrix", barrier("keys and values are there"), "", RACE),
    "tiles still in use": ("matrix", barrier("the tiles have been read"), "", {"data_race"}),
    "queries not waited for": ("matrix", barrier("the queries are there", indent=2), "", RACE),
    "scores not waited for": ("matrix", barrier("the scores are there", "simdgroup"), "", RACE),
    "weights not waited for": ("matrix", barrier("weights and factors are there", "simdgroup"), "", RACE),
    "results over keys in use": (
        "matrix",
        barrier("keys and values have been read", indent=2),
        "",
        {"data_race"},
    ),
    "results not waited for": ("matrix", barrier("the results are there", "simdgroup", 2), "", RACE),
    "keys not waited for": ("tiled", barrier("the keys are there"), "", RACE),
    "keys still in use": (
        "tiled",
        barrier("the keys have been read, the weights are there"),
        "",
        {"data_race"},
    ),
    "values not waited for": ("tiled", barrier("the values are there"), "", RACE),
    "values still in use": ("tiled", barrier("the values have been read"), "", {"data_race"}),
    "sums not rescaled": ("matrix", "simdgroup_multiply(sums[j], factors, sums[j]);", "", {"value"}),
    "total not rescaled": ("online", "total * kept + weight", "total + weight", {"value"}),
    "one key too many": ("online", "+ int(i) + 1, 0)", "+ int(i) + 2, 0)", {"value", "out_of_bounds"}),
    "half a maximum": ("matrix", "now = max(now, simd_shuffle_xor(now, 2));", "", {"value"}),
    "keys not transposed": ("matrix", ", ulong2(0), true", "", {"value"}),
    "head of another group": (
        "naive",
        "head / (num_heads / num_kv_heads)",
        "head",
        {"out_of_bounds", "value"},
    ),
    "no causal mask": ("tiled", "first + own + i, causal)", "first + own + i, false)", {"value"}),
    "features behind the last": (
        "tiled",
        "< end && d < dim ?",
        "< end ?",
        {"out_of_bounds"},
    ),
    "rows behind the last": ("matrix", "first + r < end && d", "d", {"out_of_bounds"}),
    "queries behind the last stored": (
        "tiled",
        "i < OWN && first + own + i < num_queries",
        "i < OWN",
        {"out_of_bounds", "data_race"},
    ),
    "scores of hidden keys not stored": (
        "naive",
        "key < num_keys; ++key",
        "key < visible; ++key",
        {"unwritten_output"},
    ),
    "maximum by lanes that see keys": (
        "tiled",
        "const float now = max(highest[i], simd_max(score));",
        "float now = highest[i];\n      if (sees) now = max(now, simd_max(score));",
        {"divergent_simd", "value"},
    ),
}


def normal(seed: int, *shape: int, dtype: mx.Dtype = mx.float32) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed)).astype(dtype)


def case(version: str, dtype: mx.Dtype, shape: tuple) -> tuple[Launch, dict[str, mx.array]]:
    lengths, heads, kv_heads, queries, dim, causal = shape
    batch, keys = len(lengths), max(lengths)
    q = normal(1, batch, heads, queries, dim, dtype=dtype)
    k, v = (normal(seed, batch, kv_heads, keys, dim, dtype=dtype) for seed in (2, 3))
    counts = mx.array(lengths, mx.int32)
    done = launch(q, k, v, 0.3, causal=causal, lengths=counts, version=version)

    position = counts[:, None] - queries + mx.arange(queries) if causal else (counts - 1)[:, None]
    mask = (mx.arange(keys) <= position[..., None])[:, None]  # (B, 1, L or 1, S)
    wide = [x.astype(mx.float32) for x in (q, k, v)]
    out = mx.fast.scaled_dot_product_attention(*wide, scale=0.3, mask=mask)
    out = mx.where(mask.any(axis=-1, keepdims=True), out, 0.0)
    want = {"out": out}
    if version == "naive":
        scores = 0.3 * wide[0] @ mx.repeat(wide[1], heads // kv_heads, axis=1).swapaxes(-1, -2)
        want["scores"] = mx.where(mask, scores, -mx.inf)
    return done, want


def counted() -> dict[str, Launch]:
    return {version: case(version, mx.float32, ((128,), 2, 1, 128, 32, True))[0] for version in VERSIONS}


def through_op(dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    q, k, v = normal(4, 2, 4, 9, 30, dtype=dtype), *(normal(s, 2, 2, 35, 30, dtype=dtype) for s in (5, 6))
    got = flash_attention(q, k, v, causal=True, implementation="metal")
    same = attention(q, k, v, mask="causal", implementation="metal")
    assert np.array_equal(np.array(got.astype(mx.float32)), np.array(same.astype(mx.float32)))
    return got, flash_attention(q, k, v, causal=True, implementation="reference")
