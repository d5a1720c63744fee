"""exp, elementwise: what softmax and every gate are made of."""

import mlx.core as mx

from kvist import native
from kvist.errors import KvistError
from kvist.ops.arguments import FLOATS, need_array, need_implementation


def exp(x: mx.array, *, implementation: str | None = None) -> mx.array:
    """e to the power of each element of `x`, computed in float32 and returned in the dtype and shape of `x`.

    implementation: "reference" (2 to a whole power times a polynomial, step by step), "mlx", "cpp" (the same
    in vector registers and on every thread, within 2 units in the last place) or None for the best one here.
    x is float32, float16 or bfloat16. Raises KvistError on another dtype or implementation.
    """
    need_array("exp", x=x)
    if x.dtype not in FLOATS:
        raise KvistError("exp", "x of float32, float16 or bfloat16", str(x.dtype))
    need_implementation("exp", implementation, "reference", "mlx", "cpp")
    if implementation == "reference":
        return exp_reference(x)
    function = None
    if implementation != "mlx":
        function = (native.required if implementation else native.primitive)("exp", "exp")
    if function is None:
        return mx.exp(x.astype(mx.float32)).astype(x.dtype)
    result: mx.array = function(x)
    return result


def exp_reference(x: mx.array) -> mx.array:
    """e^x = 2^n e^f, with n the whole number next to x / ln 2 and |f| <= ln 2 / 2: a short series."""
    wide = mx.clip(x.astype(mx.float32), -150.0, 100.0)
    n = mx.round(wide / 0.6931471805599453)
    f = (wide - n * 0.693359375) + n * 2.12194440e-4  # ln 2 in two parts: the first product is exact
    power = mx.ones_like(f)
    for k in range(8, 0, -1):  # 1 + f (1 + f/2 (1 + f/3 (...)))
        power = 1.0 + f * power / k
    half = mx.floor(n / 2)  # 2^n itself may be out of range where the product is not
    return (power * mx.power(2.0, half) * mx.power(2.0, n - half)).astype(x.dtype)
