"""SwiGLU: the gate of the feed-forward layers of Llama and Qwen."""

import mlx.core as mx

from kvist import native
from kvist.errors import KvistError
from kvist.ops.arguments import FLOATS, need_array, need_floats, need_implementation
from kvist.ops.metal.swiglu import launch


def swiglu(gate: mx.array, up: mx.array, *, implementation: str | None = None) -> mx.array:
    """silu(gate) · up elementwise, with silu(x) = x / (1 + exp(-x)); gate and up of one shape and dtype.

    implementation: "reference", "mlx" (the same: MLX has no fused one), "cpp", "metal"
    (kernels/swiglu/swiglu.metal; float32, float16 or bfloat16) or None for the best one here. "cpp" and
    "metal" round once, at the end. Source: Shazeer 2020, GLU Variants Improve Transformer, equation 6.
    Raises KvistError on unequal shapes or dtypes.
    """
    need_array("swiglu", gate=gate, up=up)
    if gate.shape != up.shape or gate.dtype != up.dtype:
        got = f"{gate.shape} of {gate.dtype}, {up.shape} of {up.dtype}"
        raise KvistError("swiglu", "gate and up of one shape and dtype", got)
    need_floats("swiglu", gate=gate, up=up)
    need_implementation("swiglu", implementation, "reference", "mlx", "cpp", "metal")
    if implementation in {"reference", "mlx"}:
        return swiglu_reference(gate, up)
    if implementation == "metal":
        if gate.dtype not in FLOATS:
            raise KvistError(
                "swiglu", 'float32, float16 or bfloat16 for implementation="metal"', str(gate.dtype)
            )
        return launch(gate, up).run()[0] if gate.size else gate
    function = (native.required if implementation else native.primitive)("swiglu", "swiglu")
    if function is None:
        return swiglu_reference(gate, up)
    result: mx.array = function(gate, up)
    return result


def swiglu_reference(gate: mx.array, up: mx.array) -> mx.array:
    """The definition."""
    return gate * mx.sigmoid(gate) * up
