// Sum of each row in a tree over threadgroup memory: one threadgroup of 128 a row.
#include <metal_stdlib>
using namespace metal;

kernel void tree_sum(device const float* x [[buffer(0)]], device float* out [[buffer(1)]],
                     constant uint& n [[buffer(2)]], uint row [[threadgroup_position_in_grid]],
                     uint t [[thread_position_in_threadgroup]], uint width [[threads_per_threadgroup]]) {
  threadgroup float sums[128];
  float sum = 0;
  for (uint i = t; i < n; i += width) sum += x[row * n + i];
  sums[t] = sum;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (uint step = width / 2; step > 0; step /= 2) {
    if (t < step) sums[t] += sums[t + step];
    threadgroup_barrier(mem_flags::mem_threadgroup);
  }
  if (t == 0) out[row] = sums[0];
}
