"""The residual connection and the norm behind it: what a Transformer block does between its two halves."""

import mlx.core as mx

from kvist.errors import KvistError
from kvist.ops.arguments import need_array
from kvist.ops.metal.add_rms_norm import launch
from kvist.ops.rms_norm import check_rms_norm, rms_norm


def add_rms_norm(
    x: mx.array,
    residual: mx.array,
    weight: mx.array,
    eps: float = 1e-6,
    *,
    implementation: str | None = None,
) -> tuple[mx.array, mx.array]:
    """x + residual, and `rms_norm` of it: x and residual (..., D) of one dtype, weight (D,) -> two (..., D).

    The sum is rounded to the dtype of x before it is normalised. implementation: "metal"
    (kernels/add_rms_norm/add_rms_norm.metal, both in one kernel) or one of `rms_norm`, for which the sum is
    an operation of its own; None is the best of those here. Raises KvistError on shapes and dtypes that do
    not fit.
    """
    need_array("add_rms_norm", x=x, residual=residual)
    if x.shape != residual.shape or x.dtype != residual.dtype:
        got = f"{x.shape} of {x.dtype}, {residual.shape} of {residual.dtype}"
        raise KvistError("add_rms_norm", "x and residual of one shape and dtype", got)
    check_rms_norm(x, weight, eps)
    if not isinstance(implementation, str) or implementation != "metal" or not x.size:
        hidden = x + residual
        return hidden, rms_norm(hidden, weight, eps, implementation=implementation)
    hidden, out = launch(x, residual, weight.astype(x.dtype), float(eps)).run()
    return hidden, out
