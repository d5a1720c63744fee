// The residual connection and the norm behind it: hidden = x + residual, out = RMSNorm(hidden) weight. A Transformer
// block does this twice, and both results are needed: hidden is the next residual.
//
// hidden is rounded to T before the norm reads it, as it is where both are kernels of their own.
//
// Dispatch: add_rms_norm_add: one thread an element, grid (elements, 1, 1). The others: one threadgroup a row, grid
// (threads, rows, 1), threadgroup (threads, 1, 1), threads at most 1024.
#include <metal_stdlib>
using namespace metal;

constant constexpr uint MAX_SIMDGROUPS = 32;  // 1024 threads in groups of 32
constant constexpr uint PER_THREAD = 4;

// 1. Without fusion: hidden goes to memory, and rms_norm.metal reads it from there, twice.
template <typename T>
[[kernel]] void add_rms_norm_add(
    device const T* x [[buffer(0)]],
    device const T* residual [[buffer(1)]],
    device T* hidden [[buffer(2)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]]) {
  const uint i = thread_position_in_grid.x;
  hidden[i] = x[i] + residual[i];
}

// The sum over a threadgroup: across the lanes of each SIMD-group, then across SIMD-groups through threadgroup memory.
float threadgroup_sum(float sum, threadgroup float* sums, uint lane, uint group, uint groups) {
  sum = simd_sum(sum);
  if (lane == 0) {
    sums[group] = sum;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);  // every sum is there
  return simd_sum(lane < groups ? sums[lane] : 0.0);
}

// 2. One kernel. A thread reads again only what it wrote itself, so it need not wait for the others' hidden.
template <typename T>
[[kernel]] void add_rms_norm_fused(
    device const T* x [[buffer(0)]],
    device const T* residual [[buffer(1)]],
    device const T* weight [[buffer(2)]],
    constant float& eps [[buffer(3)]],
    constant uint& dim [[buffer(4)]],
    device T* hidden [[buffer(5)]],
    device T* out [[buffer(6)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint3 threads_per_threadgroup [[threads_per_threadgroup]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup float sums[MAX_SIMDGROUPS];
  const size_t row = size_t(threadgroup_position_in_grid.y) * dim;
  const uint first = thread_index_in_threadgroup, stride = threads_per_threadgroup.x;
  float sum = 0.0;
  for (uint i = first; i < dim; i += stride) {
    const T value = x[row + i] + residual[row + i];
    hidden[row + i] = value;
    sum += float(value) * float(value);
  }
  sum = threadgroup_sum(sum, sums, thread_index_in_simdgroup, simdgroup_index_in_threadgroup,
                        simdgroups_per_threadgroup);
  const float scale = metal::precise::rsqrt(sum / float(dim) + eps);
  for (uint i = first; i < dim; i += stride) {
    out[row + i] = T(float(hidden[row + i]) * scale) * weight[i];
  }
}

// 3. Rows of up to 4096 elements: four neighbours a thread stay in registers, and nothing is read twice.
template <typename T>
[[kernel]] void add_rms_norm_registers(
    device const T* x [[buffer(0)]],
    device const T* residual [[buffer(1)]],
    device const T* weight [[buffer(2)]],
    constant float& eps [[buffer(3)]],
    constant uint& dim [[buffer(4)]],
    device T* hidden [[buffer(5)]],
    device T* out [[buffer(6)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup float sums[MAX_SIMDGROUPS];
  const size_t row = size_t(threadgroup_position_in_grid.y) * dim;
  const uint first = thread_index_in_threadgroup * PER_THREAD;
  float values[PER_THREAD];
  float sum = 0.0;
  for (uint j = 0; j < PER_THREAD; ++j) {
    values[j] = 0.0;
    if (first + j < dim) {
      const T value = x[row + first + j] + residual[row + first + j];
      hidden[row + first + j] = value;
      values[j] = float(value);
    }
    sum += values[j] * values[j];
  }
  sum = threadgroup_sum(sum, sums, thread_index_in_simdgroup, simdgroup_index_in_threadgroup,
                        simdgroups_per_threadgroup);
  const float scale = metal::precise::rsqrt(sum / float(dim) + eps);
  for (uint j = 0; j < PER_THREAD && first + j < dim; ++j) {
    out[row + first + j] = T(values[j] * scale) * weight[first + j];
  }
}
