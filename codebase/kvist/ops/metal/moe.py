"""Calls of kernels/moe/moe.metal. A pair is one token with one of its k experts."""

from typing import Any

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import Launch, Output, whole_simdgroups

VERSIONS = ("group", "gather", "pairs", "grouped", "grouped_matrix")
TILE, BLOCK = 16, 32
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


def pairs(x: mx.array, weights: mx.array, experts: mx.array) -> Launch:
    """x (N, E) through weights (experts, F, E) by experts (N, k) int32: `out` (N k, F)."""
    rows, columns = weights.shape[1:]
    buffers = {
        "x": x,
        "weights": weights,
        "experts": experts,
        "experts_per_token": experts.shape[1],
        "columns": columns,
        "out": Output((experts.size, rows), x.dtype),
    }
    return Launch("moe", "moe_pairs", (32, rows, experts.size), (32, min(rows, 4), 1), buffers)


def grouped(
    x: mx.array, weights: mx.array, order: mx.array, offsets: mx.array, version: str = "grouped_matrix"
) -> Launch:
    """As `pairs`, by what `group` gave: a tile of weights is shared by the pairs of its expert."""
    if version not in VERSIONS[-2:]:
        raise KvistError("moe", f"version {', '.join(VERSIONS[-2:])}", repr(version))
    num_experts, rows, columns = weights.shape
    sizes: dict[str, Any] = {"experts_per_token": order.size // x.shape[0], "num_rows": rows}
    arrays = {"x": x, "weights": weights, "order": order, "offsets": offsets}
    buffers = {**arrays, **sizes, "columns": columns, "out": Output((order.size, rows), x.dtype)}
    if version == "grouped":
        grid = (-(-rows // TILE) * TILE, -(-order.size // TILE) * TILE, num_experts)
        return Launch("moe", "moe_grouped", grid, (TILE, TILE, 1), buffers)
    grid = (-(-rows // BLOCK) * 4 * BLOCK, -(-order.size // BLOCK), num_experts)
    return Launch("moe", "moe_grouped_matrix", grid, (4 * BLOCK, 1, 1), buffers)
