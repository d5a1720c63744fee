"""Guards add_rms_norm: the sum and its norm are those of the two operations, and what it refuses."""

import mlx.core as mx
import pytest

from kvist.errors import KvistError
from kvist.ops import add_rms_norm, rms_norm

X, RESIDUAL, WEIGHT = (
    mx.random.normal(s, key=mx.random.key(i)) for i, s in enumerate([(2, 3, 8)] * 2 + [(8,)])
)


@pytest.mark.parametrize("implementation", ["reference", "mlx", None])
@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16], ids=str)
def test_both_results(implementation: str | None, dtype: mx.Dtype) -> None:
    x, residual, weight = (a.astype(dtype) for a in (X, RESIDUAL, WEIGHT))
    hidden, out = add_rms_norm(x, residual, weight, implementation=implementation)
    assert mx.array_equal(hidden, x + residual)
    assert (out.shape, out.dtype) == (x.shape, dtype)
    want = rms_norm(x + residual, weight, implementation="reference")
    assert mx.allclose(out.astype(mx.float32), want.astype(mx.float32), rtol=1e-2, atol=1e-2)


def test_bad_input_is_refused() -> None:
    for message, call in {
        "need x and residual of one shape and dtype": lambda: add_rms_norm(X, RESIDUAL[0], WEIGHT),
        "need weight (8,) like the last axis of x": lambda: add_rms_norm(
            X, RESIDUAL, WEIGHT[:7], implementation="metal"
        ),
        "need implementation reference, mlx, cpp, metal, got 'fast'": lambda: add_rms_norm(
            X, RESIDUAL, WEIGHT, implementation="fast"
        ),
    }.items():
        with pytest.raises(KvistError) as caught:
            call()
        assert message in str(caught.value)
