"""Guards expert_linear: fast path equals reference equals one product a pair, and what it refuses."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.ops import expert_linear

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
    ],
)
def test_bad_input_is_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(KvistError) as caught:
        expert_linear(*arguments)
    assert message in str(caught.value)


def test_unknown_implementation_is_refused() -> None:
    with pytest.raises(KvistError, match="need implementation reference, mlx, metal, got 'cpp'"):
        expert_linear(X, WEIGHTS, EXPERTS, implementation="cpp")
