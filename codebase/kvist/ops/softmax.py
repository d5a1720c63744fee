"""Softmax: exponentials normalised to sum to one along an axis."""

import mlx.core as mx

from kvist import native
from kvist.errors import KvistError
from kvist.ops.arguments import FLOATS, need_array, need_floats, need_implementation, need_whole
from kvist.ops.metal.softmax import launch


def softmax(x: mx.array, axis: int = -1, *, implementation: str | None = None) -> mx.array:
    """Softmax of `x` along `axis`, computed in float32 and returned in the dtype of `x`.

    Shapes: any shape in, the same shape out. `implementation` is "reference", "mlx", "cpp" (C++ on the CPU),
    "metal" (kernels/softmax/softmax.metal), or None for the best one here; "cpp" and "metal" take the last
    axis of float32, float16 or bfloat16. Raises KvistError on an unknown implementation, an axis that `x`
    has not, and whole numbers: the result would not fit their dtype.
    """
    need_array("softmax", x=x)
    need_floats("softmax", x=x)
    need_whole("softmax", axis=axis)
    if not -x.ndim <= axis < x.ndim:
        raise KvistError("softmax", f"an axis of an array with {x.ndim} dimensions", f"axis={axis}")
    need_implementation("softmax", implementation, "reference", "mlx", "cpp", "metal")
    if not x.size:
        return x
    if implementation == "reference":
        return softmax_reference(x, axis)
    last = axis in (-1, x.ndim - 1) and x.dtype in FLOATS
    if implementation in {"cpp", "metal"} and not last:
        need = f'the last axis of floats for implementation="{implementation}"'
        raise KvistError("softmax", need, f"axis={axis} of {x.dtype}")
    if implementation == "metal":
        return launch(x).run()[0] if x.size else x
    function = None
    if implementation != "mlx" and last:
        function = (native.required if implementation else native.primitive)("softmax", "softmax")
    if function is not None:
        result: mx.array = function(x)
        return result
    return mx.softmax(x, axis=axis, precise=True)


def softmax_reference(x: mx.array, axis: int = -1) -> mx.array:
    """The definition. Subtracting the maximum cancels out, and keeps exp() from overflowing."""
    shifted = x.astype(mx.float32)
    shifted = shifted - mx.max(shifted, axis=axis, keepdims=True)
    exponentials = mx.exp(shifted)
    return (exponentials / mx.sum(exponentials, axis=axis, keepdims=True)).astype(x.dtype)
