// A whole decode step, one token of each sequence through all layers, as one MLX primitive that runs on the CPU.
#pragma once

#include <memory>
#include <vector>

#include "common/primitive.h"
#include "decoder/decode.h"
#include "linear/linear.h"

namespace kvist {

struct DecoderOptions {
  int head_dim = 0, offset = 0;
  float eps = 1e-6f, qk_eps = 1e-6f, scale = 1.0f;
  bool qk_norm = false;
  std::vector<LinearOptions> formats;  // of each layer: q, k and v; o; gate and up; down
  bool operator==(const DecoderOptions&) const = default;
};

// x (B, 1, E) of float32, float16 or bfloat16; wavelengths (D / 2) float32; last_norm (E). arrays: of each layer
// input_norm and post_norm (E), with qk_norm those of queries and keys (D), then q, k, v, o, gate, up and down, each a
// weight or, packed, weight, scales and biases. caches: of each layer keys and values (B, Hkv, C, D), whose row
// `offset` is written, in place where nobody else holds them. Everything but packed weights is of x's type.
// Returns hidden states (B, 1, E) behind the last norm, and the caches. For inference: it has no derivative.
// Throws std::invalid_argument `[decoder_step] need ..., got ...`.
std::vector<mx::array> decoder_step(const mx::array& x, const mx::array& wavelengths, const mx::array& last_norm,
                                    const std::vector<mx::array>& arrays, const std::vector<mx::array>& caches,
                                    DecoderOptions options, mx::StreamOrDevice stream = {});

class DecoderStep : public CpuPrimitive {
 public:
  using Arrays = std::shared_ptr<const std::vector<mx::array>>;

  // The arrays of the layers belong to the primitive: as inputs, hundreds of them would be copied for every output.
  DecoderStep(mx::Stream stream, DecoderOptions options, Arrays arrays)
      : CpuPrimitive(stream), options_(std::move(options)), arrays_(std::move(arrays)) {}

  // inputs: x, wavelengths, last_norm, caches.
  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override;
  std::vector<mx::array> formula(const std::vector<mx::array>& inputs) override;  // refuses
  const char* name() const override { return "KvistDecoderStep"; }
  bool is_equivalent(const mx::Primitive& other) const override;

 private:
  DecoderOptions options_;
  Arrays arrays_;  // evaluated, rows side by side
};

}  // namespace kvist
