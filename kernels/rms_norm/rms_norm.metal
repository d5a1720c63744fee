// RMSNorm over the last axis: out = x / sqrt(mean(x^2) + eps) * weight.
//
// One threadgroup normalises one row. Its threads walk the row with a stride of the group's width, so neighbours
// read neighbouring addresses and any row length works. Their sums of squares meet in two steps: simd_sum inside
// each SIMD-group of 32 lanes, then one value per SIMD-group through threadgroup memory.
//
// Dispatch: grid (threads, rows, 1), threadgroup (threads, 1, 1); threads at most 1024.
#include <metal_stdlib>
using namespace metal;

constant constexpr uint MAX_SIMDGROUPS = 32;  // 1024 threads in groups of 32

template <typename T>
float square(T value) {
  return float(value) * float(value);
}

template <typename T>
[[kernel]] void rms_norm(
    device const T* x [[buffer(0)]],
    device const T* weight [[buffer(1)]],
    constant float& eps [[buffer(2)]],
    constant uint& dim [[buffer(3)]],
    device T* out [[buffer(4)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint3 threads_per_threadgroup [[threads_per_threadgroup]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup float sums[MAX_SIMDGROUPS];  // one per SIMD-group

  const size_t row = size_t(threadgroup_position_in_grid.y) * dim;
  const uint first = thread_index_in_threadgroup;
  const uint stride = threads_per_threadgroup.x;

  // 1. Each thread sums its share of the row, in float whatever T is.
  float sum = 0.0;
  for (uint i = first; i < dim; i += stride) {
    sum += square(x[row + i]);
  }

  // 2. Across the 32 lanes, then across SIMD-groups. The barrier makes every sum visible to every thread.
  sum = simd_sum(sum);
  if (thread_index_in_simdgroup == 0) {
    sums[simdgroup_index_in_threadgroup] = sum;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  const uint lane = thread_index_in_simdgroup;
  const float total = simd_sum(lane < simdgroups_per_threadgroup ? sums[lane] : 0.0);

  // 3. Scale. The product is rounded to T before the weight is applied, as in Llama and Qwen.
  const float scale = metal::precise::rsqrt(total / float(dim) + eps);
  for (uint i = first; i < dim; i += stride) {
    out[row + i] = T(float(x[row + i]) * scale) * weight[i];
  }
}
