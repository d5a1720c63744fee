// silu(gate) * up as an MLX primitive that runs on the CPU (Shazeer 2020, GLU Variants Improve Transformer, eq. 6).
#pragma once

#include <vector>

#include "common/primitive.h"

namespace kvist {

// gate and up of one shape and type, float32, float16 or bfloat16; computed in float32 and rounded once.
// Throws std::invalid_argument `[swiglu] need ..., got ...`.
mx::array swiglu(const mx::array& gate, const mx::array& up, mx::StreamOrDevice stream = {});

class SwiGLU : public CpuPrimitive {
 public:
  using CpuPrimitive::CpuPrimitive;
  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override;
  std::vector<mx::array> formula(const std::vector<mx::array>& inputs) override;
  const char* name() const override { return "KvistSwiGLU"; }
  bool is_equivalent(const mx::Primitive&) const override { return true; }
};

}  // namespace kvist
