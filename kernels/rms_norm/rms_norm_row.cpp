#include "rms_norm/rms_norm_row.h"

#include <cmath>

#include "common/dispatch.h"

namespace kvist {
namespace {

// Independent partial sums: they let the loop use vector registers without licence to reorder a float sum,
// and their number does not depend on the machine, so neither do the bits of the result.
constexpr int kLanes = 32;

template <typename T>
KVIST_INLINE float sum_of_squares(const T* x, int64_t dim) {
  float lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const float value = to_float(x[i + lane]);
      lanes[lane] += value * value;
    }
  }
  for (int lane = 0; i < dim; ++i, ++lane) lanes[lane] += to_float(x[i]) * to_float(x[i]);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

template <typename T>
KVIST_INLINE void normalise(const T* x, const T* weight, T* out, int64_t dim, float eps) {
  const float scale = 1.0f / std::sqrt(sum_of_squares(x, dim) / float(dim) + eps);
  // Rounded to T before the weight is applied, as in Llama and Qwen (and in mx.fast.rms_norm).
  KVIST_INDEPENDENT
  for (int64_t i = 0; i < dim; ++i) {
    out[i] = from_float<T>(to_float(from_float<T>(to_float(x[i]) * scale)) * to_float(weight[i]));
  }
}

// Multiversioning does not combine with templates, hence one plain function per type.
KVIST_MULTIVERSION void normalise_row(const float* x, const float* w, float* out, int64_t dim, float eps) {
  normalise(x, w, out, dim, eps);
}
KVIST_MULTIVERSION void normalise_row(const float16_t* x, const float16_t* w, float16_t* out, int64_t dim, float eps) {
  normalise(x, w, out, dim, eps);
}
KVIST_MULTIVERSION void normalise_row(const bfloat16_t* x, const bfloat16_t* w, bfloat16_t* out, int64_t dim,
                                      float eps) {
  normalise(x, w, out, dim, eps);
}

}  // namespace

void rms_norm_row(Float type, const void* x, const void* weight, void* out, int64_t dim, float eps) {
  const auto of = [&]<typename T>() {
    normalise_row(static_cast<const T*>(x), static_cast<const T*>(weight), static_cast<T*>(out), dim, eps);
  };
  if (type == Float::float32) of.template operator()<float>();
  else if (type == Float::float16) of.template operator()<float16_t>();
  else of.template operator()<bfloat16_t>();
}

}  // namespace kvist
