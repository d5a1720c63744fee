"""Guards the stand-in <metal_stdlib>: positions, SIMD-group functions, vectors, atomics, number types."""

import mlx.core as mx
import numpy as np
import pytest

from kvist.metal import Output, emulate

pytestmark = pytest.mark.usefixtures("emulator")


def test_positions_in_a_ragged_grid():
    source = """
    kernel void where(device uint4* out, uint3 at [[thread_position_in_grid]],
                      uint3 size [[threads_per_grid]], uint3 group [[threadgroup_position_in_grid]],
                      ushort2 local [[thread_position_in_threadgroup]],
                      uint3 width [[threads_per_threadgroup]],
                      uint index [[thread_index_in_threadgroup]]) {
      const uint cell = (at.z * size.y + at.y) * size.x + at.x;
      out[cell] = uint4(group.x + 10 * group.y, local.x + 10 * local.y, width.x + 10 * width.y, index);
    }
    """
    out = emulate(source, (7, 5, 2), (4, 3, 1), {"out": Output((2, 5, 7, 4), mx.uint32)}).outputs["out"]
    got = np.array(out)
    for z, y, x in np.ndindex(2, 5, 7):
        width, height = min(4, 7 - x // 4 * 4), min(3, 5 - y // 3 * 3)  # groups at the edge are smaller
        index = (y % 3) * width + x % 4
        assert got[z, y, x].tolist() == [
            x // 4 + 10 * (y // 3),
            x % 4 + 10 * (y % 3),
            width + 10 * height,
            index,
        ]


def test_simd_functions():
    source = """
    #include <metal_stdlib>
    using namespace metal;
    [[kernel]] void simd(device const int* x, device int* out, uint lane [[thread_index_in_simdgroup]]) {
      const int v = x[lane];
      device int* row = out + lane * 14;
      row[0] = simd_sum(v), row[1] = simd_max(v), row[2] = simd_min(v), row[3] = simd_xor(v);
      row[4] = simd_shuffle_down(v, 3), row[5] = simd_shuffle_up(v, 2), row[6] = simd_shuffle_xor(v, 1);
      row[7] = simd_broadcast(v, 5), row[8] = simd_prefix_inclusive_sum(v);
      row[9] = simd_prefix_exclusive_sum(v), row[10] = quad_sum(v);
      row[11] = simd_any(v == 7), row[12] = simd_all(v >= 0), row[13] = simd_broadcast_first(v);
    }
    """
    x = np.random.default_rng(0).integers(0, 50, 32).astype(np.int32)
    out = emulate(source, (32, 1, 1), (32, 1, 1), {"x": x, "out": Output((32, 14), mx.int32)}).outputs["out"]
    got, lanes = np.array(out), np.arange(32)
    want = np.stack(
        [
            np.full(32, x.sum()),
            np.full(32, x.max()),
            np.full(32, x.min()),
            np.full(32, np.bitwise_xor.reduce(x)),
            np.where(lanes + 3 < 32, x[(lanes + 3) % 32], x),
            np.where(lanes >= 2, x[lanes - 2], x),
            x[lanes ^ 1],
            np.full(32, x[5]),
            np.cumsum(x),
            np.cumsum(x) - x,
            np.repeat(x.reshape(8, 4).sum(1), 4),
            np.full(32, (x == 7).any()),
            np.ones(32),
            np.full(32, x[0]),
        ],
        axis=1,
    )
    np.testing.assert_array_equal(got, want)


def test_only_lanes_that_are_there_take_part():
    source = """
    [[kernel]] void some(device float* out, uint i [[thread_position_in_grid]]) {
      float sum = -1.0;
      if (i % 3 == 0) { sum = metal::simd_sum(float(i)); }
      for (uint turn = 0; turn < i; ++turn) { out[40 + i] = metal::simd_max(i); }
      out[i] = sum;
    }
    """
    out = (
        emulate(source, (40, 1, 1), (40, 1, 1), {"out": Output((80,), mx.float32, init=0)})
        .outputs["out"]
        .tolist()
    )
    first, second = sum(range(0, 32, 3)), sum(range(33, 40, 3))  # lanes 0, 3, ... of each SIMD-group
    assert out[:40] == [(first if i < 32 else second) if i % 3 == 0 else -1 for i in range(40)]
    assert out[41:72] == [31] * 31  # each lane meets the ones whose loop goes on
    assert out[72:] == [39] * 8


def test_vectors_and_swizzles():
    source = """
    [[kernel]] void vectors(device const float4* x, device float4* out, device half* h) {
      float4 v = x[0];
      out[0] = v.wzyx;
      out[1] = float4(v.xy, 7, v.z) * 2 - v;
      v.yw = v.wy;
      out[2] = v;
      out[3] = metal::clamp(x[0], float4(2), float4(3)) + float4(metal::dot(v.xy, v.zw));
      out[4] = float4(x[0] > float4(2.5));
      h[0] = half(1.0) / 3.0h, h[1] = half2(0.1h, 65504).x, h[2] = half(metal::float2(1, 2).y);
    }
    """
    x = np.array([1, 2, 3, 4], np.float32)
    buffers = {"x": x, "out": Output((5, 4), mx.float32), "h": Output((3,), mx.float16)}
    result = emulate(source, (1, 1, 1), (1, 1, 1), buffers).outputs
    swapped = [1, 4, 3, 2]
    want = [[4, 3, 2, 1], [1, 2, 11, 2], swapped, np.clip(x, 2, 3) + (1 * 3 + 4 * 2), [0, 0, 1, 1]]
    np.testing.assert_array_equal(np.array(result["out"]), np.array(want, np.float32))
    np.testing.assert_array_equal(np.array(result["h"]), np.array([1 / 3, 0.1, 2], np.float16))


def test_half_and_bfloat_round_after_each_operation():
    source = """
    template <typename T>
    [[kernel]] void round_twice(device const T* a, device const T* b, device T* out,
                                uint i [[thread_position_in_grid]]) {
      out[3 * i] = a[i] * b[i] + a[i];
      out[3 * i + 1] = a[i] - b[i];
      out[3 * i + 2] = T(float(a[i]) * float(b[i]) + float(a[i]));
    }
    """
    for dtype in (mx.float16, mx.bfloat16):
        a = mx.random.normal((64,), key=mx.random.key(0)).astype(dtype)
        b = mx.random.normal((64,), key=mx.random.key(1)).astype(dtype)
        buffers = {"a": a, "b": b, "out": Output((64, 3), dtype)}
        out = emulate(source, (64, 1, 1), (64, 1, 1), buffers).outputs["out"]
        wide_a, wide_b = a.astype(mx.float32), b.astype(mx.float32)
        product = (wide_a * wide_b).astype(dtype)
        want = [
            (product.astype(mx.float32) + wide_a).astype(dtype),
            (wide_a - wide_b).astype(dtype),
            (wide_a * wide_b + wide_a).astype(dtype),
        ]
        assert mx.array_equal(out, mx.stack(want, axis=1)).item()


def test_atomics_and_integer_functions():
    source = """
    #include <metal_stdlib>
    using namespace metal;
    constant uint TABLE[] = {1, 10, 100};
    [[kernel]] void count(device atomic_uint* bins, device atomic<int>* low, device uint* bits,
                          uint3 at [[thread_position_in_grid]]) {
      atomic_fetch_add_explicit(&bins[at.x % 3], TABLE[at.x % 3], memory_order_relaxed);
      atomic_fetch_min_explicit(low, 50 - int(at.x), memory_order_relaxed);
      if (at.x > 0) return;
      bits[0] = popcount(0xF0Fu), bits[1] = clz(1u), bits[2] = ctz(8u), bits[3] = extract_bits(0xABCDu, 4, 8);
    }
    """
    buffers = {
        "bins": Output((3,), mx.uint32, init=0),
        "low": np.array([99], np.int32),
        "bits": Output((4,), mx.uint32),
    }
    result = emulate(source, (100, 1, 1), (40, 1, 1), buffers, order="random", seed=3).outputs
    assert result["bins"].tolist() == [34, 330, 3300]
    assert result["low"].tolist() == [-49]
    assert result["bits"].tolist() == [8, 31, 3, 0xBC]


def test_template_arguments_and_several_kernels():
    source = """
    template <typename T, int N, bool ADD>
    [[kernel]] void scale(device const T* x, device T* out, uint i [[thread_position_in_grid]]) {
      out[i] = ADD ? x[i] + N : x[i] * N;
    }
    [[kernel]] void negate(device const int* x, device int* out, uint i [[thread_position_in_grid]]) {
      out[i] = -x[i];
    }
    template [[host_name("scale_int")]] [[kernel]] decltype(scale<int, 2, true>) scale<int, 2, true>;
    """
    buffers = {"x": np.array([1, 2], np.int32), "out": Output((2,), mx.int32)}
    size = ((2, 1, 1), (2, 1, 1))
    times = emulate(source, *size, buffers, name="scale", template={"N": 3, "ADD": False})
    assert times.outputs["out"].tolist() == [3, 6]
    plus = emulate(source, *size, buffers, name="scale", template={"N": 3, "ADD": True, "T": mx.int32})
    assert plus.outputs["out"].tolist() == [4, 5]
    assert emulate(source, *size, buffers, name="negate").outputs["out"].tolist() == [-1, -2]


def test_a_diagonal_matrix_times_another_scales_it():
    text = """#include <metal_stdlib>
#include <metal_simdgroup_matrix>
using namespace metal;
kernel void k(device const float* x [[buffer(0)]], device float* o [[buffer(1)]]) {
  simdgroup_float8x8 a, c;
  simdgroup_load(a, x, 8, ulong2(0), true);
  simdgroup_multiply(c, make_diagonal_simdgroup_matrix<float, 8, 8>(3.0f), a);
  simdgroup_store(c, o);
}
"""
    x = np.arange(64, dtype=np.float32).reshape(8, 8)
    done = emulate(text, 32, 32, {"x": x, "o": Output((8, 8), "float32")})
    assert not done.reports and np.array_equal(np.array(done.outputs["o"]), 3 * x.T)


def test_whole_numbers_of_vectors_are_taken_element_by_element():
    source = """
    #include <metal_stdlib>
    using namespace metal;
    kernel void k(device const uint4* x, device uint4* y) {
      y[0] = extract_bits(x[0], 4, 8);
      y[1] = insert_bits(x[0], x[1], 4, 8);
      y[2] = mad24(x[0], x[1], uint4(1)) + mul24(x[1], uint4(2));
      y[3] = uint4(madsat(int4(x[0]), int4(2000000000), int4(1))) + madhi(x[0], x[1], x[1]);
    }
    """
    a, b = np.array([0xABCD, 0, 1, 7], np.uint32), np.array([0x12, 1, 255, 3], np.uint32)
    y = emulate(source, 1, 1, {"x": np.stack([a, b]), "y": Output((4, 4), mx.uint32)}).outputs["y"]
    assert y[0].tolist() == [0xBC, 0, 0, 0]
    assert y[1].tolist() == [0xA12D, 0x10, 0xFF1, 0x37]
    np.testing.assert_array_equal(np.array(y[2]), a * b + 1 + 2 * b)
    saturated = np.minimum(a.astype(np.int64) * 2000000000 + 1, 2**31 - 1)
    np.testing.assert_array_equal(np.array(y[3]), saturated.astype(np.uint32) + b)
