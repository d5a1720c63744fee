// RMSNorm over the last axis as an MLX primitive that runs on the CPU.
// y = x / sqrt(mean(x^2) + eps) * weight  (Zhang and Sennrich 2019, Root Mean Square Layer Normalization, eq. 4)
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mlx/primitives.h"
#include "mlx/utils.h"

namespace kvist {

namespace mx = mlx::core;

// x (..., D), weight (D,), each float32, float16 or bfloat16 with any strides. Sums in float32. The result has the
// shape and type of x. Throws std::invalid_argument `[rms_norm] need ..., got ...`.
mx::array rms_norm(const mx::array& x, const mx::array& weight, float eps, mx::StreamOrDevice stream = {});

class RMSNorm : public mx::Primitive {
 public:
  RMSNorm(mx::Stream stream, float eps) : mx::Primitive(stream), eps_(eps) {}

  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override;
  void eval_gpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override;

  // Derivatives and batching are those of the same formula in MLX ops.
  std::vector<mx::array> jvp(const std::vector<mx::array>& primals, const std::vector<mx::array>& tangents,
                             const std::vector<int>& argnums) override;
  std::vector<mx::array> vjp(const std::vector<mx::array>& primals, const std::vector<mx::array>& cotangents,
                             const std::vector<int>& argnums, const std::vector<mx::array>& outputs) override;
  std::pair<std::vector<mx::array>, std::vector<int>> vmap(const std::vector<mx::array>& inputs,
                                                           const std::vector<int>& axes) override;

  const char* name() const override { return "KvistRMSNorm"; }
  bool is_equivalent(const mx::Primitive& other) const override;
  std::vector<mx::Shape> output_shapes(const std::vector<mx::array>& inputs) override {
    return {inputs[0].shape()};
  }

 private:
  float eps_;
};

}  // namespace kvist
