// The vector code of linear: what it is given, and one table of functions per instruction set.
//
// Weights of W (N, K), row-major, are read in blocks of 16 words of 32 bits, that is 16 * per weights, where
// per = 32 / bits of them share a word. Part i of a block is the i-th weight of each word, sixteen lanes apart
// in memory by `per`. Activations are put into the same order once per call, so that nothing is shuffled in the
// inner loop: prepared[block][part][word] = x[block * 16 * per + word * per + part], zeros behind K.
#pragma once

#include <cstdint>

#include "common/float16.h"
#include "common/isa.h"

namespace kvist {

enum class Format { float32, float16, bfloat16, affine2, affine4, affine8 };

// Weights that share a word of 32 bits. float16 counts as 1: it is converted sixteen at a time, in order.
// Static: each instruction set compiles this header, and must keep its own copies.
static constexpr int weights_per_word(Format format) {
  switch (format) {
    case Format::bfloat16:
      return 2;
    case Format::affine8:
      return 4;
    case Format::affine4:
      return 8;
    case Format::affine2:
      return 16;
    default:
      return 1;
  }
}
static constexpr int64_t block_weights(Format format) { return 16 * weights_per_word(format); }
static constexpr int64_t padded(int64_t k, Format format) {
  return (k + block_weights(format) - 1) / block_weights(format) * block_weights(format);
}

// W (N, K). The affine formats are MLX's: w = scale * q + bias for each `group` of weights along K.
struct Weights {
  const void* data;
  const void* scales;  // (N, K / group), as biases; null for plain formats
  const void* biases;
  Format format;
  Float scale_type;
  int group;
  int64_t n, k;
};

// One row of activations rounded to whole numbers of 8 or 16 bits: x is about values * step, with a step for each group
// of weights. The order of values is that of linear_fixed.h.
struct Fixed {
  void* values;  // padded(K) of int8_t or int16_t
  float* steps;  // K / group
  float* sums;   // K / group: of values * step
};

struct LinearKernels {
  // x (M, K) in its own type -> prepared (M, padded K) float32.
  void (*prepare)(Float type, const void* x, int64_t m, const Weights& w, float* prepared);
  // Sums of x over each group: prepared row -> (K / group).
  void (*group_sums)(const float* prepared, const Weights& w, float* sums);
  // y[n] for rows n of W in [begin, end), one row of x. `sums` is null for plain formats.
  void (*gemv)(const float* prepared, const float* sums, const Weights& w, float* y, int64_t begin, int64_t end);
  // y (M, N) in columns [begin, end), at most kTile of them; tile: scratch of kTile * padded K floats.
  void (*gemm)(const float* prepared, int64_t m, const Weights& w, float* y, float* tile, int64_t begin, int64_t end);
  // The same product with activations rounded to `bits` = 8 or 16 bits, affine formats only.
  void (*to_fixed)(int bits, const float* prepared, const Weights& w, Fixed row);
  void (*gemv_fixed)(int bits, const Fixed& row, const Weights& w, float* y, int64_t begin, int64_t end);
  // float32 -> the type of the result.
  void (*finish)(const float* y, int64_t count, Float type, void* out);
};

constexpr int kTile = 32;

const LinearKernels& linear_kernels();  // of current_isa()

}  // namespace kvist
