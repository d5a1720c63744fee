"""Each token times the weights of its own experts: the matrix products of a mixture of experts."""

import mlx.core as mx
import numpy as np

from kvist.errors import KvistError
from kvist.ops.affine import QuantizedWeight, check_layout, dequantize
from kvist.ops.arguments import need_array, need_implementation
from kvist.ops.metal import moe

Weights = mx.array | QuantizedWeight
DTYPES = (mx.float32, mx.float16, mx.bfloat16)
FEW_TOKENS_PER_EXPERT = 2  # up to which a tile of weights is not worth its rows


def expert_linear(
    x: mx.array, weights: Weights, experts: mx.array, *, implementation: str | None = None
) -> mx.array:
    """x (N, E) times Wᵀ of k experts each: weights (num_experts, F, E), experts (N, k) -> (N, k, F).

    Row (n, j) is x[n] times the transposed weights of expert experts[n, j], in the dtype of x. Packed weights
    are a `QuantizedWeight` whose three arrays have a leading axis of experts.
    implementation: "reference" (float32), "mlx" (`mx.gather_mm`, `mx.gather_qmm`), "metal"
    (kernels/moe/moe.metal: pair by pair for few tokens, else grouped by expert; plain or of 4 bits) or None
    (MLX's). Raises KvistError on shapes that do not fit, dtypes, and experts that there are not.
    """
    _check(x, weights, experts)
    experts = experts.astype(mx.int32)
    need_implementation("expert_linear", implementation, "reference", "mlx", "metal")
    shape = (*experts.shape, moe.shape_of(weights)[1])
    if 0 in shape or not x.shape[1]:
        return mx.zeros(shape, x.dtype)
    if implementation == "reference":
        return expert_linear_reference(x, weights, experts)
    if implementation == "metal":
        return _metal(x, weights, experts).reshape(shape)
    return _mlx(x, weights, experts)


def expert_linear_reference(x: mx.array, weights: Weights, experts: mx.array) -> mx.array:
    """The definition, expert by expert in float32."""
    wide = dequantize(weights) if isinstance(weights, QuantizedWeight) else weights.astype(mx.float32)
    every = x.astype(mx.float32) @ wide.swapaxes(-1, -2)  # (num_experts, N, F)
    rows = mx.arange(x.shape[0])[:, None]
    return every[experts, rows].astype(x.dtype)


def _mlx(x: mx.array, weights: Weights, experts: mx.array) -> mx.array:
    numbers, rows = experts.astype(mx.uint32), x[:, None, None, :]
    if isinstance(weights, QuantizedWeight):
        packed, scales, biases, group_size, bits = weights
        scales, biases = scales.astype(x.dtype), biases.astype(x.dtype)
        return mx.gather_qmm(
            rows, packed, scales, biases, rhs_indices=numbers, group_size=group_size, bits=bits
        ).squeeze(-2)
    dtype = mx.float32 if mx.default_device() == mx.cpu else x.dtype  # all that it has on a CPU
    columns = weights.astype(dtype).swapaxes(-1, -2)
    return mx.gather_mm(rows.astype(dtype), columns, rhs_indices=numbers).squeeze(-2).astype(x.dtype)


def _metal(x: mx.array, weights: Weights, experts: mx.array) -> mx.array:
    if not isinstance(weights, QuantizedWeight):
        weights = weights.astype(x.dtype)
    elif weights.bits != 4:
        need = 'weights of 4 bits or plain ones for implementation="metal"'
        raise KvistError("expert_linear", need, f"{weights.bits} bits")
    num_experts = moe.shape_of(weights)[0]
    if experts.size <= FEW_TOKENS_PER_EXPERT * num_experts or num_experts > moe.MAX_EXPERTS:
        return moe.pairs(x, weights, experts).run()[0]
    order, offsets = moe.group(experts, num_experts).run()
    return moe.grouped(x, weights, order, offsets).run()[0]


def _check(x: mx.array, weights: Weights, experts: mx.array) -> None:
    where = "expert_linear"
    need_array(where, x=x, experts=experts)
    if isinstance(weights, QuantizedWeight):
        packed, scales, biases, group_size, bits = weights
        check_layout(where, group_size, bits)
        need_array(where, packed=packed, scales=scales, biases=biases)
        if packed.ndim != 3:
            raise KvistError(where, "packed weights of three axes", f"shape {packed.shape}")
    else:
        need_array(where, weights=weights)
    shape = moe.shape_of(weights)
    fits = x.ndim == 2 and len(shape) == 3 and experts.ndim == 2
    if not fits or x.shape[1] != shape[2] or x.shape[0] != experts.shape[0]:
        need = "x (N, E), weights (num_experts, F, E) and experts (N, k)"
        raise KvistError("expert_linear", need, f"{x.shape}, {shape}, {experts.shape}")
    floats = (weights,) if isinstance(weights, mx.array) else (weights.scales, weights.biases)
    numbers = mx.issubdtype(experts.dtype, mx.integer)
    if x.dtype not in DTYPES or not numbers or any(f.dtype not in DTYPES for f in floats):
        need = "x and weights of float32, float16 or bfloat16, and whole numbers as experts"
        got = f"{x.dtype}, {', '.join(str(f.dtype) for f in floats)}, {experts.dtype}"
        raise KvistError("expert_linear", need, got)
    if isinstance(weights, QuantizedWeight):
        _check_packed(weights, shape)
    if experts.size:
        chosen = np.array(experts)
        low, high = int(chosen.min()), int(chosen.max())
        if low < 0 or high >= shape[0]:
            raise KvistError("expert_linear", f"experts from 0 to {shape[0] - 1}", f"{low} to {high}")


def _check_packed(weights: QuantizedWeight, shape: tuple[int, ...]) -> None:
    wanted = (*shape[:2], shape[2] // weights.group_size)
    if weights.packed.dtype != mx.uint32 or shape[2] % weights.group_size:
        need = f"packed weights of uint32 with E a multiple of {weights.group_size}"
        raise KvistError("expert_linear", need, f"{weights.packed.dtype}, E={shape[2]}")
    kinds = [(scale.shape, scale.dtype) for scale in (weights.scales, weights.biases)]
    if kinds[0] != kinds[1] or kinds[0][0] != wanted:
        got = ", ".join(f"{shape} of {dtype}" for shape, dtype in kinds)
        raise KvistError("expert_linear", f"scales and biases {wanted} of one dtype", got)
