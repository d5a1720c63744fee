// Scaled dot-product attention over dense or paged keys and values as an MLX primitive that runs on the CPU.
#pragma once

#include <optional>
#include <vector>

#include "attention/attention_kernels.h"
#include "common/primitive.h"

namespace kvist {

// q (B, H, L, D), k (B, Hkv, S, D), v (B, Hkv, S, Dv), H a multiple of Hkv -> (B, H, L, Dv) in the type of q; each of
// float32, float16 or bfloat16 (k and v alike), any strides. Sums in float32. `causal`: query i sees keys up to
// keys - L + i. `lengths` (B,) int32: keys that each sequence has, the first ones of S. With `block_table`
// (B, W) int32, k and v are (num_blocks, Hkv, block_size, .) and `lengths` is needed.
// A length or a block outside the arrays makes the results of that sequence NaN. A query without a key gets zeros.
// Throws std::invalid_argument `[attention] need ..., got ...`.
mx::array attention(const mx::array& q, const mx::array& k, const mx::array& v, float scale, bool causal,
                    const std::optional<mx::array>& lengths, const std::optional<mx::array>& block_table,
                    mx::StreamOrDevice stream = {});

class Attention : public CpuPrimitive {
 public:
  Attention(mx::Stream stream, float scale, bool causal, bool has_lengths, bool paged)
      : CpuPrimitive(stream), scale_(scale), causal_(causal), has_lengths_(has_lengths), paged_(paged) {}

  // inputs: q, k, v, then lengths and block_table if there are any.
  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override;
  std::vector<mx::array> formula(const std::vector<mx::array>& inputs) override;
  const char* name() const override { return "KvistAttention"; }
  bool is_equivalent(const mx::Primitive& other) const override;

 private:
  float scale_;
  bool causal_, has_lengths_, paged_;
};

}  // namespace kvist
