"""SwiGLU: the gate of the feed-forward layers of Llama and Qwen."""

import mlx.core as mx

from kvist import native
from kvist.errors import KvistError


def swiglu(gate: mx.array, up: mx.array, *, implementation: str | None = None) -> mx.array:
    """silu(gate) · up elementwise, with silu(x) = x / (1 + exp(-x)); gate and up of one shape and dtype.

    implementation: "reference", "mlx" (the same: MLX has no fused one), "cpp" or None for the best one here.
    "cpp" rounds once, at the end. Source: Shazeer 2020, GLU Variants Improve Transformer, equation 6.
    Raises KvistError on unequal shapes or dtypes.
    """
    if gate.shape != up.shape or gate.dtype != up.dtype:
        got = f"{gate.shape} of {gate.dtype}, {up.shape} of {up.dtype}"
        raise KvistError("swiglu", "gate and up of one shape and dtype", got)
    if not mx.issubdtype(gate.dtype, mx.floating):
        raise KvistError("swiglu", "gate and up of a floating dtype", str(gate.dtype))
    if implementation in {"reference", "mlx"}:
        return swiglu_reference(gate, up)
    if implementation not in {None, "cpp"}:
        raise KvistError("swiglu", "implementation reference, mlx, cpp", repr(implementation))
    function = (native.required if implementation else native.primitive)("swiglu", "swiglu")
    if function is None:
        return swiglu_reference(gate, up)
    result: mx.array = function(gate, up)
    return result


def swiglu_reference(gate: mx.array, up: mx.array) -> mx.array:
    """The definition."""
    return gate * mx.sigmoid(gate) * up
