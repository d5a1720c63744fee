// The vector code of the small operations between the products: SwiGLU, exp, softmax, and what happens to a head of
// queries or keys between its projection and the cache.
#pragma once

#include <cstdint>

#include "common/float16.h"
#include "common/isa.h"

namespace kvist {

struct ElementwiseKernels {
  // silu(gate) * up for `count` elements.
  void (*swiglu)(Float type, const void* gate, const void* up, void* out, int64_t count);
  // exp(x) for `count` elements; out may be x.
  void (*exp)(Float type, const void* x, void* out, int64_t count);
  // Softmax of one row of `count`, computed in float32; scratch: count rounded up to 16 floats.
  void (*softmax)(Float type, const void* x, void* out, int64_t count, float* scratch);
  // One head of D features: RMSNorm with `weight` (float32; null: none), then a rotation of the pairs (j, j + D/2) by
  // cos and sin (D/2) (null: none). scratch: D rounded up to 16 floats. x is of x_type, out of out_type.
  void (*head)(Float x_type, const void* x, const float* weight, float eps, const float* cos, const float* sin,
               Float out_type, void* out, int64_t dim, float* scratch);
};

const ElementwiseKernels& elementwise_kernels();  // of current_isa()

}  // namespace kvist
