"""Guards kvist.ops.linear: every format, type and instruction set equals the reference; same bits; errors."""

import re

import mlx.core as mx
import numpy as np
import pytest

from kvist.errors import KvistError
from kvist.ops import QuantizedWeight, dequantize, linear, linears, quantize
from kvist.ops.linear import linear_reference

DTYPES = [mx.float32, mx.float16, mx.bfloat16]
LAYOUTS = [(bits, group) for bits in (2, 4, 8) for group in (32, 64, 128)]
# Relative to the largest result: rounding of the sums, and of the result to its type.
TOLERANCE = {mx.float32: 3e-6, mx.float16: 1e-3, mx.bfloat16: 8e-3}


def normal(*shape: int, seed: int, dtype: mx.Dtype = mx.float32) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed)).astype(dtype)


def assert_close(got: mx.array, want: mx.array, tolerance: float) -> None:
    assert got.shape == want.shape and got.dtype == want.dtype
    a, b = np.array(got.astype(mx.float32)), np.array(want.astype(mx.float32))
    assert np.abs(a - b).max() <= tolerance * max(np.abs(b).max(), 1e-6)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("bits", "group"), LAYOUTS)
def test_quantized_equals_dequantized(isa, bits, group, dtype):
    for rows, n, groups in ((1, 7, 1), (1, 33, 3), (2, 9, 18), (7, 45, 5)):
        x = normal(rows, group * groups, seed=1, dtype=dtype)
        weight = quantize(normal(n, group * groups, seed=2).astype(dtype), group, bits)
        want = linear_reference(x, weight)
        for options in ({}, {"batch_invariant": True}):
            got = linear(x, weight, implementation="cpp", **options)
            assert_close(got, want, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("stored", DTYPES, ids=str)
def test_plain_equals_reference(isa, stored, dtype):
    for rows, n, k in ((1, 5, 1), (1, 33, 100), (3, 40, 31), (8, 70, 96), (13, 4, 257)):
        x, weight = normal(rows, k, seed=3, dtype=dtype), normal(n, k, seed=4, dtype=stored)
        want = linear_reference(x, weight)
        assert_close(linear(x, weight, implementation="cpp"), want, TOLERANCE[dtype])


@pytest.mark.parametrize(("activations", "most"), [("int8", 1e-2), ("int16", 1e-4)])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_rounded_activations_stay_within_their_stated_error(isa, bits, activations, most):
    x, weight = normal(5, 1024, seed=5), quantize(normal(200, 1024, seed=6), 64, bits)
    got = np.array(linear(x, weight, activations=activations))
    want = np.array(linear_reference(x, weight))
    error = np.sqrt(np.mean((got - want) ** 2)) / np.sqrt(np.mean(want**2))
    assert most / 100 < error < most  # it is an approximation, and a good one
    exact = np.array(linear(mx.zeros((1, 1024)), weight, activations=activations))
    assert not exact.any()
    one_by_one = [linear(row, weight, activations=activations) for row in x]
    assert np.array_equal(np.array(mx.stack(one_by_one)), got)


@pytest.mark.parametrize(("activations", "rms", "largest"), [("int8", 2e-2, 9e-2), ("int16", 8e-5, 4e-4)])
def test_outliers_cost_rounded_activations_what_the_readme_says(isa, activations, rms, largest):
    x, weight = normal(5, 1024, seed=5), quantize(normal(200, 1024, seed=6), 64, 4)
    x[:, 5::64] = 100.0
    want = np.array(linear_reference(x, weight))
    error = (np.array(linear(x, weight, activations=activations)) - want) / np.sqrt(np.mean(want**2))
    assert rms / 2 < np.sqrt(np.mean(error**2)) < rms
    assert np.abs(error).max() < largest


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16], ids=str)
def test_one_row_of_16_bits_equals_float32_sums_but_for_the_last_bit(isa, dtype):
    """It takes whole-number products, whose error is far below the rounding of the result."""
    x, weight = normal(1, 1024, seed=5, dtype=dtype), quantize(normal(300, 1024, seed=6), 64, 4)
    got, want = (linear(x, weight), linear_reference(x, weight))
    assert_close(got, want, float(mx.finfo(dtype).eps))
    assert np.mean(np.array(got.astype(mx.float32)) == np.array(want.astype(mx.float32))) > 0.8


@pytest.mark.parametrize("activations", [None, "int8", "int16"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_not_lost(isa, bad, activations):
    x = normal(1, 192, seed=5).astype(mx.bfloat16)
    x[0, 70] = bad
    got = linear(x, quantize(normal(9, 192, seed=6)), activations=activations)
    assert not mx.isfinite(got).any().item()


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize(
    "options", [{"implementation": "cpp"}, {"activations": "int8"}, {"activations": "int16"}]
)
def test_the_stated_range_does_not_overflow(isa, bits, options):
    weight = quantize(normal(9, 192, seed=6), 64, bits)
    largest = max(1.0, *(mx.abs(part).max().item() for part in (weight.scales, weight.biases)))
    for x in (mx.ones((1, 192)), mx.abs(normal(1, 192, seed=5))):
        x = x * (3.25e38 / (2**bits * largest * x.sum().item()))
        for dtype in (mx.float32, mx.bfloat16):
            want = linear_reference(x.astype(dtype), weight)
            assert_close(linear(x.astype(dtype), weight, **options), want, 2e-2)


@pytest.mark.parametrize("rows", [1, 2])
def test_weights_made_explicit_give_the_infinities_of_the_definition(isa, rows):
    weight = quantize(normal(9, 64, seed=6))
    x = mx.ones((rows, 64))
    x[:, mx.abs(dequantize(weight)).min(axis=0).argmax().item()] = mx.inf  # where no weight is zero
    want = linear_reference(x, weight)
    assert mx.isinf(want).all().item()
    assert mx.array_equal(linear(x, weight, batch_invariant=True), want).item()
    large = mx.full((rows, 64), 1e37)
    assert_close(linear(large, weight, batch_invariant=True), linear_reference(large, weight), 3e-6)


def test_every_instruction_set_gives_the_same_bits(vector_kernels):
    def everything() -> list[bytes]:
        out = []
        for bits, group in LAYOUTS:
            weight = quantize(normal(21, group * 19, seed=7), group, bits)
            for rows in (1, 5):
                x = normal(rows, group * 19, seed=8)
                out.append(bytes(linear(x, weight, implementation="cpp")))
                out += [bytes(linear(x, weight, activations=kind)) for kind in ("int8", "int16")]
                half = linear(x.astype(mx.bfloat16), weight, implementation="cpp")
                out.append(bytes(half.astype(mx.float32)))
        for dtype in DTYPES:
            weight = normal(21, 345, seed=9, dtype=dtype)
            out += [bytes(linear(normal(rows, 345, seed=8), weight, implementation="cpp")) for rows in (1, 7)]
        return out

    before, results = vector_kernels.isa(), {}
    for name in vector_kernels.isas():
        vector_kernels.set_isa(name)
        results[name] = everything()
    vector_kernels.set_isa(before)
    assert all(result == results["portable"] for result in results.values())


@pytest.mark.parametrize("stored", ["4-bit", *DTYPES], ids=str)
def test_a_row_gets_the_same_bits_in_every_batch(isa, stored):
    weight = normal(70, 320, seed=10)
    packed = quantize(weight, 64, 4) if stored == "4-bit" else weight.astype(stored)
    x = normal(23, 320, seed=11)
    whole = linear(x, packed, implementation="cpp", batch_invariant=True)
    for start, stop in ((0, 1), (3, 5), (10, 17), (0, 22)):
        part = linear(x[start:stop], packed, implementation="cpp", batch_invariant=True)
        assert mx.array_equal(part, whole[start:stop]).item()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_reads_any_strides(isa, dtype):
    x, weight = normal(6, 8, 64, seed=12, dtype=dtype), quantize(normal(12, 64, seed=13))
    views = {
        "swapped": x.swapaxes(0, 1),
        "reversed": x[::-1, :, ::-1],
        "every other": normal(6, 128, seed=14, dtype=dtype)[:, ::2],
        "transposed": normal(64, 5, seed=15, dtype=dtype).T,
        "broadcast": mx.broadcast_to(x[:1, :1], (2, 3, 64)),
    }
    for view in views.values():
        mx.eval(view)
        assert_close(
            linear(view, weight, implementation="cpp"), linear_reference(view, weight), TOLERANCE[dtype]
        )
    plain = normal(64, 12, seed=16, dtype=dtype)
    mx.eval(plain)
    for transposed in (plain.T, (plain + 0).T):  # known to be transposed, and not yet known
        got = linear(x, transposed, implementation="cpp")
        assert_close(got, linear_reference(x, transposed), TOLERANCE[dtype])


def test_several_weights_at_once_equal_one_by_one(isa):
    x = normal(3, 128, seed=17)
    group = [quantize(normal(n, 128, seed=n)) for n in (40, 7, 64)]
    mixed = [*group, quantize(normal(9, 128, seed=18), 32, 8), normal(5, 128, seed=19).astype(mx.bfloat16)]
    for weights in (group, mixed):
        together = linears(x, weights, implementation="cpp")
        for got, weight in zip(together, weights, strict=True):
            assert mx.array_equal(got, linear(x, weight, implementation="cpp")).item()


def test_nothing_in_nothing_out(vector_kernels):
    weight = quantize(normal(12, 64, seed=13))
    assert linear(mx.zeros((0, 64)), weight, implementation="cpp").shape == (0, 12)
    empty = QuantizedWeight(*(part[:0] for part in weight[:3]), 64, 4)
    assert linear(mx.zeros((3, 64)), empty, implementation="cpp").shape == (3, 0)


def test_gradients_equal_the_reference(vector_kernels):
    x, plain, packed = normal(4, 64, seed=20), normal(6, 64, seed=21), quantize(normal(6, 64, seed=22))

    def loss(name):
        return lambda a, w: (
            (linear(a, w, implementation=name) ** 3).sum()
            + (linear(a, packed, implementation=name) ** 2).sum()
        )

    for got, want in zip(
        mx.grad(loss("cpp"), argnums=(0, 1))(x, plain),
        mx.grad(loss("reference"), argnums=(0, 1))(x, plain),
        strict=True,
    ):
        np.testing.assert_allclose(np.array(got), np.array(want), rtol=1e-3, atol=1e-2)
    mapped = mx.vmap(lambda a: linear(a, packed, implementation="cpp"))(x)
    assert_close(mapped, linear_reference(x, packed), 1e-5)


@pytest.mark.parametrize("implementation", [None, "mlx", "reference"])
@pytest.mark.parametrize("bits", [3, 4, 6])
def test_other_implementations_and_bits(implementation, bits):
    x, weight = normal(2, 96, seed=23), quantize(normal(10, 96, seed=24), 32, bits)
    want = x @ dequantize(weight).T
    assert_close(linear(x, weight, implementation=implementation), want, 1e-5)


GOOD = quantize(mx.ones((8, 64)))
BAD = {
    "need x (..., K) with K of at least 1, got shape ()": lambda: linear(mx.array(1.0), GOOD),
    "need x of float32, float16 or bfloat16, got": lambda: linear(mx.ones((2, 64), mx.int32), GOOD),
    "need packed weight (N, 16) of uint32 for K=128 and 4 bits": lambda: linear(mx.ones((2, 128)), GOOD),
    "need weight (N, 5) for x with K=5, got shape (8, 6)": lambda: linear(mx.ones(5), mx.ones((8, 6))),
    "hint: packed weights come as a QuantizedWeight": lambda: linear(mx.ones(8), GOOD.packed),
    "need scales and biases (N, K / group_size)": lambda: linear(
        mx.ones(64), GOOD._replace(scales=mx.ones((8, 2)))
    ),
    "need scales and biases of one dtype": lambda: linear(
        mx.ones(64), GOOD._replace(scales=GOOD.scales.astype(mx.bfloat16))
    ),
    "need bits among": lambda: linear(mx.ones(64), GOOD._replace(bits=7)),
    "need group_size among": lambda: linear(mx.ones(64), GOOD._replace(group_size=16)),
    "need implementation reference, mlx, cpp, metal, got 'fast'": lambda: linear(
        mx.ones(64), GOOD, implementation="fast"
    ),
    'need activations None, "int8" or "int16"': lambda: linear(mx.ones(64), GOOD, activations="fp8"),
    'need a weight of 4 bits for implementation="metal", got 8 bits': lambda: linear(
        mx.ones(64), quantize(mx.ones((8, 64)), bits=8), implementation="metal"
    ),
    'need implementation="cpp" for batch_invariant': lambda: linear(
        mx.ones(64), GOOD, implementation="mlx", batch_invariant=True
    ),
    "need x to be an mx.array, got None": lambda: linear(None, GOOD),
    "need x to be an mx.array, got a numpy array of float32. hint: mx.array(x)": lambda: linear(
        np.ones((3, 64), "f"), GOOD
    ),
    "need weight to be an mx.array, got None": lambda: linear(mx.ones(64), None),
    "need scales to be an mx.array, got a numpy array": lambda: linear(
        mx.ones(64), GOOD._replace(scales=np.ones((8, 1), "f"))
    ),
    "need a QuantizedWeight for activations, got a plain weight": lambda: linear(
        mx.ones(64), mx.ones((8, 64)), activations="int8"
    ),
    "need bits 2, 4 or 8 for the C++ primitive, got 5. hint: implementation=": lambda: linear(
        mx.ones(64), quantize(mx.ones((8, 64)), bits=5), implementation="cpp"
    ),
    "need bits 2, 4 or 8 for the C++ primitive, got 3": lambda: linear(
        mx.ones(64), quantize(mx.ones((8, 64)), bits=3), batch_invariant=True
    ),
    "need at least one weight, got none": lambda: linears(mx.ones(64), []),
    "need weight (N, K) with K a multiple of group_size 64": lambda: quantize(mx.ones((3, 100))),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused(message):
    with pytest.raises(KvistError) as caught:
        BAD[message]()
    assert message in str(caught.value)


def test_the_extension_checks_for_itself(vector_kernels):
    x, (packed, scales, biases, *_) = mx.ones((2, 64)), GOOD
    cases = {
        r"\[linear\] need weight \(N, 64\) for x with K=64, got \(8, 63\)": (
            x,
            [mx.ones((8, 63))],
            [],
            [],
            {},
        ),
        r"\[linear\] need quantized weight of uint32, got float32": (
            *(x, [mx.ones((8, 8))], [scales], [biases], {"bits": 4, "group_size": 64}),
        ),
        r"\[linear\] need bits 2, 4 or 8, got 3": (
            *(x, [packed], [scales], [biases], {"bits": 3, "group_size": 64}),
        ),
        r"\[linear\] need scales and biases for each weight, got 0 and 1 for 1": (
            *(x, [packed], [], [biases], {"bits": 4, "group_size": 64}),
        ),
        r"\[linear\] need scales and biases \(8, 1\), got \(8, 2\)": (
            *(x, [packed], [mx.ones((8, 2))], [biases], {"bits": 4, "group_size": 64}),
        ),
        r"\[linear\] need weights of one dtype, got float16": (
            *(x, [mx.ones((8, 64)), mx.ones((8, 64), mx.float16)], [], [], {}),
        ),
        r"\[linear\] need x of float32, float16 or bfloat16, got int32": (
            *(x.astype(mx.int32), [mx.ones((8, 64))], [], [], {}),
        ),
    }
    for message, (*arguments, options) in cases.items():
        with pytest.raises(ValueError, match=message):
            vector_kernels.linear(*arguments, **options)
    with pytest.raises(ValueError, match=re.escape("[isa] need one of portable")):
        vector_kernels.set_isa("sse9")
