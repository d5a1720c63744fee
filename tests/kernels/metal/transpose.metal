// Transpose through a padded tile: rows are read and rows are written.
#include <metal_stdlib>
using namespace metal;

kernel void transpose(device const float* x [[buffer(0)]], device float* out [[buffer(1)]],
                      constant uint2& size [[buffer(2)]], uint2 group [[threadgroup_position_in_grid]],
                      uint2 at [[thread_position_in_threadgroup]]) {
  threadgroup float tile[16 * 17];
  const uint2 from = group * 16 + at;
  if (from.x < size.x && from.y < size.y) tile[at.y * 17 + at.x] = x[from.y * size.x + from.x];
  threadgroup_barrier(mem_flags::mem_threadgroup);
  const uint2 to = group.yx * 16 + at;
  if (to.x < size.y && to.y < size.x) out[to.y * size.y + to.x] = tile[at.x * 17 + at.y];
}
