"""RMSNorm: scale each vector to root mean square one, then by a learned weight.

y = x / sqrt(mean(x²) + eps) · weight (Zhang and Sennrich 2019, Root Mean Square Layer Normalization, eq. 4).
Four implementations of the same values: the reference in MLX operations, MLX's fused one, a C++ primitive for
the CPU (kernels/rms_norm/rms_norm.cpp) and a Metal kernel (kernels/rms_norm/rms_norm.metal).
"""

from collections.abc import Callable
from functools import cache

import mlx.core as mx

from kvist import native
from kvist.errors import KvistError
from kvist.metal import Kernel, kernel_path
from kvist.ops.arguments import FLOATS, need_array, need_implementation, need_number


def rms_norm(
    x: mx.array, weight: mx.array, eps: float = 1e-6, *, implementation: str | None = None
) -> mx.array:
    """Normalise over the last axis: x (..., D) and weight (D,) give (..., D) in the dtype of x.

    Sums are in float32, and the quotient is rounded to the dtype of x before the weight is applied.
    implementation: "reference", "mlx", "cpp", "metal" or None for the best one here; all but "metal" have
    gradients. Raises KvistError on other shapes, on dtypes other than float32, float16 and bfloat16, and when
    an implementation is not available here.
    """
    check_rms_norm(x, weight, eps)
    need_implementation("rms_norm", implementation, *IMPLEMENTATIONS)
    name = implementation or default_implementation()
    return IMPLEMENTATIONS[name](x, weight.astype(x.dtype), float(eps))


def rms_norm_reference(x: mx.array, weight: mx.array, eps: float) -> mx.array:
    """The definition."""
    wide = x.astype(mx.float32)
    mean_square = mx.mean(mx.square(wide), axis=-1, keepdims=True)
    return (wide * mx.rsqrt(mean_square + eps)).astype(x.dtype) * weight


def default_implementation() -> str:
    """MLX's on a GPU; on the CPU the C++ primitive, 4 to 10 times faster, where it is built."""
    return "cpp" if native.primitive("rms_norm", "rms_norm") is not None else "mlx"


def _mlx(x: mx.array, weight: mx.array, eps: float) -> mx.array:
    return mx.fast.rms_norm(x, weight, eps)


def _cpp(x: mx.array, weight: mx.array, eps: float) -> mx.array:
    result: mx.array = native.required("rms_norm", "rms_norm")(x, weight, eps)
    return result


def _metal(x: mx.array, weight: mx.array, eps: float) -> mx.array:
    dim = x.shape[-1]
    if x.size == 0:
        return x
    threads = min(1024, (dim + 31) // 32 * 32)  # one threadgroup per row, whole SIMD-groups
    return _metal_kernel()(
        inputs=[x, weight, float(eps), dim],
        grid=(threads, x.size // dim, 1),
        threadgroup=(threads, 1, 1),
        output_shapes=[x.shape],
        output_dtypes=[x.dtype],
    )[0]


@cache
def _metal_kernel() -> Kernel:
    return Kernel(kernel_path("rms_norm"))


IMPLEMENTATIONS: dict[str, Callable[[mx.array, mx.array, float], mx.array]] = {
    "reference": rms_norm_reference,
    "mlx": _mlx,
    "cpp": _cpp,
    "metal": _metal,
}


def check_rms_norm(x: mx.array, weight: mx.array, eps: float, where: str = "rms_norm") -> None:
    """Raise KvistError `[where]` unless shapes and dtypes are what `rms_norm` takes."""
    need_array(where, x=x, weight=weight)
    need_number(where, eps=eps)
    if x.ndim == 0:
        raise KvistError(where, "x with at least one axis", "a single value")
    if weight.shape != x.shape[-1:]:
        raise KvistError(where, f"weight {x.shape[-1:]} like the last axis of x", str(weight.shape))
    for name, array in (("x", x), ("weight", weight)):
        if array.dtype not in FLOATS:
            raise KvistError(where, f"{name} of float32, float16 or bfloat16", str(array.dtype))
