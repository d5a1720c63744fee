"""Three reductions whose bits depend on the batch, and three whose bits do not, against MLX in float32."""

import mlx.core as mx

from kvist.metal import Launch
from kvist.ops import batch_invariant_matmul
from kvist.ops.metal import batch_invariant as calls
from kvist.ops.metal.batch_invariant import VERSIONS as VERSIONS

OP = "batch_invariant"
BEST = "attention_chunks"
# (rows, length of the sum, SIMD-groups that share a row); of attention: queries and keys
SHAPES = ((3, 77, 3), (2, 200, 2))
WIDE = ((1, 1, 1), (1, 300, 16), (5, 513, 4), (7, 130, 5))
TOLERANCE = {mx.float32: 4e-6, mx.float16: 2**-9, mx.bfloat16: 2**-6}  # RMSNorm rounds twice

RACE = {"data_race", "uninitialized_read"}
CHUNKS = "  threadgroup_barrier(mem_flags::mem_threadgroup);  // the chunks of this round are there\n"
SUMS = "    threadgroup_barrier(mem_flags::mem_threadgroup);  // the sums of this round are there\n"
READ = "    threadgroup_barrier(mem_flags::mem_threadgroup);  // and have been read\n"
PARTS = "  threadgroup_barrier(mem_flags::mem_threadgroup);  // every part is there\n"
MUTANTS: dict[str, tuple[str, str, str, set[str]]] = {
    "chunks of keys not waited for": ("attention_chunks", CHUNKS, "", RACE),
    "chunks of keys still in use": ("attention_chunks", READ, "", {"data_race"}),
    "chunks not waited for": ("matmul_chunks", CHUNKS, "", RACE),
    "chunks still in use": ("matmul_chunks", READ, "", {"data_race"}),
    "sums not waited for": ("rms_norm_chunks", SUMS, "", RACE),
    "sums still in use": ("rms_norm_chunks", READ, "", {"data_race"}),
    "parts of K not waited for": ("matmul_split_k", PARTS, "", RACE),
    "parts of the keys not waited for": ("attention_split_kv", PARTS, "", RACE),
    "one chunk less": ("matmul_chunks", "g < groups; ++g", "g + 1 < groups; ++g", {"value"}),
    "end of the row not guarded": (
        "rms_norm_chunks",
        "i < dim ? float(x[row + i]) : 0.0",
        "float(x[row + i])",
        {"out_of_bounds", "value"},
    ),
    "end of K not guarded": (
        "matmul_chunks",
        "min(length, begin + CHUNK)",
        "begin + CHUNK",
        {"out_of_bounds"},
    ),
    "last column not guarded": (
        "matmul_split_k",
        "group == 0 && column < columns",
        "group == 0",
        {"out_of_bounds", "data_race"},
    ),
    "one key too many": (
        "attention_chunks",
        "num_keys - queries + query + 1",
        "num_keys - queries + query + 2",
        {"value", "out_of_bounds"},
    ),
    "not rescaled": ("attention_chunks", "a.values[i] * left", "a.values[i]", {"value"}),
    "head of another group": (
        "attention_split_kv",
        "head / (num_heads / num_kv_heads)",
        "head",
        {"out_of_bounds", "value"},
    ),
    "every lane stores": (
        "attention_split_kv",
        "  if (lane == 0) {\n    shared",
        "  {\n    shared",
        {"data_race"},
    ),
    "every SIMD-group stores": (
        "attention_chunks",
        "  if (group == 0) {\n    write",
        "  {\n    write",
        {"data_race"},
    ),
}


def normal(seed: int, *shape: int, dtype: mx.Dtype = mx.float32) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed)).astype(dtype)


def case(version: str, dtype: mx.Dtype, shape: tuple) -> tuple[Launch, dict[str, mx.array]]:
    rows, length, simdgroups = shape
    if version.startswith("rms_norm"):
        x, weight = normal(1, rows, length, dtype=dtype), normal(2, length, dtype=dtype)
        want = mx.fast.rms_norm(x.astype(mx.float32), weight.astype(mx.float32), 1e-6)
        return calls.rms_norm(x, weight, 1e-6, version, simdgroups), {"out": want}
    if version.startswith("matmul"):
        a, b = normal(3, rows, length, dtype=dtype), normal(4, length, 37, dtype=dtype)
        want = a.astype(mx.float32) @ b.astype(mx.float32)
        return calls.matmul(a, b, version, simdgroups), {"out": want}
    causal = rows != 2 and rows <= length
    q = normal(5, 2, 4, rows, 40, dtype=dtype)
    k, v = normal(6, 2, 2, length, 40, dtype=dtype), normal(7, 2, 2, length, 40, dtype=dtype)
    wide = [x.astype(mx.float32) for x in (q, k, v)]
    mask = "causal" if causal else None
    want = mx.fast.scaled_dot_product_attention(*wide, scale=0.25, mask=mask)
    launch = calls.attention(q, k, v, 0.25, causal=causal, version=version, simdgroups=simdgroups)
    return launch, {"out": want}


def counted() -> dict[str, Launch]:
    return {version: case(version, mx.float32, (4, 512, 4))[0] for version in VERSIONS}


def through_op(dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    a, b = normal(8, 3, 70, dtype=dtype), normal(9, 70, 40, dtype=dtype)
    return batch_invariant_matmul(a, b, implementation="metal"), batch_invariant_matmul(a, b)
