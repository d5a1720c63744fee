// One token of each sequence through all layers of a decoder: RMSNorm, projections, rotary positions, the write into
// the cache, attention, projection, RMSNorm, SwiGLU. The vector kernels of linear, attention and the rest in the order
// in which the modules call them, with the same rounding in between, so the results have the same bits.
#pragma once

#include <cstdint>
#include <vector>

#include "linear/products.h"

namespace kvist {

struct DecoderLayer {
  const void *input_norm, *post_norm;  // (E)
  const void *q_norm, *k_norm;         // (D); null: none
  std::vector<Weights> qkv, o, gate_up, down;
  ProductOptions products[4];  // of each of these
  void *keys, *values;  // (B, Hkv, capacity, D); row `offset` is written
  int64_t capacity;
};

struct DecoderSizes {
  Float type;  // of everything but the packed weights
  int64_t batch, hidden, heads, kv_heads, head_dim, feed_forward;  // each at least one: see common/together.h
  int64_t offset;  // position of the tokens, the same for all sequences
  float eps, qk_eps, scale;
  const float* wavelengths;  // (D / 2), positions per radian
};

// Seconds that each kind of step took since the last call, all layers together: four kinds of products, each behind the
// step that prepares its input, attention with what comes before it, and the last norm. For benchmarks.
constexpr int kStepsPerLayer = 9;
std::vector<double> decoder_seconds();

// x (B, E), embeddings, becomes the hidden states behind the last norm.
void decode(const DecoderSizes& sizes, const std::vector<DecoderLayer>& layers, const void* last_norm, void* x);

}  // namespace kvist
