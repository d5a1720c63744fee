// Sum of 32 values a SIMD-group by shuffles.
#include <metal_stdlib>
using namespace metal;

inline float add_lanes(float v) {
  for (ushort step = 16; step > 0; step /= 2) v += simd_shuffle_down(v, step);
  return simd_shuffle(v, 0);
}

kernel void shuffle_sum(device const float4* x [[buffer(0)]], device float* out [[buffer(1)]],
                        uint i [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
  const float4 v = x[i];
  const float sum = add_lanes(v.x + v.y + v.z + v.w);
  if (lane == 0) out[i / 32] = sum;
}
