"""Guards what linear makes of infinities, NaN and the ends of a type: the class that the definition has."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvist import native
from kvist.ops import QuantizedWeight, dequantize, linear, quantize
from kvist.ops.linear import Weight, linear_reference

DTYPES = [mx.float32, mx.float16, mx.bfloat16]
LARGEST = {mx.float32: 3.4028235e38, mx.float16: 65504.0, mx.bfloat16: 3.3895314e38}
SPECIAL = [0.0, -0.0, float("inf"), -float("inf"), float("nan")]
CLASSES = ["finite", "inf", "-inf", "nan"]

pytestmark = pytest.mark.skipif(native.kernels is None, reason=native.status().reason)


def wide(x: mx.array) -> np.ndarray:
    return np.array(x.astype(mx.float32)).astype(np.float64)


def class_of(y: np.ndarray) -> np.ndarray:
    """Index in CLASSES of each number."""
    return np.select([np.isfinite(y), y == np.inf, y == -np.inf], [0, 1, 2], 3)


def class_by_definition(x: np.ndarray, matrix: np.ndarray, dtype: mx.Dtype, steps: int) -> np.ndarray:
    """(rows, N) of CLASSES, -1 where it depends on the order of additions or on rounding.

    steps: how many the largest |x| of a group has where activations are rounded.
    """
    with np.errstate(all="ignore"):
        terms = x[:, None, :] * matrix[None]
        total, sizes = terms.sum(-1), np.abs(terms)
        finite = np.where(np.isfinite(sizes), terms, 0)
        most = np.where(np.isfinite(x), np.abs(x), 0).max(-1)[:, None]
        all_weights = np.where(np.isfinite(matrix), np.abs(matrix), 0).sum(-1)
    size = np.abs(finite).sum(-1)
    error = 1e-2 * size + most * all_weights / steps
    against = np.where(np.sign(finite) == -np.sign(total)[..., None], np.abs(finite), 0).sum(-1)
    # No float32 sum of what is against the result overflows, so that in any order the rest decides.
    fits, calm = size + error < 0.98 * LARGEST[dtype], against < 3.3e38
    over = (np.abs(total) > 1.02 * LARGEST[dtype] + error) & calm
    known = np.where(over, np.where(total > 0, 1, 2), class_of(total))
    return np.where(np.isnan(total) | np.where(np.isinf(total), calm, fits | over), known, -1)


def check(x: mx.array, weight: Weight, **options: object) -> int:
    """Compare the classes of all results; returns how many are known."""
    matrix = dequantize(weight) if isinstance(weight, QuantizedWeight) else weight
    steps = 127 if options.get("activations") == "int8" else 32767
    want = class_by_definition(wide(x), wide(matrix), x.dtype, steps)
    got = class_of(wide(linear(x, weight, implementation="cpp", **options)))
    reference = class_of(wide(linear_reference(x, weight)))
    known = want >= 0
    assert np.array_equal(reference[known], want[known]), "the reference, whose class this is"
    assert np.array_equal(got[known], want[known])
    return int(known.sum())


@st.composite
def numbers(draw, count: int, dtype: mx.Dtype, special: bool) -> mx.array:
    """Random ones of one magnitude, up to the largest of their type, and a few of others."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    top = np.log10(LARGEST[dtype])
    size = 10.0 ** draw(st.floats(-44 if dtype != mx.float16 else -7, top - 0.01))
    values = rng.uniform(0.1, 1.0, count) * size
    if draw(st.booleans()):
        values *= rng.choice([-1.0, 1.0], count)
    for _ in range(draw(st.integers(0, 3))):
        other = rng.choice(SPECIAL) if special and rng.random() < 0.6 else 10 ** rng.uniform(-7, top - 0.01)
        values[rng.integers(count)] = other
    with np.errstate(over="ignore"):
        return mx.array(values.astype(np.float32)).astype(dtype)


@st.composite
def packed(draw, n: int, k: int, bits: int, group: int, stored: mx.Dtype) -> QuantizedWeight:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    words = rng.integers(0, 2**32, (n, k * bits // 32), dtype=np.uint32)
    if draw(st.booleans()):  # weights of zero, and whole groups of one value
        words[rng.random(words.shape) < 0.5] = 0
    scales, biases = (
        draw(numbers(n * k // group, stored, special=draw(st.booleans()))).reshape(n, k // group)
        for _ in range(2)
    )
    if draw(st.booleans()):
        biases = -scales * 2 ** (bits - 1)
    return QuantizedWeight(mx.array(words), scales, biases, group, bits)


@pytest.mark.parametrize("activations", [None, "int8", "int16"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@given(data=st.data())
@settings(max_examples=20)
def test_a_packed_weight_gives_the_class_of_the_definition(dtype, activations, data):
    bits, group = data.draw(st.sampled_from([2, 4, 8])), data.draw(st.sampled_from([32, 64, 128]))
    k, n = group * data.draw(st.sampled_from([1, 3, 17])), data.draw(st.sampled_from([1, 6]))
    rows = data.draw(st.sampled_from([1, 1, 3]))
    x = data.draw(numbers(rows * k, dtype, special=True)).reshape(rows, k)
    check(
        x,
        data.draw(packed(n, k, bits, group, data.draw(st.sampled_from(DTYPES)))),
        activations=activations,
        batch_invariant=data.draw(st.booleans()),
    )


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@given(data=st.data())
@settings(max_examples=20)
def test_a_plain_weight_gives_the_class_of_the_definition(dtype, data):
    k, n = data.draw(st.sampled_from([1, 31, 96, 257])), data.draw(st.sampled_from([1, 6]))
    rows = data.draw(st.sampled_from([1, 1, 3]))
    stored = data.draw(st.sampled_from(DTYPES))
    x = data.draw(numbers(rows * k, dtype, special=True)).reshape(rows, k)
    check(x, data.draw(numbers(n * k, stored, special=True)).reshape(n, k))


@pytest.mark.parametrize("options", [{}, {"activations": "int8"}, {"activations": "int16"}], ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_known_overflows_of_the_parts(isa, dtype, options):
    """q . x and bias * sum(x) overflow, or are infinities of opposite signs, though their sum is neither."""
    weight = quantize(mx.random.normal((9, 192), key=mx.random.key(6)))
    one = mx.random.normal((1, 192), key=mx.random.key(5))
    found = 0
    for position, value in ((0, np.inf), (70, -np.inf), (191, np.inf), (3, np.nan)):
        x = one.astype(dtype)
        x[0, position] = value
        found += check(x, weight, **options)
    for size in (1e30, 1e36, 1e37, 3e37) if dtype != mx.float16 else (1e2, 1e3, 1e4):
        found += check(mx.full((1, 192), size).astype(dtype), weight, **options)
        found += check((one * size / 4).astype(dtype), weight, **options)
    infinite = QuantizedWeight(weight.packed, weight.scales * 1e38, weight.biases, 64, 4)
    found += check(mx.full((1, 192), 1e-30).astype(dtype), infinite, **options)
    assert found > 60
