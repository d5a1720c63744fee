// Each SIMD-group reverses its 32 values through threadgroup memory, without waiting for the others.
#include <metal_stdlib>
using namespace metal;

kernel void handoff(device const half* x [[buffer(0)]], device half* out [[buffer(1)]],
                    constant uint& n [[buffer(2)]], uint i [[thread_position_in_grid]],
                    uint t [[thread_position_in_threadgroup]], uint lane [[thread_index_in_simdgroup]]) {
  threadgroup half values[64];
  values[t] = x[i];
  simdgroup_barrier(mem_flags::mem_threadgroup);
  out[i] = values[t - lane + (31 - lane)];
}
