"""Guards every operator against what people pass by mistake: a result, or KvistError, and nothing else.

Each argument of a good call is replaced by each of a list of values, in every implementation that runs here.
Most are refused; a few are fine, and then the result can be computed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
import pytest

from kvist import native, ops
from kvist.errors import KvistError
from kvist.ops import QuantizedWeight

HUGE = [-1, 0, 2**31 - 1, 2**31, -(2**31) - 1, 2**63, 2**64, -(2**70)]
OTHERS = [None, True, 1.5, float("nan"), 1e300, "x", b"x", [1.0], [[1.0, 2.0]], (), {}, object(), int]
ARRAYS: list[Callable[[], Any]] = [
    lambda: np.ones((2, 4, 64), np.float32),
    lambda: np.float64(1),
    lambda: mx.array(1.0),
    lambda: mx.zeros((0,)),
    lambda: mx.zeros((0, 64)),
    lambda: mx.zeros((1, 0, 0, 0)),
    lambda: mx.zeros((2, 3, 0, 64)),
    lambda: mx.zeros((1, 1, 1, 1, 1)),
    lambda: mx.full((1, 2), -7),
    lambda: mx.array(np.full(1, 2**31 - 1, np.int32)),
    lambda: mx.array(np.full(1, -(2**31), np.int32)),
    lambda: mx.array(np.full((1, 2), 2**62)),
    lambda: mx.array(np.full(1, 2**63, np.uint64)),
]
CHANGES: dict[str, Callable[[mx.array], mx.array]] = {
    "bool": lambda x: x.astype(mx.bool_),
    "int8": lambda x: x.astype(mx.int8),
    "int64": lambda x: x.astype(mx.int64),
    "uint64": lambda x: x.astype(mx.uint64),
    "float16": lambda x: x.astype(mx.float16),
    "bfloat16": lambda x: x.astype(mx.bfloat16),
    "complex64": lambda x: x.astype(mx.complex64),
    "one axis more": lambda x: x[None],
    "first axis away": lambda x: x[0],
    "flat": lambda x: x.reshape(-1),
    "first axis twice": lambda x: mx.concatenate([x, x], axis=0),
    "last axis twice": lambda x: mx.concatenate([x, x], axis=-1),
    "last axis cut": lambda x: x[..., :-1],
    "last axis empty": lambda x: x[..., :0],
    "first axis empty": lambda x: x[:0],
    "axes reversed": lambda x: x.transpose(),
}


class Call(NamedTuple):
    function: Callable[..., Any]
    arguments: dict[str, Any]
    implementations: tuple[str | None, ...] = (None,)


def normal(*shape: int) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(sum(shape)))


def calls() -> dict[str, Call]:
    weight = ops.quantize(normal(6, 64), 32, 4)
    q, kv = normal(1, 4, 2, 8), normal(1, 2, 5, 8)
    heads, less = normal(1, 3, 32), normal(1, 3, 16)
    packed = {"packed": weight.packed, "scales": weight.scales, "biases": weight.biases}
    layout = {"group_size": 32, "bits": 4}
    table, lengths = mx.array([[1, 0]], mx.int32), mx.array([3], mx.int32)

    def of_packed(
        x: Any, packed: Any, scales: Any, biases: Any, group_size: Any, bits: Any, **rest: Any
    ) -> Any:
        return ops.linear(x, QuantizedWeight(packed, scales, biases, group_size, bits), **rest)

    def dequantized(packed: Any, scales: Any, biases: Any, group_size: Any, bits: Any) -> Any:
        return ops.dequantize(QuantizedWeight(packed, scales, biases, group_size, bits))

    def placed(q: Any, k: Any, v: Any, q_norm: Any, k_norm: Any, keys: Any, values: Any, **rest: Any) -> Any:
        return ops.norm_rope(q, k, v, norms=(q_norm, k_norm), cache=(keys, values), **rest)

    def experts_of_packed(
        x: Any, packed: Any, scales: Any, biases: Any, group_size: Any, bits: Any, **rest: Any
    ) -> Any:
        weights = QuantizedWeight(packed, scales, biases, group_size, bits)
        return ops.expert_linear(x, weights, mx.zeros((3, 2), mx.int32), **rest)

    chosen = mx.array([[0, 3], [1, 1], [2, 0]])
    three = (None, "reference", "mlx")
    usual = (None, "reference", "mlx", "cpp")
    few = (None, "reference", "cpp")
    return {
        "linear": Call(
            ops.linear,
            {"x": normal(2, 64), "weight": normal(6, 64), "batch_invariant": False, "activations": None},
            (None, "cpp"),
        ),
        "linear, reference": Call(ops.linear, {"x": normal(2, 64), "weight": normal(6, 64)}, usual),
        "linear, packed": Call(of_packed, {"x": normal(1, 64), **packed, **layout}, usual),
        "linears": Call(ops.linears, {"x": normal(1, 64), "weights": [weight, weight]}, usual),
        "quantize": Call(ops.quantize, {"weight": normal(6, 64), **layout}),
        "dequantize": Call(dequantized, {**packed, **layout}),
        "attention": Call(ops.attention, {"q": q, "k": kv, "v": kv, "scale": 0.5, "mask": None}, usual),
        "paged_attention": Call(
            ops.paged_attention,
            {
                "q": q,
                "k_blocks": normal(3, 2, 4, 8),
                "v_blocks": normal(3, 2, 4, 8),
                "block_table": table,
                "lengths": lengths,
                "scale": 0.5,
            },
            few,
        ),
        "rms_norm": Call(ops.rms_norm, {"x": normal(2, 8), "weight": normal(8), "eps": 1e-6}, usual),
        "add_rms_norm": Call(
            ops.add_rms_norm,
            {"x": normal(2, 8), "residual": normal(2, 8), "weight": normal(8), "eps": 1e-6},
            usual,
        ),
        "swiglu": Call(ops.swiglu, {"gate": normal(2, 8), "up": normal(2, 8)}, usual),
        "softmax": Call(ops.softmax, {"x": normal(2, 8), "axis": -1}, usual),
        "exp": Call(ops.exp, {"x": normal(2, 8)}, usual),
        "rope": Call(
            ops.rope,
            {"x": q, "offset": 3, "base": 10000.0, "dims": 4, "traditional": False},
            (None, "reference", "mlx"),
        ),
        "norm_rope": Call(
            placed,
            {
                "q": heads,
                "k": less,
                "v": less,
                "q_norm": normal(8),
                "k_norm": normal(8),
                "keys": normal(1, 2, 9, 8),
                "values": normal(1, 2, 9, 8),
                "head_dim": 8,
                "offset": 3,
                "base": 10000.0,
                "eps": 1e-6,
            },
            few,
        ),
        "expert_linear": Call(
            ops.expert_linear, {"x": normal(3, 64), "weights": normal(4, 6, 64), "experts": chosen}, three
        ),
        "expert_linear, packed": Call(
            experts_of_packed,
            {"x": normal(3, 64), **{key: value[None] for key, value in packed.items()}, **layout},
            three,
        ),
        "flash_attention": Call(
            ops.flash_attention,
            {"q": q, "k": kv, "v": kv, "causal": True, "block_q": 2, "block_k": 2},
            (None, "reference"),
        ),
        "split_kv_attention": Call(
            ops.split_kv_attention,
            {
                "q": q[:, :, :1],
                "k": kv,
                "v": kv,
                "lengths": mx.array([3]),
                "scale": 0.5,
                "partition_size": 2,
            },
            (None, "reference"),
        ),
        "split_k_matmul": Call(ops.split_k_matmul, {"a": normal(2, 8), "b": normal(8, 3), "num_splits": 2}),
        "batch_invariant_matmul": Call(
            ops.batch_invariant_matmul,
            {"a": normal(2, 8), "b": normal(8, 3), "block_k": 4},
            (None, "reference"),
        ),
        "batch_invariant_rms_norm": Call(
            ops.batch_invariant_rms_norm,
            {"x": normal(2, 8), "weight": normal(8), "eps": 1e-6, "block_size": 4},
            (None, "reference"),
        ),
        "batch_invariant_attention": Call(
            ops.batch_invariant_attention,
            {"q": q, "k": kv, "v": kv, "scale": 0.5, "mask": None, "block_size": 4},
            (None, "reference"),
        ),
        "norm_rope, bare": Call(
            ops.norm_rope,
            {
                "q": heads,
                "k": less,
                "v": less,
                "head_dim": 8,
                "offset": mx.array([3]),
                "norms": None,
                "cache": None,
            },
            few,
        ),
    }


CALLS = calls()


def replacements(value: Any) -> list[Any]:
    found = [*HUGE, *OTHERS, *(make() for make in ARRAYS)]
    if isinstance(value, mx.array):
        for change in CHANGES.values():
            try:
                found.append(change(value))
            except (ValueError, IndexError):
                continue  # this array has no such axis
    return found


def is_computed(result: Any) -> None:
    mx.eval(*(result if isinstance(result, (tuple, list)) else [result]))


@pytest.mark.parametrize("name", CALLS)
def test_a_bad_argument_is_refused_as_documented(name):
    call = CALLS[name]
    for implementation in call.implementations:
        if implementation == "cpp" and native.kernels is None:
            continue
        chosen = {} if implementation is None else {"implementation": implementation}
        is_computed(call.function(**call.arguments, **chosen))
        refused = 0
        for argument, value in call.arguments.items():
            for bad in replacements(value):
                try:
                    is_computed(call.function(**{**call.arguments, argument: bad}, **chosen))
                except KvistError as error:
                    refused += 1
                    assert str(error).startswith("["), f"{argument}={bad!r}: {error}"
                except Exception as error:
                    raise AssertionError(f"{implementation}, {argument}={bad!r}") from error
        assert refused > 20
    if call.implementations != (None,):
        for bad in ("x", 1, None is None, ["cpp"], mx.zeros((2,))):
            with pytest.raises(KvistError):
                call.function(**call.arguments, implementation=bad)


def raw_calls() -> dict[str, dict[str, Any]]:
    """Arguments of the primitives themselves."""
    weight = ops.quantize(normal(6, 64), 32, 4)
    packed = {"weights": [weight.packed], "scales": [weight.scales], "biases": [weight.biases]}
    q, kv = normal(1, 4, 2, 8), normal(1, 2, 5, 8)
    blocks = {"lengths": mx.array([3], mx.int32), "block_table": mx.array([[1, 0]], mx.int32)}
    heads, less, cache = normal(1, 3, 32), normal(1, 3, 16), normal(1, 2, 9, 8)
    norms, waves = [normal(8), normal(8)], mx.ones((4,))
    sizes = {"q": (16, 16), "k": (8, 16), "v": (8, 16), "o": (16, 16)}
    layer = [normal(16), normal(16), *(normal(*shape) for shape in sizes.values())]
    layer += [normal(24, 16), normal(24, 16), normal(16, 24)]
    step = {"x": normal(1, 1, 16), "wavelengths": waves, "last_norm": normal(16), "arrays": layer}
    step |= {"caches": [normal(1, 1, 4, 8), normal(1, 1, 4, 8)], "formats": [(0, 0)] * 4, "head_dim": 8}
    options = {"offset": 2, "eps": 1e-6, "qk_eps": 1e-6, "scale": 0.3, "qk_norm": False}
    return {
        "rms_norm": {"x": normal(2, 8), "weight": normal(8), "eps": 1e-6},
        "swiglu": {"gate": normal(2, 8), "up": normal(2, 8)},
        "exp": {"x": normal(2, 8)},
        "softmax": {"x": normal(2, 8)},
        "linear": {"x": normal(1, 64), **packed, "group_size": 32, "bits": 4, "activation_bits": 0},
        "attention": {"q": q, "k": kv, "v": kv, "scale": 0.5, "causal": True},
        "attention, paged": {"q": q, "k": kv, "v": kv, "scale": 0.5, "causal": True, **blocks},
        "norm_rope": {
            **{"q": heads, "k": less, "v": less, "wavelengths": waves, "norm_weights": norms},
            **{"offsets": mx.array([3], mx.int32), "cache": [cache, cache], "head_dim": 8, "offset": 0},
        },
        "norm_rope, one offset": {
            **{"q": heads, "k": less, "v": less, "wavelengths": waves, "norm_weights": []},
            **{"offsets": None, "cache": [cache, cache], "head_dim": 8, "offset": 3, "eps": 1e-6},
        },
        "decoder_step": {**step, **options},
    }


RAW = raw_calls()


@pytest.mark.skipif(native.kernels is None, reason=native.status().reason)
@pytest.mark.parametrize("name", RAW)
def test_a_primitive_refuses_what_it_cannot_compute(name):
    """By ValueError, or by TypeError for what is no array or number of the kind that it takes."""
    function, arguments = getattr(native.kernels, name.split(",")[0]), RAW[name]
    is_computed(function(**arguments))
    refused = 0
    for argument, value in arguments.items():
        bad_ones = replacements(value)
        if isinstance(value, list) and value:
            bad_ones += [value[1:], value * 2, *([bad, *value[1:]] for bad in replacements(value[0]))]
        for bad in bad_ones:
            try:
                is_computed(function(**{**arguments, argument: bad}))
            except (TypeError, ValueError) as error:
                refused += 1
                assert isinstance(error, TypeError) or str(error).startswith("["), (
                    f"{argument}={bad!r}: {error}"
                )
    assert refused > 20
