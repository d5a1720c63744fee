// Largest float by compare and exchange on its bits; threads past the end leave at once.
#include <metal_stdlib>
using namespace metal;

kernel void compare_exchange(device const float* x [[buffer(0)]], device atomic_uint* most [[buffer(1)]],
                             constant uint& n [[buffer(2)]], uint i [[thread_position_in_grid]]) {
  if (i >= n) return;
  const float mine = simd_max(x[i]);
  uint seen = atomic_load_explicit(most, memory_order_relaxed);
  while (as_type<float>(seen) < mine) {
    if (atomic_compare_exchange_weak_explicit(most, &seen, as_type<uint>(mine), memory_order_relaxed,
                                              memory_order_relaxed)) {
      break;
    }
  }
}
