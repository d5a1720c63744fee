// SwiGLU, elementwise: out = silu(gate) up with silu(x) = x / (1 + exp(-x)).
// (Shazeer 2020, GLU Variants Improve Transformer, equation 6)
//
// Nothing but reading and writing: what counts is how often each number crosses the memory bus.
//
// Dispatch: one thread an element, grid (elements, 1, 1); swiglu_vectorised: grid (ceil(elements / 4), 1, 1). Any
// threadgroups: no thread waits for another.
#include <metal_stdlib>
using namespace metal;

constant constexpr uint PER_THREAD = 4;

float silu(float x) {
  return x / (1.0f + metal::precise::exp(-x));
}

// 1a. Without fusion, first kernel: silu(gate) goes back to memory, rounded to T.
template <typename T>
[[kernel]] void swiglu_silu(
    device const T* gate [[buffer(0)]],
    device T* out [[buffer(1)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]]) {
  const uint i = thread_position_in_grid.x;
  out[i] = T(silu(float(gate[i])));
}

// 1b. Second kernel: what the first one wrote is read again.
template <typename T>
[[kernel]] void swiglu_product(
    device const T* activated [[buffer(0)]],
    device const T* up [[buffer(1)]],
    device T* out [[buffer(2)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]]) {
  const uint i = thread_position_in_grid.x;
  out[i] = activated[i] * up[i];
}

// 2. One kernel: silu(gate) stays in a register, and the result is rounded once.
template <typename T>
[[kernel]] void swiglu_fused(
    device const T* gate [[buffer(0)]],
    device const T* up [[buffer(1)]],
    device T* out [[buffer(2)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]]) {
  const uint i = thread_position_in_grid.x;
  out[i] = T(silu(float(gate[i])) * float(up[i]));
}

// 3. Four neighbours a thread: wide loads and stores, a quarter of the threads. The last thread may have fewer.
template <typename T>
[[kernel]] void swiglu_vectorised(
    device const T* gate [[buffer(0)]],
    device const T* up [[buffer(1)]],
    constant uint& size [[buffer(2)]],
    device T* out [[buffer(3)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]]) {
  const uint first = thread_position_in_grid.x * PER_THREAD;
  if (first + PER_THREAD <= size) {
    float4 g, u;
    for (uint j = 0; j < PER_THREAD; ++j) {
      g[j] = float(gate[first + j]);
      u[j] = float(up[first + j]);
    }
    const float4 result = g / (1.0f + metal::precise::exp(-g)) * u;
    for (uint j = 0; j < PER_THREAD; ++j) {
      out[first + j] = T(result[j]);
    }
  } else {
    for (uint i = first; i < size; ++i) {
      out[i] = T(silu(float(gate[i])) * float(up[i]));
    }
  }
}
