// Softmax of each row with SIMD-groups: maximum, then sum, each through threadgroup memory.
#include <metal_stdlib>
using namespace metal;

template <typename T>
[[kernel]] void softmax(device const T* x [[buffer(0)]], device T* out [[buffer(1)]],
                        constant int& n [[buffer(2)]], uint row [[threadgroup_position_in_grid]],
                        uint t [[thread_position_in_threadgroup]], uint width [[threads_per_threadgroup]],
                        uint lane [[thread_index_in_simdgroup]], uint group [[simdgroup_index_in_threadgroup]],
                        uint groups [[simdgroups_per_threadgroup]]) {
  threadgroup float most[32];
  threadgroup float sums[32];
  x += row * n;
  out += row * n;
  float largest = -INFINITY;
  for (int i = t; i < n; i += width) largest = max(largest, float(x[i]));
  largest = simd_max(largest);
  if (lane == 0) most[group] = largest;
  threadgroup_barrier(mem_flags::mem_threadgroup);  // most
  largest = simd_max(lane < groups ? most[lane] : -INFINITY);
  float sum = 0;
  for (int i = t; i < n; i += width) sum += fast::exp(float(x[i]) - largest);
  sum = simd_sum(sum);
  if (lane == 0) sums[group] = sum;
  threadgroup_barrier(mem_flags::mem_threadgroup);  // sums
  sum = simd_sum(lane < groups ? sums[lane] : 0.0f);
  for (int i = t; i < n; i += width) out[i] = T(fast::exp(float(x[i]) - largest) / sum);
}
template [[host_name("softmax_float")]] [[kernel]] decltype(softmax<float>) softmax<float>;
