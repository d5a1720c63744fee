// The four greatest of each row of 16, greatest first, kept in arrays of the thread's own.
#include <metal_stdlib>
using namespace metal;

kernel void top_k(device const float* x [[buffer(0)]], device float* best [[buffer(1)]],
    device uint* where [[buffer(2)]], uint row [[thread_position_in_grid]]) {
  float values[4];
  uint indices[4];
  for (uint j = 0; j < 4; ++j) { values[j] = -INFINITY; indices[j] = 0; }
  for (uint i = 0; i < 16; ++i) {
    float v = x[row * 16 + i];
    uint at = i;
    for (uint j = 0; j < 4; ++j) {
      if (v > values[j]) {
        float tv = values[j]; values[j] = v; v = tv;
        uint ti = indices[j]; indices[j] = at; at = ti;
      }
    }
  }
  for (uint j = 0; j < 4; ++j) { best[row * 4 + j] = values[j]; where[row * 4 + j] = indices[j]; }
}
