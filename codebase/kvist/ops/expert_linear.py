"""Each token times the weights of its own experts: the matrix products of a mixture of experts."""

import mlx.core as mx
import numpy as np

from kvist.errors import KvistError
from kvist.ops.metal import moe

DTYPES = (mx.float32, mx.float16, mx.bfloat16)
FEW_TOKENS_PER_EXPERT = 2  # up to which a tile of weights is not worth its rows


def expert_linear(
    x: mx.array, weights: mx.array, experts: mx.array, *, implementation: str | None = None
) -> mx.array:
    """x (N, E) times Wᵀ of k experts each: weights (num_experts, F, E), experts (N, k) -> (N, k, F).

    Row (n, j) is x[n] times the transposed weights of expert experts[n, j], in the dtype of x.
    implementation: "reference" (float32), "mlx" (`mx.gather_mm`), "metal" (kernels/moe/moe.metal: pair by
    pair for few tokens, else grouped by expert) or None (MLX's). Raises KvistError on shapes that do not
    fit, dtypes, and experts that there are not.
    """
    _check(x, weights, experts)
    if implementation not in {None, "reference", "mlx", "metal"}:
        raise KvistError("expert_linear", "implementation reference, mlx, metal", repr(implementation))
    shape = (*experts.shape, weights.shape[1])
    if 0 in shape or not x.shape[1]:
        return mx.zeros(shape, x.dtype)
    if implementation == "reference":
        return expert_linear_reference(x, weights, experts)
    if implementation == "metal":
        return _metal(x, weights.astype(x.dtype), experts.astype(mx.int32)).reshape(shape)
    return _mlx(x, weights, experts)


def expert_linear_reference(x: mx.array, weights: mx.array, experts: mx.array) -> mx.array:
    """The definition, expert by expert in float32."""
    every = x.astype(mx.float32) @ weights.astype(mx.float32).swapaxes(-1, -2)  # (num_experts, N, F)
    rows = mx.arange(x.shape[0])[:, None]
    return every[experts, rows].astype(x.dtype)


def _mlx(x: mx.array, weights: mx.array, experts: mx.array) -> mx.array:
    dtype = mx.float32 if mx.default_device() == mx.cpu else x.dtype  # all that it has on a CPU
    columns = weights.astype(dtype).swapaxes(-1, -2)
    rows = x.astype(dtype)[:, None, None, :]
    return mx.gather_mm(rows, columns, rhs_indices=experts.astype(mx.uint32)).squeeze(-2).astype(x.dtype)


def _metal(x: mx.array, weights: mx.array, experts: mx.array) -> mx.array:
    num_experts = weights.shape[0]
    if experts.size <= FEW_TOKENS_PER_EXPERT * num_experts or num_experts > moe.MAX_EXPERTS:
        return moe.pairs(x, weights, experts).run()[0]
    order, offsets = moe.group(experts, num_experts).run()
    return moe.grouped(x, weights, order, offsets).run()[0]


def _check(x: mx.array, weights: mx.array, experts: mx.array) -> None:
    fits = x.ndim == 2 and weights.ndim == 3 and experts.ndim == 2
    if not fits or x.shape[1] != weights.shape[2] or x.shape[0] != experts.shape[0]:
        need = "x (N, E), weights (num_experts, F, E) and experts (N, k)"
        raise KvistError("expert_linear", need, f"{x.shape}, {weights.shape}, {experts.shape}")
    if x.dtype not in DTYPES or weights.dtype not in DTYPES or not mx.issubdtype(experts.dtype, mx.integer):
        need = "x and weights of float32, float16 or bfloat16, and whole numbers as experts"
        raise KvistError("expert_linear", need, f"{x.dtype}, {weights.dtype}, {experts.dtype}")
    if experts.size:
        numbers = np.array(experts)
        low, high = int(numbers.min()), int(numbers.max())
        if low < 0 or high >= weights.shape[0]:
            need = f"experts from 0 to {weights.shape[0] - 1}"
            raise KvistError("expert_linear", need, f"{low} to {high}")
