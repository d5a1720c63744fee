// Softmax over the last axis as an MLX primitive that runs on the CPU.
#pragma once

#include <vector>

#include "common/primitive.h"

namespace kvist {

// x (..., N) float32, float16 or bfloat16, any strides; computed in float32, returned in the type of x.
// Throws std::invalid_argument `[softmax] need ..., got ...`.
mx::array softmax(const mx::array& x, mx::StreamOrDevice stream = {});

class Softmax : public CpuPrimitive {
 public:
  using CpuPrimitive::CpuPrimitive;
  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override;
  std::vector<mx::array> formula(const std::vector<mx::array>& inputs) override;
  const char* name() const override { return "KvistSoftmax"; }
  bool is_equivalent(const mx::Primitive&) const override { return true; }
};

}  // namespace kvist
