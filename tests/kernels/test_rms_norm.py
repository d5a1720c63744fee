"""Guards kvist.ops.rms_norm: C++, Metal (emulated) and MLX agree with the reference; gradients; errors."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.ops import rms_norm
from kvist.ops.rms_norm import default_implementation

DTYPES = [mx.float32, mx.float16, mx.bfloat16]
# One unit in the last place at 4, about the largest value here; sums in another order may round either way.
TOLERANCE = {mx.float32: 2e-6, mx.float16: 2**-8, mx.bfloat16: 2**-5}
SHAPES = [(1,), (7,), (1, 32), (3, 33), (2, 5, 1000), (1, 4097), (0, 8), (600, 257)]


def example(shape: tuple[int, ...], dtype: mx.Dtype) -> tuple[mx.array, mx.array]:
    x = mx.random.normal(shape, key=mx.random.key(1)).astype(dtype)
    return x, mx.random.normal(shape[-1:], key=mx.random.key(2)).astype(dtype)


def assert_close(got: mx.array, want: mx.array) -> None:
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    bound = TOLERANCE[want.dtype]
    np.testing.assert_allclose(
        np.array(got.astype(mx.float32)), np.array(want.astype(mx.float32)), rtol=bound, atol=bound
    )


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_cpp_equals_reference(extension, shape, dtype):
    x, weight = example(shape, dtype)
    assert_close(rms_norm(x, weight, implementation="cpp"), rms_norm(x, weight, implementation="reference"))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_cpp_reads_any_strides(extension, dtype):
    x, weight = example((6, 8, 10), dtype)
    views = {
        "swapped heads": x.swapaxes(0, 1),
        "transposed last axis": x.swapaxes(1, 2),
        "every other": x[:, ::2, 1::3],
        "reversed": x[::-1, :, ::-1],
        "broadcast": mx.broadcast_to(x[:1, :1, :1], (2, 3, 10)),
    }
    for view in views.values():
        scale = weight[: view.shape[-1]]
        copied = mx.array(np.array(view.astype(mx.float32))).astype(dtype)
        got = rms_norm(view, scale, implementation="cpp")
        assert_close(got, rms_norm(copied, scale, implementation="reference"))
    strided_weight = mx.random.normal((20,)).astype(dtype)[::2]
    want = rms_norm(x, strided_weight + 0, implementation="reference")
    assert_close(rms_norm(x, strided_weight, implementation="cpp"), want)


@pytest.mark.parametrize(("dtype", "bits"), [(mx.float16, np.float16), (mx.bfloat16, None)], ids=str)
def test_cpp_converts_and_rounds_every_16_bit_value(extension, dtype, bits):
    """Rows with mean square exactly 1 make the output x * weight, for every bit pattern of the weight."""
    patterns = mx.array(np.arange(65536, dtype=np.uint16))
    weight = patterns.view(dtype)
    row = np.tile(np.array([1.5, 1.5, 1.5, 0.5, 0.5, 0.5, 0.5, 0.5], np.float32), 8192)
    x = mx.array(np.stack([np.roll(row, i) for i in range(8)])).astype(dtype)
    got = rms_norm(x, weight, 0.0, implementation="cpp")
    with np.errstate(over="ignore", invalid="ignore"):
        exact = np.array(x.astype(mx.float32)) * np.array(weight.astype(mx.float32))
        want = mx.array(exact).astype(dtype) if bits is None else mx.array(exact.astype(bits))
    is_nan = np.array(mx.isnan(weight.astype(mx.float32)))
    same = np.array(got.view(mx.uint16)) == np.array(want.view(mx.uint16))
    assert same[:, ~is_nan].all()
    assert mx.isnan(got.astype(mx.float32)[:, mx.array(np.flatnonzero(is_nan))]).all().item()


def test_cpp_gives_the_same_bits_alone_and_in_a_batch(extension):
    x, weight = example((700, 300), mx.float32)  # large enough to be split among threads
    whole = rms_norm(x, weight, implementation="cpp")
    for row in (0, 1, 350, 699):
        assert mx.array_equal(rms_norm(x[row], weight, implementation="cpp"), whole[row]).item()


def test_cpp_works_in_place_only_where_nobody_looks(extension):
    """An input that nothing else needs gives its buffer to the output; any other must stay as it was."""
    x, weight = example((50, 64), mx.float32)
    before = np.array(x)
    kept = x + 1.0
    once = rms_norm(kept, weight, implementation="cpp")
    twice = rms_norm(rms_norm(kept * 2.0, weight, implementation="cpp"), weight, implementation="cpp")
    mx.eval(once, twice)
    np.testing.assert_array_equal(np.array(x), before)
    np.testing.assert_array_equal(np.array(kept), before + 1)
    want = rms_norm(kept * 2.0, weight, implementation="reference")
    assert_close(twice, rms_norm(want, weight, implementation="reference"))
    square = mx.random.normal((64,), key=mx.random.key(3)) + 0.0
    both = rms_norm(square, square, implementation="cpp")  # x and weight are one buffer
    assert_close(both, rms_norm(square, square, implementation="reference"))


@pytest.mark.parametrize("implementation", [None, "reference", "mlx", "cpp"])
def test_derivatives_equal_the_reference(extension, implementation):
    x, weight = example((4, 9), mx.float32)

    def loss(name):
        return lambda a, b: (rms_norm(a, b, implementation=name) ** 3).sum()

    got = mx.grad(loss(implementation), argnums=(0, 1))(x, weight)
    want = mx.grad(loss("reference"), argnums=(0, 1))(x, weight)
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(np.array(g), np.array(w), rtol=1e-4, atol=1e-5)
    _, (got_tangent,) = mx.jvp(lambda a: rms_norm(a, weight, implementation=implementation), [x], [x + 1])
    _, (want_tangent,) = mx.jvp(lambda a: rms_norm(a, weight, implementation="reference"), [x], [x + 1])
    np.testing.assert_allclose(np.array(got_tangent), np.array(want_tangent), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("axes", [(0, None), (1, None), (None, 0), (1, 1)], ids=str)
def test_cpp_maps_over_any_argument(extension, axes):
    x, weight = mx.random.normal((3, 4, 5)), mx.random.normal((5,))
    if axes[1] is not None:
        weight = mx.random.normal((5, 4) if axes[1] else (4, 5))
        x = x if axes[0] is not None else x[0]
    maps = {
        n: mx.vmap(lambda a, b, n=n: rms_norm(a, b, implementation=n), in_axes=axes) for n in ("cpp", "mlx")
    }
    np.testing.assert_allclose(np.array(maps["cpp"](x, weight)), np.array(maps["mlx"](x, weight)), rtol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_metal_equals_reference(emulator, dtype):
    for shape in ((3,), (2, 31), (2, 3, 100), (2, 1500), (0, 8)):
        x, weight = example(shape, dtype)
        want = rms_norm(x, weight, implementation="reference")
        assert_close(rms_norm(x, weight, implementation="metal"), want)


def test_default_is_the_extension_on_the_cpu(extension):
    if mx.default_device() == mx.cpu:
        assert default_implementation() == "cpp"
    x, weight = example((2, 8), mx.float32)
    assert mx.array_equal(
        rms_norm(x, weight), rms_norm(x, weight, implementation=default_implementation())
    ).item()


def test_result_has_the_dtype_of_x(extension):
    x, weight = example((2, 8), mx.bfloat16)
    for name in ("reference", "mlx", "cpp"):
        assert rms_norm(x, weight.astype(mx.float32), implementation=name).dtype == mx.bfloat16


@pytest.mark.parametrize(
    ("x", "weight", "message"),
    [
        (mx.zeros((2, 8)), mx.zeros((7,)), "need weight (8,) like the last axis of x, got (7,)"),
        (mx.zeros((2, 8)), mx.zeros((1, 8)), "need weight (8,) like the last axis of x, got (1, 8)"),
        (mx.array(1.0), mx.zeros((1,)), "need x with at least one axis, got a single value"),
        (mx.zeros((2, 8), mx.int32), mx.zeros((8,)), "need x of float32, float16 or bfloat16, got"),
        (mx.zeros((2, 8)), mx.zeros((8,), mx.int32), "need weight of float32, float16 or bfloat16, got"),
    ],
)
def test_bad_input_is_refused(x, weight, message):
    with pytest.raises(KvistError) as caught:
        rms_norm(x, weight)
    assert f"[rms_norm] {message}" in str(caught.value)


def test_unknown_implementation_is_refused():
    with pytest.raises(KvistError, match="need implementation reference, mlx, cpp, metal, got 'cuda'"):
        rms_norm(mx.zeros((2, 8)), mx.zeros((8,)), implementation="cuda")


def test_the_extension_checks_for_itself(extension):
    x, weight = mx.zeros((2, 8)), mx.zeros((8,))
    cases = [
        ((x, mx.zeros((7,))), r"\[rms_norm\] need weight \(8,\) like the last axis of x, got \(7,\)"),
        ((x.astype(mx.int32), weight), r"\[rms_norm\] need float32, float16 or bfloat16, got int32"),
        ((mx.array(1.0), weight), r"\[rms_norm\] need x with at least one axis, got a scalar"),
    ]
    for (a, b), message in cases:
        with pytest.raises(ValueError, match=message):
            extension.rms_norm(a, b, 1e-6)
    if mx.metal.is_available():
        with pytest.raises(ValueError, match=r"\[rms_norm\] need a CPU stream, got a GPU stream"):
            extension.rms_norm(x, weight, 1e-6, stream=mx.gpu)


def test_metal_refuses_what_a_kernel_cannot_do(emulator):
    """Never a silent zero gradient: on the GPU MLX raises, under the emulator we do."""

    def metal(a: mx.array) -> mx.array:
        return rms_norm(a, mx.ones((8,)), implementation="metal")

    x = mx.ones((2, 8))
    if mx.metal.is_available():
        pytest.skip("MLX has its own messages where there is Metal")
    with pytest.raises(KvistError, match="a kernel has no derivative"):
        mx.grad(lambda a: metal(a).sum())(x)
    with pytest.raises(KvistError, match="a kernel has no derivative"):
        mx.jvp(metal, [x], [x])
    with pytest.raises(KvistError, match=r"got one inside mx\.vmap"):
        mx.vmap(metal)(x)
