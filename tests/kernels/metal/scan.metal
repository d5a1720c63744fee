// Inclusive prefix sum of up to 32 whole SIMD-groups of integers in one threadgroup.
#include <metal_stdlib>
using namespace metal;

kernel void scan(device const int* x [[buffer(0)]], device int* out [[buffer(1)]],
                 threadgroup int* totals [[threadgroup(0)]], uint t [[thread_position_in_threadgroup]],
                 uint lane [[thread_index_in_simdgroup]], uint group [[simdgroup_index_in_threadgroup]],
                 uint groups [[simdgroups_per_threadgroup]]) {
  const int mine = simd_prefix_inclusive_sum(x[t]);
  if (lane == 31) totals[group] = mine;
  threadgroup_barrier(mem_flags::mem_threadgroup);  // totals
  int before = 0;
  if (group == 0) {
    const int total = lane < groups ? totals[lane] : 0;
    const int exclusive = simd_prefix_exclusive_sum(total);
    simdgroup_barrier(mem_flags::mem_threadgroup);  // read
    if (lane < groups) totals[lane] = exclusive;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);  // offsets
  before = totals[group];
  out[t] = before + mine;
}
