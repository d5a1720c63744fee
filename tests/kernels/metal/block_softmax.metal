// Softmax of rows by functions with barriers inside, called from the kernel.
#include <metal_stdlib>
using namespace metal;

static inline float block_max(float v, threadgroup float* scratch, uint lane, uint warp, uint warps) {
  v = simd_max(v);
  if (lane == 0) scratch[warp] = v;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  v = simd_max(lane < warps ? scratch[lane] : -INFINITY);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  return v;
}
static inline float block_sum(float v, threadgroup float* scratch, uint lane, uint warp, uint warps) {
  v = simd_sum(v);
  if (lane == 0) scratch[warp] = v;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  v = simd_sum(lane < warps ? scratch[lane] : 0.0f);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  return v;
}
kernel void block_softmax(device const float* x [[buffer(0)]], device float* o [[buffer(1)]],
    constant uint& n [[buffer(2)]], uint row [[threadgroup_position_in_grid]],
    uint tid [[thread_index_in_threadgroup]], uint tg [[threads_per_threadgroup]],
    uint lane [[thread_index_in_simdgroup]], uint warp [[simdgroup_index_in_threadgroup]],
    uint warps [[simdgroups_per_threadgroup]]) {
  threadgroup float scratch[32];
  float m = -INFINITY;
  for (uint i = tid; i < n; i += tg) m = max(m, x[row * n + i]);
  m = block_max(m, scratch, lane, warp, warps);
  float s = 0;
  for (uint i = tid; i < n; i += tg) s += exp(x[row * n + i] - m);
  s = block_sum(s, scratch, lane, warp, warps);
  for (uint i = tid; i < n; i += tg) o[row * n + i] = exp(x[row * n + i] - m) / s;
}
