"""Guards SwiGLU, exp, softmax and norm_rope in C++: equal to their references; in place unseen; errors."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.ops import exp, norm_rope, softmax, swiglu

DTYPES = [mx.float32, mx.float16, mx.bfloat16]
TOLERANCE = {mx.float32: 2e-6, mx.float16: 4e-3, mx.bfloat16: 4e-2}


def normal(*shape: int, seed: int, dtype: mx.Dtype = mx.float32) -> mx.array:
    return (3 * mx.random.normal(shape, key=mx.random.key(seed))).astype(dtype)


def assert_close(got: mx.array, want: mx.array, dtype: mx.Dtype) -> None:
    assert got.shape == want.shape and got.dtype == dtype
    bound = TOLERANCE[dtype]
    a, b = np.array(got.astype(mx.float32)), np.array(want.astype(mx.float32))
    np.testing.assert_allclose(a, b, rtol=bound, atol=bound)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_swiglu_equals_reference(isa, dtype):
    for shape in ((1,), (3, 17), (2, 3, 96), (40000,), (0, 4)):
        gate, up = normal(*shape, seed=1, dtype=dtype), normal(*shape, seed=2, dtype=dtype)
        assert_close(
            swiglu(gate, up, implementation="cpp"), swiglu(gate, up, implementation="reference"), dtype
        )
        assert_close(
            swiglu(gate.T, up.T, implementation="cpp"), swiglu(gate, up, implementation="reference").T, dtype
        )


def test_swiglu_at_the_ends_of_the_range(isa):
    gate = mx.array([-200.0, -100.0, -88.0, 0.0, 88.0, 100.0, 1e30, -1e30, float("nan")])
    want = np.array(swiglu(gate, mx.ones_like(gate), implementation="reference"))
    np.testing.assert_allclose(
        np.array(swiglu(gate, mx.ones_like(gate), implementation="cpp")), want, rtol=1e-5, atol=1e-35
    )


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_softmax_equals_reference(isa, dtype):
    for shape in ((1,), (3, 17), (2, 3, 96), (5, 4001)):
        x = normal(*shape, seed=3, dtype=dtype)
        assert_close(softmax(x, implementation="cpp"), softmax(x, implementation="reference"), dtype)
    big = mx.array([[1e30, 1.0, -mx.inf], [-1e4, -1e4, -1e4]])
    np.testing.assert_allclose(
        np.array(softmax(big, implementation="cpp")), [[1, 0, 0], [1 / 3] * 3], rtol=1e-6
    )
    assert mx.isnan(softmax(mx.array([1.0, mx.nan]), implementation="cpp")).all().item()


@pytest.mark.parametrize("implementation", ["reference", "cpp", None])
def test_exp_equals_numpy_over_the_whole_range(isa, implementation):
    x = np.concatenate([np.linspace(-104, 89, 50001), [0.0, -0.0, 88.7, 88.8, -103.9, -110, 1e30, -1e30]])
    x = np.append(x, [np.inf, -np.inf, np.nan]).astype(np.float32)
    with np.errstate(over="ignore"):
        want = np.exp(x.astype(np.float64)).astype(np.float32)
    got = np.array(exp(mx.array(x), implementation=implementation))
    np.testing.assert_allclose(got, want, rtol=3e-7, atol=3e-45)  # two steps, of subnormal numbers too


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_exp_of_every_shape_and_type_equals_mlx(isa, dtype):
    for shape in ((), (1,), (3, 17), (2, 3, 96), (40001,), (0, 4)):
        x = normal(*shape, seed=6, dtype=dtype)
        want = mx.exp(x.astype(mx.float32)).astype(dtype)
        for view, wanted in ((x, want), (x.T, want.T)):
            got = exp(view, implementation="cpp")
            a, b = np.array(got.astype(mx.float32)), np.array(wanted.astype(mx.float32))
            assert got.dtype == dtype and a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=max(1e-6, float(mx.finfo(dtype).eps)))
    slope = mx.grad(lambda a: exp(a, implementation="cpp").sum())(mx.array([0.5, -2.0]))
    np.testing.assert_allclose(np.array(slope), np.exp([0.5, -2.0]), rtol=1e-6)


@pytest.mark.parametrize("function", [swiglu, softmax, exp])
def test_every_instruction_set_gives_the_same_bits_and_inputs_stay(vector_kernels, function):
    before, results = vector_kernels.isa(), {}
    inputs = [normal(7, 333, seed=4), normal(7, 333, seed=5)][: 2 if function is swiglu else 1]
    copies = [np.array(x) for x in inputs]
    for name in vector_kernels.isas():
        vector_kernels.set_isa(name)
        results[name] = bytes(function(*inputs, implementation="cpp"))
    vector_kernels.set_isa(before)
    assert all(result == results["portable"] for result in results.values())
    for x, copy in zip(inputs, copies, strict=True):
        np.testing.assert_array_equal(np.array(x), copy)


def projections(batch: int, length: int, heads: int, kv_heads: int, dim: int, dtype: mx.Dtype):
    widths = (heads * dim, kv_heads * dim, kv_heads * dim)
    return [normal(batch, length, width, seed=6 + i, dtype=dtype) for i, width in enumerate(widths)]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("offset", [0, 13, mx.array([3, 20])], ids=str)
def test_norm_rope_equals_reference(isa, dtype, offset):
    for length, heads, kv_heads, dim in ((1, 4, 2, 32), (5, 3, 1, 6), (3, 2, 2, 34)):
        three = projections(2, length, heads, kv_heads, dim, dtype)
        norms = (normal(dim, seed=10, dtype=dtype), normal(dim, seed=11, dtype=dtype))
        cache = (normal(2, kv_heads, 32, dim, seed=12), normal(2, kv_heads, 32, dim, seed=13))
        for options in ({}, {"norms": norms}, {"norms": norms, "cache": cache}):
            got, want = (
                norm_rope(*three, head_dim=dim, offset=offset, implementation=name, **options)
                for name in ("cpp", "reference")
            )
            for g, w in zip(got, want, strict=True):
                assert g.dtype == w.dtype and g.shape == w.shape
                bound = 2 * TOLERANCE[dtype]
                a, b = np.array(g.astype(mx.float32)), np.array(w.astype(mx.float32))
                np.testing.assert_allclose(a, b, rtol=bound, atol=bound)


def test_norm_rope_writes_in_place_only_where_nobody_looks(vector_kernels):
    q, k, v = projections(1, 1, 2, 1, 8, mx.float32)
    keys, values = normal(1, 1, 4, 8, seed=12), normal(1, 1, 4, 8, seed=13)
    before = np.array(keys)
    out = norm_rope(q, k, v, head_dim=8, offset=2, cache=(keys, values), implementation="cpp")
    mx.eval(out)
    np.testing.assert_array_equal(np.array(keys), before)  # still ours
    assert not np.array_equal(np.array(out.k), before)
    np.testing.assert_array_equal(np.array(out.k)[:, :, [0, 1, 3]], before[:, :, [0, 1, 3]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head_dim": 7}, "need an even head_dim, got 7"),
        ({"head_dim": 12}, "need q (B, L, heads · 12)"),
        ({"offset": -1}, "need offsets of at least 0"),
        ({"offset": mx.array([1, 2, 3])}, "need offset as one number or (2,) whole numbers"),
        ({"offset": 31, "cache": (mx.zeros((2, 1, 32, 8)),) * 2}, "need 2 rows inside the cache of 32"),
        ({"norms": (mx.ones(8), mx.ones(9))}, "need norms of shape (8,)"),
        ({"implementation": "mlx"}, "need implementation reference, cpp, got 'mlx'"),
    ],
)
def test_norm_rope_refuses_bad_input(options, message):
    q, k, v = projections(2, 2, 2, 1, 8, mx.float32)
    with pytest.raises(KvistError) as caught:
        norm_rope(q, k, v, **({"head_dim": 8} | options))
    assert f"[norm_rope] {message}" in str(caught.value)


def test_derivatives_equal_the_reference(vector_kernels):
    gate, up = normal(3, 5, seed=1), normal(3, 5, seed=2)

    def gradients(name: str) -> list[mx.array]:
        pair = mx.grad(lambda a, b: swiglu(a, b, implementation=name).sum(), argnums=(0, 1))(gate, up)
        return [*pair, mx.grad(lambda a: (softmax(a, implementation=name) ** 2).sum())(gate)]

    for got, want in zip(gradients("cpp"), gradients("reference"), strict=True):
        np.testing.assert_allclose(np.array(got), np.array(want), atol=1e-5)
    q, k, v = projections(1, 1, 2, 1, 8, mx.float32)
    with pytest.raises(ValueError, match=r"\[norm_rope\] need inference, got a derivative"):
        mx.grad(lambda a: norm_rope(a, k, v, head_dim=8, implementation="cpp").q.sum())(q)


def test_exp_refuses_what_is_no_array_of_floats():
    cases = {
        "got 1.0. hint: mx.array(x)": 1.0,
        "got None.": None,
        "got a numpy array of float32. hint: mx.array(x)": np.ones(3, np.float32),
        "need x of float32, float16 or bfloat16, got mlx.core.int32": mx.array([1]),
    }
    for message, x in cases.items():
        with pytest.raises(KvistError) as caught:
            exp(x)
        assert message in str(caught.value)
