// What happens to queries, keys and values between their projections and attention, in one pass: RMSNorm of each head
// of queries and keys, the rotary embedding, the change of layout, and the write into the cache.
#pragma once

#include <optional>
#include <vector>

#include "common/primitive.h"

namespace kvist {

struct NormRopeOptions {
  int head_dim = 0;
  int offset = 0;  // position of the first token, unless there are offsets
  float eps = 1e-6f;
  bool has_norm = false, has_offsets = false, has_cache = false;
  bool operator==(const NormRopeOptions&) const = default;
};

// q (B, L, H * D), k and v (B, L, Hkv * D) of one type; wavelengths (D / 2) float32, positions per radian;
// norm_weights: none, or those of queries and keys (D,). offsets: (B,) int32, or none to use `offset`.
// cache: none, or keys and values (B, Hkv, C, D); rows offset ... offset + L - 1 are written, in the caches' type, and
// in place where nobody else holds them. Returns q (B, H, L, D), and keys and values: the caches, or (B, Hkv, L, D).
// Rows outside a cache are not written. Throws std::invalid_argument `[norm_rope] need ..., got ...`.
std::vector<mx::array> norm_rope(const mx::array& q, const mx::array& k, const mx::array& v,
                                 const mx::array& wavelengths, const std::vector<mx::array>& norm_weights,
                                 const std::optional<mx::array>& offsets, const std::vector<mx::array>& cache,
                                 NormRopeOptions options, mx::StreamOrDevice stream = {});

class NormRope : public CpuPrimitive {
 public:
  NormRope(mx::Stream stream, NormRopeOptions options) : CpuPrimitive(stream), options_(options) {}

  // inputs: q, k, v, wavelengths, then what there is of: two norm weights, offsets, cached keys and values.
  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override;
  std::vector<mx::array> formula(const std::vector<mx::array>& inputs) override;  // refuses: for inference only
  const char* name() const override { return "KvistNormRope"; }
  bool is_equivalent(const mx::Primitive& other) const override;

 private:
  NormRopeOptions options_;
};

}  // namespace kvist
