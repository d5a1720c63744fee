// exp, elementwise, as an MLX primitive that runs on the CPU.
#pragma once

#include <vector>

#include "common/primitive.h"

namespace kvist {

// x float32, float16 or bfloat16, any shape and strides; computed in float32 within 2 units in the last place,
// subnormal results included, and returned in the type of x. Throws std::invalid_argument `[exp] need ..., got ...`.
mx::array exp(const mx::array& x, mx::StreamOrDevice stream = {});

class Exp : public CpuPrimitive {
 public:
  using CpuPrimitive::CpuPrimitive;
  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override;
  std::vector<mx::array> formula(const std::vector<mx::array>& inputs) override;
  const char* name() const override { return "KvistExp"; }
  bool is_equivalent(const mx::Primitive&) const override { return true; }
};

}  // namespace kvist
