"""Calls of kernels/moe/moe.metal. A pair is one token with one of its k experts."""

from typing import Any

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import Launch, Output, whole_simdgroups
from kvist.ops.affine import QuantizedWeight

VERSIONS = ("group", "gather", "pairs", "pairs_4bit", "grouped", "grouped_matrix", "grouped_4bit")
TILE, BLOCK, ROWS_PER_SIMDGROUP = 16, 32, 4
MAX_EXPERTS = 1024


def group(experts: mx.array, num_experts: int) -> Launch:
    """Pairs by expert: experts (N, k) int32 -> `order` (N k,) and `offsets` (num_experts + 1,), both int32.

    The pairs of expert e are order[offsets[e] : offsets[e + 1]]. Raises KvistError on more than 1024 experts.
    """
    if num_experts > MAX_EXPERTS:
        raise KvistError("moe", f"at most {MAX_EXPERTS} experts", str(num_experts))
    threads = whole_simdgroups(num_experts)
    outputs = {"order": Output((experts.size,), mx.int32), "offsets": Output((num_experts + 1,), mx.int32)}
    numbers = {"num_pairs": experts.size, "num_experts": num_experts}
    buffers = {"experts": experts, **numbers, **outputs}
    return Launch("moe", "moe_group", (threads, 1, 1), (threads, 1, 1), buffers)


def gather(x: mx.array, order: mx.array, experts_per_token: int) -> Launch:
    """Rows of x (N, E) for the pairs in `order` (N k,): `out` (N k, E)."""
    pairs, dim = order.size, x.shape[1]
    buffers = {
        "x": x,
        "order": order,
        "experts_per_token": experts_per_token,
        "out": Output((pairs, dim), x.dtype),
    }
    return Launch("moe", "moe_gather", (dim, pairs, 1), (min(dim, 64), 1, 1), buffers)


def pairs(x: mx.array, weights: mx.array | QuantizedWeight, experts: mx.array) -> Launch:
    """x (N, E) through weights (experts, F, E) by experts (N, k) int32: `out` (N k, F).

    Weights of 4 bits are a `QuantizedWeight` with a leading axis of experts.
    """
    _, rows, columns = shape_of(weights)
    sizes: dict[str, Any] = {"experts_per_token": experts.shape[1], "columns": columns}
    buffers = {"x": x, **_arrays(weights), "experts": experts, **sizes}
    buffers["out"] = Output((experts.size, rows), x.dtype)
    if isinstance(weights, QuantizedWeight):
        simdgroups = -(-rows // ROWS_PER_SIMDGROUP)
        buffers |= {"num_rows": rows, "group_size": weights.group_size}
        grid, threadgroup = (32, simdgroups, experts.size), (32, min(simdgroups, 2), 1)
        return Launch("moe", "moe_pairs_4bit", grid, threadgroup, buffers)
    return Launch("moe", "moe_pairs", (32, rows, experts.size), (32, min(rows, 4), 1), buffers)


def grouped(
    x: mx.array,
    weights: mx.array | QuantizedWeight,
    order: mx.array,
    offsets: mx.array,
    version: str | None = None,
) -> Launch:
    """As `pairs`, by what `group` gave: a tile of weights is shared by the pairs of its expert.

    version: "grouped" or "grouped_matrix" (the default); "grouped_4bit" for weights of 4 bits.
    """
    quantized = isinstance(weights, QuantizedWeight)
    known = ("grouped_4bit",) if quantized else ("grouped", "grouped_matrix")
    version = version or known[-1]
    if version not in known:
        raise KvistError("moe", f"version {', '.join(known)} for these weights", repr(version))
    num_experts, rows, columns = shape_of(weights)
    sizes: dict[str, Any] = {"experts_per_token": order.size // x.shape[0], "num_rows": rows}
    sizes |= {"columns": columns, "out": Output((order.size, rows), x.dtype)}
    buffers = {"x": x, **_arrays(weights), "order": order, "offsets": offsets, **sizes}
    if isinstance(weights, QuantizedWeight):
        buffers["group_size"] = weights.group_size
    if version == "grouped":
        grid = (-(-rows // TILE) * TILE, -(-order.size // TILE) * TILE, num_experts)
        return Launch("moe", "moe_grouped", grid, (TILE, TILE, 1), buffers)
    grid = (-(-rows // BLOCK) * 4 * BLOCK, -(-order.size // BLOCK), num_experts)
    return Launch("moe", f"moe_{version}", grid, (4 * BLOCK, 1, 1), buffers)


def shape_of(weights: mx.array | QuantizedWeight) -> tuple[int, ...]:
    """(experts, F, E)."""
    if isinstance(weights, QuantizedWeight):
        return *weights.packed.shape[:-1], weights.num_columns
    return weights.shape


def _arrays(weights: mx.array | QuantizedWeight) -> dict[str, mx.array]:
    if isinstance(weights, QuantizedWeight):
        return {"packed": weights.packed, "scales": weights.scales, "biases": weights.biases}
    return {"weights": weights}
