// Eight steps of a moving average over a ring, from one half of threadgroup memory to the other.
#include <metal_stdlib>
using namespace metal;

kernel void double_buffer(device const float* x [[buffer(0)]], device float* out [[buffer(1)]],
                          uint t [[thread_index_in_threadgroup]]) {
  threadgroup float ring[2][64];
  ring[0][t] = x[t];
  int from = 0;
  for (int turn = 0; turn < 8; ++turn) {
    threadgroup_barrier(mem_flags::mem_threadgroup);
    ring[1 - from][t] = 0.5f * (ring[from][t] + ring[from][(t + 1) % 64]);
    from = 1 - from;
  }
  out[t] = ring[from][t];
}
