// C = A B by tiles of 16 x 16 in threadgroup memory; ragged sizes.
#include <metal_stdlib>
using namespace metal;

constant constexpr uint TILE = 16;
struct Sizes {
  uint m, n, k;
};

kernel void tiled_matmul(device const float* a [[buffer(0)]], device const float* b [[buffer(1)]],
                         device float* c [[buffer(2)]], constant Sizes& size [[buffer(3)]],
                         uint2 group [[threadgroup_position_in_grid]],
                         uint2 at [[thread_position_in_threadgroup]]) {
  threadgroup float left[TILE][TILE], right[TILE][TILE];
  const uint row = group.y * TILE + at.y, column = group.x * TILE + at.x;
  float sum = 0;
  for (uint k = 0; k < size.k; k += TILE) {
    left[at.y][at.x] = row < size.m && k + at.x < size.k ? a[row * size.k + k + at.x] : 0.0f;
    right[at.y][at.x] = column < size.n && k + at.y < size.k ? b[(k + at.y) * size.n + column] : 0.0f;
    threadgroup_barrier(mem_flags::mem_threadgroup);  // filled
    for (uint i = 0; i < TILE; ++i) sum += left[at.y][i] * right[i][at.x];
    threadgroup_barrier(mem_flags::mem_threadgroup);  // used
  }
  if (row < size.m && column < size.n) c[row * size.n + column] = sum;
}
