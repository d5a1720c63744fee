"""The ladder of a mixture's matrix products, against the definition in float32."""

import mlx.core as mx
import numpy as np

from kvist.metal import Launch
from kvist.ops import QuantizedWeight, dequantize, expert_linear
from kvist.ops.metal import moe
from kvist.ops.metal.moe import VERSIONS as VERSIONS

OP = "moe"
BEST = "grouped_matrix"
# (tokens, experts of each, experts, columns E, rows F)
SHAPES = ((7, 2, 3, 40, 21), (6, 2, 3, 64, 13))
WIDE = ((1, 1, 1, 1, 1), (37, 2, 5, 64, 33), (5, 3, 40, 100, 17), (20, 4, 8, 33, 50), (40, 2, 4, 320, 37))
TOLERANCE = {mx.float32: 4e-6, mx.float16: 2**-10, mx.bfloat16: 2**-7}

RACE = {"data_race", "uninitialized_read"}
FILLED = "    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles are filled\n"
AGAIN = "    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles may be filled again\n"
RESULTS = "  threadgroup_barrier(mem_flags::mem_threadgroup);  // the results are there\n"
TOTALS = "  threadgroup_barrier(mem_flags::mem_threadgroup);  // every total is there\n"
MUTANTS: dict[str, tuple[str, str, str, set[str]]] = {
    "tiles not waited for": ("grouped_matrix", FILLED, "", RACE),
    "pairs of the next expert": (
        "grouped_matrix",
        "if (r < end && n < num_rows)",
        "if (n < num_rows)",
        {"data_race", "out_of_bounds"},
    ),
    "results not waited for": ("grouped_matrix", RESULTS, "", {"data_race"}),
    "tiles still in use": ("grouped", AGAIN, "", {"data_race"}),
    "one thread of 256 leaves": (
        "grouped",
        "if (begin >= end)",
        "if (begin + thread_position_in_threadgroup.y >= end)",
        {"divergent_barrier"},
    ),
    "columns behind the last": ("grouped", "r < end && c < columns", "r < end", {"value", "out_of_bounds"}),
    "rows of the result in another order": (
        "grouped",
        "out[size_t(order[begin + ty])",
        "out[size_t(begin + ty)",
        {"value"},
    ),
    "token for pair": (
        "grouped_matrix",
        "uint(order[r]) / divisor",
        "uint(order[r])",
        {"out_of_bounds", "value"},
    ),
    "totals not waited for": ("group", TOTALS, "", RACE),
    "first expert's beginning for all": (
        "group",
        "int begin = simd_prefix_exclusive_sum(count);",
        "int begin = simd_sum(0);",
        {"data_race"},
    ),
    "counts up to and with its own": (
        "group",
        "simd_prefix_exclusive_sum",
        "simd_prefix_inclusive_sum",
        {"out_of_bounds", "unwritten_output"},
    ),
    "one offset too few": ("group", "offsets[num_experts] = begin + count;", "", {"unwritten_output"}),
    "idle threads store": ("group", "if (expert < int(num_experts))", "", {"out_of_bounds"}),
    "pair for token": (
        "gather",
        "uint(order[row]) / experts_per_token",
        "uint(order[row])",
        {"out_of_bounds"},
    ),
    "4-bit tiles not waited for": ("grouped_4bit", FILLED, "", RACE),
    "rows of packed weights not guarded": (
        "grouped_4bit",
        "inside = n0 + r < num_rows",
        "inside = true",
        {"out_of_bounds"},
    ),
    "scales of the first expert": (
        "pairs_4bit",
        "at * PACKED / group_size",
        "(at - first * words + begin * words) * PACKED / group_size",
        {"value"},
    ),
    "rows of the next expert": (
        "pairs_4bit",
        "min(ROWS, num_rows - begin)",
        "ROWS",
        {"out_of_bounds", "data_race"},
    ),
    "every lane stores": ("pairs", "if (thread_index_in_simdgroup == 0)", "", {"data_race"}),
    "first expert only": ("pairs", "size_t(experts[pair]) * rows", "size_t(0) * rows", {"value"}),
}


def example(shape: tuple, dtype: mx.Dtype) -> tuple[mx.array, mx.array, mx.array]:
    """Tokens, weights, and experts of which some have no token and one has many."""
    tokens, per_token, num_experts, columns, rows = shape
    x = mx.random.normal((tokens, columns), key=mx.random.key(1)).astype(dtype)
    weights = mx.random.normal((num_experts, rows, columns), key=mx.random.key(2)).astype(dtype)
    rng = np.random.default_rng(tokens)
    chosen = [(rng.permutation(num_experts) // 2 * 2)[:per_token] for _ in range(tokens)]
    return x, weights, mx.array(np.array(chosen, np.int32).reshape(tokens, per_token))


def grouping(experts: mx.array, num_experts: int) -> tuple[mx.array, mx.array]:
    flat = np.array(experts).reshape(-1)
    offsets = np.searchsorted(np.sort(flat), np.arange(num_experts + 1))
    return mx.array(np.argsort(flat, kind="stable").astype(np.int32)), mx.array(offsets.astype(np.int32))


def case(version: str, dtype: mx.Dtype, shape: tuple) -> tuple[Launch, dict[str, mx.array]] | None:
    x, weights, experts = example(shape, dtype)
    per_token, num_experts = experts.shape[1], weights.shape[0]
    order, offsets = grouping(experts, num_experts)
    if version == "group":
        return moe.group(experts, num_experts), {"order": order, "offsets": offsets}
    if version == "gather":
        return moe.gather(x, order, per_token), {"out": x[order // per_token]}
    made: mx.array | QuantizedWeight = weights
    if version.endswith("4bit"):
        if weights.shape[2] % 64:
            return None
        made = QuantizedWeight(*mx.quantize(weights, group_size=64, bits=4))
        weights = dequantize(made)
    wide = x.astype(mx.float32), weights.astype(mx.float32)
    want = {"out": expert_linear(*wide, experts, implementation="reference").flatten(0, 1)}
    if version.startswith("pairs"):
        return moe.pairs(x, made, experts), want
    return moe.grouped(x, made, order, offsets, version), want


def counted() -> dict[str, Launch]:
    cases = {version: case(version, mx.float32, (32, 2, 4, 64, 64)) for version in VERSIONS}
    return {version: made[0] for version, made in cases.items() if made}


def through_op(dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    """Many tokens with plain weights, few and many with packed ones."""
    x, weights, experts = example((9, 2, 4, 64, 11), dtype)
    packed = QuantizedWeight(*mx.quantize(weights, group_size=64, bits=4))
    got, want = (
        mx.concatenate(
            [
                expert_linear(x, weights, experts, implementation=name),
                expert_linear(x, packed, experts, implementation=name),
                expert_linear(x[:3], packed, experts[:3], implementation=name),
            ]
        )
        for name in ("metal", "reference")
    )
    return got, want
