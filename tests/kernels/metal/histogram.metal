// Histogram of bytes: counted in threadgroup memory, then added to the buffer with atomics.
#include <metal_stdlib>
using namespace metal;

kernel void histogram(device const uchar* x [[buffer(0)]], device atomic_uint* bins [[buffer(1)]],
                      constant uint& n [[buffer(2)]], uint i [[thread_position_in_grid]],
                      uint t [[thread_position_in_threadgroup]], uint width [[threads_per_threadgroup]]) {
  threadgroup atomic_uint local[16];
  if (t < 16) atomic_store_explicit(&local[t], 0u, memory_order_relaxed);
  threadgroup_barrier(mem_flags::mem_threadgroup);  // empty
  if (i < n) atomic_fetch_add_explicit(&local[x[i] % 16], 1u, memory_order_relaxed);
  threadgroup_barrier(mem_flags::mem_threadgroup);  // full
  if (t < 16) {
    const uint count = atomic_load_explicit(&local[t], memory_order_relaxed);
    atomic_fetch_add_explicit(&bins[t], count, memory_order_relaxed);
  }
}
