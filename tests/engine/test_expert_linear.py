"""Guards expert_linear: fast path equals reference equals one product a pair, and what it refuses."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.ops import QuantizedWeight, dequantize, expert_linear

X = mx.random.normal((5, 6), key=mx.random.key(0))
WEIGHTS = mx.random.normal((3, 4, 6), key=mx.random.key(1))
EXPERTS = mx.array([[0, 2], [2, 1], [1, 0], [2, 2], [0, 1]])


@pytest.mark.parametrize("implementation", ["reference", "mlx", None])
@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16], ids=str)
def test_each_row_is_a_token_times_its_expert(implementation: str | None, dtype: mx.Dtype) -> None:
    got = expert_linear(X.astype(dtype), WEIGHTS.astype(dtype), EXPERTS, implementation=implementation)
    assert (got.shape, got.dtype) == ((5, 2, 4), dtype)
    tolerance = {mx.float32: 1e-6, mx.float16: 4e-3, mx.bfloat16: 4e-2}[dtype]
    for token, chosen in enumerate(EXPERTS.tolist()):
        for slot, expert in enumerate(chosen):
            want = np.array(WEIGHTS[expert]) @ np.array(X[token])
            row = np.array(got[token, slot].astype(mx.float32))
            np.testing.assert_allclose(row, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("implementation", ["reference", "mlx", None])
@pytest.mark.parametrize("bits", [4, 8])
def test_packed_weights(implementation: str | None, bits: int) -> None:
    x, weights = mx.random.normal((5, 64), key=mx.random.key(3)), mx.random.normal((3, 4, 64))
    packed = QuantizedWeight(*mx.quantize(weights, group_size=32, bits=bits), 32, bits)
    got = expert_linear(x, packed, EXPERTS, implementation=implementation)
    want = expert_linear(x, dequantize(packed), EXPERTS, implementation="reference")
    np.testing.assert_allclose(np.array(got), np.array(want), rtol=1e-5, atol=1e-5)


def packed(**changes: object) -> QuantizedWeight:
    weights = QuantizedWeight(*mx.quantize(mx.ones((3, 4, 64)), group_size=64, bits=4))
    return weights._replace(**changes)


def test_nothing_gives_nothing() -> None:
    assert expert_linear(mx.zeros((0, 6)), WEIGHTS, mx.zeros((0, 2), mx.int32)).shape == (0, 2, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X, WEIGHTS[0], EXPERTS), "need x (N, E), weights (num_experts, F, E) and experts (N, k)"),
        ((X[:4], WEIGHTS, EXPERTS), "got (4, 6), (3, 4, 6), (5, 2)"),
        ((X, WEIGHTS, EXPERTS.astype(mx.float32)), "whole numbers as experts"),
        ((X, WEIGHTS, EXPERTS + 1), "need experts from 0 to 2, got 1 to 3"),
        ((X, WEIGHTS, EXPERTS - 1), "got -1 to 1"),
        ((X, packed(), EXPERTS), "got (5, 6), (3, 4, 64), (5, 2)"),
        ((mx.ones((5, 64)), packed(bits=7), EXPERTS), "need bits among"),
        ((mx.ones((5, 64)), packed(scales=mx.ones((3, 4, 2))), EXPERTS), "scales and biases (3, 4, 1)"),
        ((mx.ones((5, 64)), packed(group_size=128), EXPERTS), "with E a multiple of 128"),
    ],
)
def test_bad_input_is_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(KvistError) as caught:
        expert_linear(*arguments)
    assert message in str(caught.value)


def test_unknown_implementation_is_refused() -> None:
    with pytest.raises(KvistError, match="need implementation reference, mlx, metal, got 'cpp'"):
        expert_linear(X, WEIGHTS, EXPERTS, implementation="cpp")
