"""x Wᵀ for weights of 2 to 32 bits: what nearly all time of decoding goes into.

On the CPU a C++ primitive (kernels/linear) reads packed weights as they are, sums in float32 and uses every
thread and the vector instructions at hand.
"""

from collections.abc import Callable, Sequence

import mlx.core as mx

from kvist import blas, native
from kvist.errors import KvistError
from kvist.ops.affine import QuantizedWeight, check_layout, dequantize
from kvist.ops.arguments import FLOATS, need_array, need_flag, need_implementation
from kvist.ops.metal.linear import launch

Weight = mx.array | QuantizedWeight
ACTIVATION_BITS = {None: 0, "int16": 16, "int8": 8}
CPP_BITS = (2, 4, 8)


def linear(
    x: mx.array,
    weight: Weight,
    *,
    implementation: str | None = None,
    batch_invariant: bool = False,
    activations: str | None = None,
) -> mx.array:
    """x (..., K) times W (N, K) transposed: (..., N) in the dtype of x.

    W is an array of float32, float16 or bfloat16, or a `QuantizedWeight`.
    implementation: "reference" (dequantized, float32), "mlx" (`mx.quantized_matmul`, `@`), "cpp" (2, 4 and 8
    bits and plain weights, any strides), "metal" (4 bits, kernels/linear/linear.metal) or None for the best
    one here.
    batch_invariant: a row of x gives the same bits alone and with any others ("cpp" only; plain weights
    always do). activations ("cpp" only, quantized weights): x is rounded to whole numbers with one step for
    each group of weights, its largest |x| over 127 ("int8") or 32767 ("int16"), which saves work. Errors, as
    shares of the results' root mean square (rms), before rounding to the dtype of x: for normal x about 0.6 %
    rms and up to 3 % in single results ("int8"), 0.0025 % and 0.012 % ("int16"); three times that where each
    64 numbers have an outlier 100 times as large. One row of float16 or bfloat16 takes "int16" by itself: to
    round the result to bfloat16 costs 0.17 % rms, to float16 0.02 %.

    Results are finite, infinite or NaN where the definition's are, unless that depends on the order of
    additions. Rounding takes a group with no |x| above 2.4e-32 ("int16"; "int8": 9e-35) for zeros. Up to 8
    rows of "metal" sum scale * (q . x) and bias * sum(x) apart: an infinity in x may give NaN, and finite x
    overflows where one of the parts does, not while 2^bits * max(1, |scale|, |bias|) * sum(|x|) is below
    3.3e38.
    Raises KvistError on shapes, dtypes, or options that an implementation has not.
    """
    usual = implementation is None or (type(implementation) is str and implementation == "cpp")
    if usual and type(weight) is QuantizedWeight and type(batch_invariant) is bool:
        fast = _at_once(x, weight, batch_invariant, activations)
        if fast is not None:
            return fast
    return linears(
        x, [weight], implementation=implementation, batch_invariant=batch_invariant, activations=activations
    )[0]


def _at_once(
    x: mx.array, weight: QuantizedWeight, batch_invariant: bool, activations: str | None
) -> mx.array | None:
    """One product by the primitive, which checks its arguments; None where `linears` is to say what is wrong.

    A small product takes 30 us. To look at every shape and dtype in Python first would take 5 us more.
    """
    function = native.primitive("linear", "linear")
    packed, scales, biases, group_size, bits = weight
    if function is None or type(bits) is not int or bits not in CPP_BITS:
        return None
    try:
        result: mx.array = function(
            x,
            (packed,),
            (scales,),
            (biases,),
            group_size=group_size,
            bits=bits,
            batch_invariant=batch_invariant,
            activation_bits=ACTIVATION_BITS[activations],
        )[0]
    except (KeyError, TypeError, ValueError):
        return None
    return result


def linears(
    x: mx.array,
    weights: Sequence[Weight],
    *,
    implementation: str | None = None,
    batch_invariant: bool = False,
    activations: str | None = None,
) -> list[mx.array]:
    """`linear` of one x with several weights of one format, such as queries, keys and values: read x once."""
    _check(x, weights)
    if activations is not None and (not isinstance(activations, str) or activations not in ACTIVATION_BITS):
        raise KvistError("linear", 'activations None, "int8" or "int16"', repr(activations))
    need_implementation("linear", implementation, "reference", "mlx", "cpp", "metal")
    need_flag("linear", batch_invariant=batch_invariant)
    special = batch_invariant or activations is not None
    if implementation in {"reference", "mlx", "metal"} and special:
        need = 'implementation="cpp" for batch_invariant and activations'
        raise KvistError("linear", need, repr(implementation))
    if not x.size or any(not _rows(weight) for weight in weights):  # which MLX's would divide by
        return [mx.zeros((*x.shape[:-1], _rows(weight)), x.dtype) for weight in weights]
    if implementation == "reference":
        return [linear_reference(x, weight) for weight in weights]
    if implementation == "metal":
        return [_metal(x, weight) for weight in weights]
    function: Callable[..., list[mx.array]] | None = None
    if implementation == "cpp" or special:
        _check_cpp(weights, activations)
        function = native.required("linear", "linear")
    elif implementation is None and not any(map(_left_to_mlx, weights)):
        function = native.primitive("linear", "linear")
    if function is None:
        return [_mlx(x, weight) for weight in weights]
    if len({_format(weight) for weight in weights}) > 1:  # each by itself
        return [
            linear(x, w, implementation="cpp", batch_invariant=batch_invariant, activations=activations)
            for w in weights
        ]
    return _cpp(function, x, weights, batch_invariant, ACTIVATION_BITS[activations])


def linear_reference(x: mx.array, weight: Weight) -> mx.array:
    """The definition: the weights made explicit, products and sums in float32."""
    matrix = dequantize(weight) if isinstance(weight, QuantizedWeight) else weight.astype(mx.float32)
    return (x.astype(mx.float32) @ matrix.T).astype(x.dtype)


def _mlx(x: mx.array, weight: Weight) -> mx.array:
    if not isinstance(weight, QuantizedWeight):
        return (x @ weight.T).astype(x.dtype)
    packed, scales, biases, group_size, bits = weight
    scales, biases = scales.astype(x.dtype), biases.astype(x.dtype)
    return mx.quantized_matmul(x, packed, scales, biases, transpose=True, group_size=group_size, bits=bits)


def _metal(x: mx.array, weight: Weight) -> mx.array:
    if not isinstance(weight, QuantizedWeight) or weight.bits != 4:
        got = f"{weight.bits} bits" if isinstance(weight, QuantizedWeight) else str(weight.dtype)
        raise KvistError("linear", 'a weight of 4 bits for implementation="metal"', got)
    shape = (*x.shape[:-1], weight.num_rows)
    if not x.size or not weight.num_rows:
        return mx.zeros(shape, x.dtype)
    return launch(x.reshape(-1, x.shape[-1]), weight).run()[0].reshape(shape)


def _cpp(
    function: Callable[..., list[mx.array]],
    x: mx.array,
    weights: Sequence[Weight],
    batch_invariant: bool,
    activation_bits: int,
) -> list[mx.array]:
    packed, scales, biases, group_size, bits = [], [], [], 0, 0
    for weight in weights:
        if isinstance(weight, QuantizedWeight):
            packed.append(weight.packed)
            scales.append(weight.scales)
            biases.append(weight.biases)
            group_size, bits = weight.group_size, weight.bits
        else:
            packed.append(weight)
    return function(
        x,
        packed,
        scales,
        biases,
        group_size=group_size,
        bits=bits,
        batch_invariant=batch_invariant,
        activation_bits=activation_bits,
    )


def _left_to_mlx(weight: Weight) -> bool:
    """3, 5 and 6 bits, which the primitive has not; and float32 where OpenBLAS does it as well."""
    if isinstance(weight, QuantizedWeight):
        return weight.bits not in CPP_BITS
    return weight.dtype == mx.float32 and (blas.status().active or blas.status().library == "Accelerate")


def _rows(weight: Weight) -> int:
    return (weight.packed if isinstance(weight, QuantizedWeight) else weight).shape[0]


def _format(weight: Weight) -> tuple[object, ...]:
    if isinstance(weight, QuantizedWeight):
        return weight.bits, weight.group_size, weight.scales.dtype
    return (weight.dtype,)


def _check_cpp(weights: Sequence[Weight], activations: str | None) -> None:
    for weight in weights:
        if not isinstance(weight, QuantizedWeight):
            if activations is not None:
                got = f"a plain weight of {weight.dtype}"
                raise KvistError("linear", "a QuantizedWeight for activations", got, "quantize(weight)")
        elif weight.bits not in CPP_BITS:
            need, hint = "bits 2, 4 or 8 for the C++ primitive", 'implementation="mlx" takes the others'
            raise KvistError("linear", need, str(weight.bits), hint)


def _check(x: mx.array, weights: Sequence[Weight]) -> None:
    need_array("linear", x=x)
    if x.ndim == 0 or not x.shape[-1]:
        raise KvistError("linear", "x (..., K) with K of at least 1", f"shape {x.shape}")
    if x.dtype not in FLOATS:
        raise KvistError("linear", "x of float32, float16 or bfloat16", str(x.dtype))
    if not isinstance(weights, (list, tuple)) or isinstance(weights, QuantizedWeight):
        raise KvistError("linear", "a list of weights", type(weights).__name__)
    if not weights:
        raise KvistError("linear", "at least one weight", "none")
    for weight in weights:
        _check_weight(x.shape[-1], weight)


def _check_weight(k: int, weight: Weight) -> None:
    if not isinstance(weight, QuantizedWeight):
        need_array("linear", weight=weight)
        if weight.ndim != 2 or weight.shape[1] != k:
            raise KvistError("linear", f"weight (N, {k}) for x with K={k}", f"shape {weight.shape}")
        if weight.dtype not in FLOATS:
            hint = "packed weights come as a QuantizedWeight" if weight.dtype == mx.uint32 else ""
            raise KvistError("linear", "weight of float32, float16 or bfloat16", str(weight.dtype), hint)
        return
    packed, scales, biases, group_size, bits = weight
    check_layout("linear", group_size, bits)
    need_array("linear", packed=packed, scales=scales, biases=biases)
    if packed.dtype != mx.uint32 or packed.ndim != 2 or packed.shape[1] * 32 != k * bits:
        need = f"packed weight (N, {k * bits / 32:g}) of uint32 for K={k} and {bits} bits"
        raise KvistError("linear", need, f"{packed.shape} of {packed.dtype}")
    wanted = (packed.shape[0], k // group_size)
    if k % group_size or scales.shape != wanted or biases.shape != wanted:
        need = f"scales and biases (N, K / group_size) = {wanted}, K a multiple of {group_size}"
        raise KvistError("linear", need, f"K={k}, scales {scales.shape}, biases {biases.shape}")
    if scales.dtype not in FLOATS or biases.dtype != scales.dtype:
        need = "scales and biases of one dtype, float32, float16 or bfloat16"
        raise KvistError("linear", need, f"{scales.dtype} and {biases.dtype}")
