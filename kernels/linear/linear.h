// x W^T for weights of 2, 4, 8, 16 and 32 bits as an MLX primitive that runs on the CPU, sums in float32.
#pragma once

#include <vector>

#include "common/primitive.h"
#include "linear/products.h"

namespace kvist {

struct LinearOptions {
  int group_size = 0;  // of affine weights; 0 for plain ones
  int bits = 0;
  ProductOptions products;
  bool operator==(const LinearOptions&) const = default;
};

// x (..., K) float32, float16 or bfloat16, any strides; weights (N_i, K), all of one format: float32, float16,
// bfloat16, or uint32 (N_i, K * bits / 32) with scales and biases (N_i, K / group_size), as mx.quantize makes them.
// Returns x W_i^T (..., N_i) for each, in the type of x. Throws std::invalid_argument `[linear] need ..., got ...`.
std::vector<mx::array> linear(const mx::array& x, const std::vector<mx::array>& weights,
                              const std::vector<mx::array>& scales, const std::vector<mx::array>& biases,
                              LinearOptions options, mx::StreamOrDevice stream = {});

// For operators that contain products. Throws unless the weights, of any number, fit rows of K numbers.
void check_weights(const char* where, int64_t k, const std::vector<mx::array>& weights,
                   const std::vector<mx::array>& scales, const std::vector<mx::array>& biases,
                   const LinearOptions& options);

// One weight whose data is there: `input` points at it, or at weight, scales and biases.
Weights view_weights(const mx::array* input, const LinearOptions& options, int64_t k);

class Linear : public CpuPrimitive {
 public:
  Linear(mx::Stream stream, LinearOptions options) : CpuPrimitive(stream), options_(options) {}

  // inputs: x, then weight or (weight, scales, biases) of each product.
  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override;
  std::vector<mx::array> formula(const std::vector<mx::array>& inputs) override;
  std::pair<std::vector<mx::array>, std::vector<int>> vmap(const std::vector<mx::array>& inputs,
                                                           const std::vector<int>& axes) override;
  const char* name() const override { return "KvistLinear"; }
  bool is_equivalent(const mx::Primitive& other) const override;
  std::vector<mx::Shape> output_shapes(const std::vector<mx::array>& inputs) override;

 private:
  LinearOptions options_;
};

}  // namespace kvist
