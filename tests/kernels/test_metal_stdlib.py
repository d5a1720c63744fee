"""Guards the stand-in library against NumPy: mathematics, integers, vectors, packing, SIMD functions."""

from collections.abc import Callable

import mlx.core as mx
import numpy as np
import pytest

from kvist.metal import Output, emulate

pytestmark = pytest.mark.usefixtures("emulator")
COUNT = 128
RNG = np.random.default_rng(0)
X = np.concatenate([RNG.uniform(-4, 4, COUNT - 8), [0, -0.0, 0.5, -0.5, 1, -1, 2.5, -2.5]]).astype(np.float32)
Y = RNG.uniform(0.1, 3, COUNT).astype(np.float32)
FIRST, SECOND = (RNG.integers(-(2**31), 2**31, COUNT).astype(np.int32) for _ in range(2))
U, V = FIRST.view(np.uint32), SECOND.view(np.uint32)
LANES = np.arange(COUNT)


def table(expressions: list[str], dtype: mx.Dtype, head: str = "") -> np.ndarray:
    """A column for each expression over float x, y; int i, j; uint u, v; uint lane."""
    lines = "\n".join(f"  out[{k} * {COUNT} + at] = {e};" for k, e in enumerate(expressions))
    kinds = {mx.float32: "float", mx.int32: "int", mx.uint32: "uint"}
    source = f"""#include <metal_stdlib>
using namespace metal;
{head}
kernel void k(device const float* xs, device const float* ys, device const int* is, device const int* js,
              device {kinds[dtype]}* out, uint at [[thread_position_in_grid]],
              uint lane [[thread_index_in_simdgroup]]) {{
  const float x = xs[at], y = ys[at];
  const int i = is[at], j = js[at];
  const uint u = uint(i), v = uint(j);
  (void)x, (void)y, (void)i, (void)j, (void)u, (void)v, (void)lane;
{lines}
}}
"""
    buffers = {"xs": X, "ys": Y, "is": FIRST, "js": SECOND, "out": Output((len(expressions), COUNT), dtype)}
    done = emulate(source, (COUNT, 1, 1), (64, 1, 1), buffers)
    assert not done.reports, "\n".join(map(str, done.reports))
    return np.array(done.outputs["out"])


D = X.astype(np.float64)
E = Y.astype(np.float64)
MATHEMATICS: dict[str, np.ndarray] = {
    "exp(x)": np.exp(D),
    "precise::exp2(x)": np.exp2(D),
    "fast::exp10(x)": 10**D,
    "log(y)": np.log(E),
    "log2(y)": np.log2(E),
    "log10(y)": np.log10(E),
    "sqrt(y)": np.sqrt(E),
    "rsqrt(y)": 1 / np.sqrt(E),
    "sin(x)": np.sin(D),
    "cos(x)": np.cos(D),
    "tan(x / 4)": np.tan(D / 4),
    "sinpi(x)": np.sin(np.pi * D),
    "cospi(x)": np.cos(np.pi * D),
    "asin(x / 4)": np.arcsin(D / 4),
    "acos(x / 4)": np.arccos(D / 4),
    "atan(x)": np.arctan(D),
    "atan2(x, y)": np.arctan2(D, E),
    "sinh(x)": np.sinh(D),
    "cosh(x)": np.cosh(D),
    "tanh(x)": np.tanh(D),
    "asinh(x)": np.arcsinh(D),
    "acosh(y + 1)": np.arccosh(E + 1),
    "atanh(x / 5)": np.arctanh(D / 5),
    "pow(y, x)": E**D,
    "powr(y, x)": E**D,
    "fmod(x, y)": np.fmod(X, Y),
    "floor(x)": np.floor(D),
    "ceil(x)": np.ceil(D),
    "trunc(x)": np.trunc(D),
    "rint(x)": np.rint(D),
    "round(x)": np.copysign(np.floor(np.abs(D) + 0.5), D),
    "fract(x)": D - np.floor(D),
    "sign(x)": np.sign(D),
    "abs(x)": np.abs(D),
    "saturate(x)": np.clip(D, 0, 1),
    "clamp(x, -1.0f, 2.0f)": np.clip(D, -1, 2),
    "min(x, y)": np.minimum(D, E),
    "fmax(x, y)": np.maximum(D, E),
    "max3(x, y, 0.5f)": np.maximum(np.maximum(D, E), 0.5),
    "median3(x, y, 0.5f)": np.median(np.stack([D, E, np.full(COUNT, 0.5)]), axis=0),
    "mix(x, y, 0.25f)": D + (E - D) * 0.25,
    "step(y, x)": (D >= E).astype(float),
    "smoothstep(-1.0f, 1.0f, x)": (t := np.clip((D + 1) / 2, 0, 1)) * t * (3 - 2 * t),
    "fma(x, y, 1.0f)": D * E + 1,
    "copysign(y, x)": np.copysign(E, D),
    "fdim(x, y)": np.maximum(D - E, 0),
    "ldexp(x, 3)": D * 8,
    "select(x, y, x > 0)": np.where(D > 0, E, D),
    "isnan(x / 0.0f * 0.0f) ? 1.0f : 0.0f": np.ones(COUNT),
    "signbit(x) ? 1.0f : 0.0f": np.signbit(D).astype(float),
    "dot(float3(x, y, 1), float3(y, x, 2))": 2 * D * E + 2,
    "length(float2(x, y))": np.hypot(D, E),
    "normalize(float2(x, y)).x": D / np.hypot(D, E),
    "cross(float3(x, 0, 0), float3(0, y, 0)).z": D * E,
    "distance(float2(x, y), float2(0))": np.hypot(D, E),
    "(float2x2(float2(x, 1), float2(2, y)) * float2(3, 4)).y": 3 + 4 * E,
    "max(float4(x), float4(0)).w": np.maximum(D, 0),
    "(float4(x, y, 1, 2).wzyx * 2).z": 2 * E,
    "float(half(x))": D.astype(np.float16).astype(float),
    "float(bfloat(x))": np.array(mx.array(X).astype(mx.bfloat16).astype(mx.float32), np.float64),
    "float(exp(half(x)))": np.exp(X.astype(np.float16).astype(np.float32)).astype(np.float16),
    "unpack_unorm4x8_to_float(pack_float_to_unorm4x8(float4(saturate(x)))).y": np.rint(np.clip(D, 0, 1) * 255)
    / 255,
    "unpack_snorm2x16_to_float(pack_float_to_snorm2x16(float2(x / 4))).y": np.rint(D / 4 * 32767) / 32767,
}


def test_mathematical_functions():
    got = table(list(MATHEMATICS), mx.float32)
    for expression, column in zip(MATHEMATICS, got, strict=True):
        want = MATHEMATICS[expression]
        np.testing.assert_allclose(column, want, rtol=4e-6, atol=2e-6, err_msg=expression)


def per_element(f: Callable[..., int], *arrays: np.ndarray) -> np.ndarray:
    return np.array([f(*map(int, row)) & 0xFFFFFFFF for row in zip(*arrays, strict=True)], np.uint32)


INTEGERS: dict[str, np.ndarray] = {
    "popcount(u)": per_element(int.bit_count, U),
    "clz(u)": per_element(lambda a: 32 - a.bit_length(), U),
    "ctz(u | 0x80000000u)": per_element(lambda a: ((a | 1 << 31) & -(a | 1 << 31)).bit_length() - 1, U),
    "reverse_bits(u)": per_element(lambda a: int(f"{a:032b}"[::-1], 2), U),
    "rotate(u, 7u)": per_element(lambda a: a << 7 | a >> 25, U),
    "mulhi(u, v)": per_element(lambda a, b: a * b >> 32, U, V),
    "uint(mulhi(i, j))": per_element(lambda a, b: a * b >> 32, FIRST, SECOND),
    "extract_bits(u, 5, 9)": per_element(lambda a: a >> 5 & 511, U),
    "uint(extract_bits(i, 5, 9))": per_element(lambda a: ((a >> 5 & 511) ^ 256) - 256, FIRST),
    "insert_bits(u, v, 5, 9)": per_element(lambda a, b: a & ~(511 << 5) | (b & 511) << 5, U, V),
    "absdiff(u, v)": per_element(lambda a, b: abs(a - b), U, V),
    "hadd(u, v)": per_element(lambda a, b: (a + b) >> 1, U, V),
    "rhadd(u, v)": per_element(lambda a, b: (a + b + 1) >> 1, U, V),
    "addsat(u, v)": per_element(lambda a, b: min(a + b, 2**32 - 1), U, V),
    "subsat(u, v)": per_element(lambda a, b: max(a - b, 0), U, V),
    "uint(addsat(i, j))": per_element(lambda a, b: min(max(a + b, -(2**31)), 2**31 - 1), FIRST, SECOND),
    "uint(min(i, j))": per_element(min, FIRST, SECOND),
    "uint(abs(short(i)))": per_element(lambda a: abs(((a & 65535) ^ 32768) - 32768) & 0xFFFFFFFF, FIRST),
    "uint(clamp(i, -5, 5))": per_element(lambda a: min(max(a, -5), 5), FIRST),
    "as_type<uint>(as_type<float>(u))": U,
    "uint(as_type<ushort2>(u).y)": per_element(lambda a: a >> 16, U),
    "uint(uchar(u) + ushort(v))": per_element(lambda a, b: (a & 255) + (b & 65535), U, V),
}
# SIMD-group and quad functions: over the 32 values (or 4) that stand together.
G, Q = V.reshape(-1, 32), V.reshape(-1, 4)


def of_lane(source: np.ndarray) -> np.ndarray:
    """The value of lane source[l] of the same SIMD-group."""
    return G[:, source].reshape(-1)


def spread(values: np.ndarray, width: int) -> np.ndarray:
    return values.astype(np.uint32).repeat(width)


L = np.arange(32)
SUMS = np.cumsum(G, axis=1, dtype=np.uint64).astype(np.uint32)
SIMD: dict[str, np.ndarray] = {
    "simd_sum(v)": spread(G.sum(1, dtype=np.uint64), 32),
    "simd_max(v)": spread(G.max(1), 32),
    "simd_min(v)": spread(G.min(1), 32),
    "simd_and(v)": spread(np.bitwise_and.reduce(G, 1), 32),
    "simd_or(v)": spread(np.bitwise_or.reduce(G, 1), 32),
    "simd_xor(v)": spread(np.bitwise_xor.reduce(G, 1), 32),
    "simd_product(v)": spread(np.multiply.reduce(G, 1, dtype=np.uint32), 32),
    "simd_prefix_inclusive_sum(v)": SUMS.reshape(-1),
    "simd_prefix_exclusive_sum(v)": (SUMS - G).reshape(-1),
    "simd_broadcast(v, 9)": of_lane(np.full(32, 9)),
    "simd_broadcast_first(v)": of_lane(np.zeros(32, int)),
    "simd_shuffle(v, ushort(31 - lane))": of_lane(31 - L),
    "simd_shuffle_xor(v, 5)": of_lane(L ^ 5),
    "simd_shuffle_down(v, 3)": of_lane(np.where(L + 3 < 32, L + 3, L)),
    "simd_shuffle_up(v, 3)": of_lane(np.where(L >= 3, L - 3, L)),
    "simd_shuffle_rotate_down(v, 3)": of_lane((L + 3) % 32),
    "simd_shuffle_rotate_up(v, 3)": of_lane((L - 3) % 32),
    "simd_shuffle_and_fill_down(v, v + 1, 3)": of_lane((L + 3) % 32) + np.tile(L + 3 >= 32, 4),
    "simd_shuffle_and_fill_up(v, v + 1, 3)": of_lane((L - 3) % 32) + np.tile(L < 3, 4),
    "uint(ulong(simd_vote::vote_t(simd_ballot(v % 2 == 1))))": spread(((G % 2) << L).sum(1), 32),
    "simd_any(v == 0) ? 1u : 0u": spread((G == 0).any(1), 32),
    "simd_all(v > 0) ? 1u : 0u": spread((G > 0).all(1), 32),
    "simd_is_first() ? 1u : 0u": (LANES % 32 == 0).astype(np.uint32),
    "quad_sum(v)": spread(Q.sum(1, dtype=np.uint64), 4),
    "quad_max(v)": spread(Q.max(1), 4),
    "quad_broadcast(v, 2)": Q[:, [2] * 4].reshape(-1),
    "quad_shuffle_xor(v, 1)": Q[:, [1, 0, 3, 2]].reshape(-1),
    "quad_shuffle_down(v, 1)": Q[:, [1, 2, 3, 3]].reshape(-1),
    "quad_prefix_exclusive_sum(v)": (np.cumsum(Q, 1, dtype=np.uint64) - Q).astype(np.uint32).reshape(-1),
    "uint(ulong(simd_vote::vote_t(simd_active_threads_mask())))": np.full(COUNT, 2**32 - 1, np.uint32),
}


@pytest.mark.parametrize("columns", [INTEGERS, SIMD], ids=["integers", "simd"])
def test_functions_of_whole_numbers(columns):
    got = table(list(columns), mx.uint32)
    for expression, column in zip(columns, got, strict=True):
        np.testing.assert_array_equal(column, columns[expression], err_msg=expression)


def test_matrices_of_a_simdgroup_load_transposed_and_from_an_origin():
    source = """#include <metal_simdgroup_matrix>
using namespace metal;
kernel void k(device const half* a, device float* out) {
  threadgroup float tile[8 * 12];
  simdgroup_matrix<half, 8, 8> m, t;
  simdgroup_load(m, a, 16, ulong2(3, 2));
  simdgroup_load(t, a, 16, ulong2(8, 8), true);
  simdgroup_float8x8 product, identity(1.0f), wide;
  simdgroup_multiply(product, m, t);
  simdgroup_multiply_accumulate(wide, product, identity, product);
  simdgroup_store(wide, tile, 12);
  simdgroup_barrier(mem_flags::mem_threadgroup);
  simdgroup_load(product, tile, 12);
  simdgroup_store(product, out, 8);
}
"""
    a = RNG.integers(-5, 6, (16, 16)).astype(np.float16)
    done = emulate(source, (32, 1, 1), (32, 1, 1), {"a": a, "out": Output((8, 8), mx.float32)})
    assert not done.reports
    want = 2 * a[2:10, 3:11].astype(np.float32) @ a[8:, 8:].T.astype(np.float32)
    np.testing.assert_array_equal(np.array(done.outputs["out"]), want)
