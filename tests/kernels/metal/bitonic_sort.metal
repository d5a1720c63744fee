// Each threadgroup of 256 threads sorts 512 values, ascending (Batcher 1968).
#include <metal_stdlib>
using namespace metal;

kernel void bitonic_sort(device float* data [[buffer(0)]], uint tid [[thread_index_in_threadgroup]],
    uint group [[threadgroup_position_in_grid]]) {
  threadgroup float s[512];
  device float* mine = data + group * 512;
  s[tid] = mine[tid];
  s[tid + 256] = mine[tid + 256];
  for (uint size = 2; size <= 512; size <<= 1) {
    for (uint stride = size / 2; stride > 0; stride >>= 1) {
      threadgroup_barrier(mem_flags::mem_threadgroup);
      uint lo = 2 * tid - (tid & (stride - 1));
      bool up = (lo & size) == 0;
      float a = s[lo], b = s[lo + stride];
      if ((a > b) == up) { s[lo] = b; s[lo + stride] = a; }
    }
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  mine[tid] = s[tid];
  mine[tid + 256] = s[tid + 256];
}
