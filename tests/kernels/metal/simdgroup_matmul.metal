// One 8x8 tile of C = A B a SIMD-group, with simdgroup matrices.
#include <metal_stdlib>
#include <metal_simdgroup_matrix>
using namespace metal;

kernel void simdgroup_matmul(device const float* a [[buffer(0)]], device const float* b [[buffer(1)]],
                             device float* c [[buffer(2)]], constant uint& n [[buffer(3)]],
                             uint2 tile [[threadgroup_position_in_grid]]) {
  simdgroup_float8x8 left, right, sum = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
  for (uint k = 0; k < n; k += 8) {
    simdgroup_load(left, a + tile.y * 8 * n + k, n);
    simdgroup_load(right, b, n, ulong2(tile.x * 8, k));
    simdgroup_multiply_accumulate(sum, left, right, sum);
  }
  simdgroup_store(sum, c + tile.y * 8 * n + tile.x * 8, n);
}
