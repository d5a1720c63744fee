"""Guards softmax: reference equals fast path equals numpy, also where exp() would overflow."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.ops import softmax

IMPLEMENTATIONS = ["reference", "mlx", None]


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_equals_numpy(implementation: str | None, axis: int) -> None:
    x = np.random.default_rng(0).normal(size=(3, 5, 7)).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    exact /= exact.sum(axis=axis, keepdims=True)
    out = softmax(mx.array(x), axis, implementation=implementation)
    np.testing.assert_allclose(np.array(out), exact, rtol=2e-6)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_large_inputs_do_not_overflow(implementation: str | None) -> None:
    out = softmax(mx.array([1e30, 1e30, -1e30]), implementation=implementation)
    assert out.tolist() == [0.5, 0.5, 0.0]


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_half_precision_sums_in_float32(implementation: str | None) -> None:
    # 4096 equal terms of 1/4096: a float16 accumulator could not even count them
    out = softmax(mx.zeros((4096,), mx.float16), implementation=implementation)
    assert out.dtype == mx.float16
    assert out.tolist() == [2.0**-12] * 4096


def test_bad_axis_and_implementation() -> None:
    with pytest.raises(
        KvistError, match=r"\[softmax\] need an axis of an array with 1 dimensions, got axis=1"
    ):
        softmax(mx.zeros(3), axis=1)
    with pytest.raises(KvistError, match="implementation"):
        softmax(mx.zeros(3), implementation="fast")


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_only_floats_in_an_array_have_a_softmax(implementation: str | None) -> None:
    with pytest.raises(KvistError, match=r"need x of a floating dtype, got mlx\.core\.int32"):
        softmax(mx.array([1, 2]), implementation=implementation)
    with pytest.raises(KvistError, match=r"need x to be an mx.array, got list. hint: mx.array\(x\)"):
        softmax([1.0, 2.0], implementation=implementation)
    with pytest.raises(KvistError, match=r"need axis to be a whole number, got 0\.5"):
        softmax(mx.zeros(3), 0.5, implementation=implementation)
