// Compiled once per instruction set; see common/simd.h.
#include "common/simd.h"
#include "common/elementwise_kernels.h"

namespace kvist::KVIST_ISA {
namespace {

template <typename T>
KVIST_INLINE F32 load_some(const T* p, int64_t left) {
  return left >= kLanes ? load(p) : load_part(p, int(left));
}

template <typename T>
KVIST_INLINE void store_some(T* p, F32 value, int64_t left) {
  const int count = int(left < kLanes ? left : kLanes);
  float wide[kLanes];
  store(wide, value);
  for (int i = 0; i < count; ++i) p[i] = from_float<T>(wide[i]);
}
template <>
KVIST_INLINE void store_some<float>(float* p, F32 value, int64_t left) {
  if (left >= kLanes) store(p, value);
  else store_part(p, value, int(left));
}

template <typename T>
void swiglu_of(const T* gate, const T* up, T* out, int64_t count) {
  const F32 one = broadcast(1.0f);
  for (int64_t i = 0; i < count; i += kLanes) {
    const F32 x = load_some(gate + i, count - i);
    const F32 silu = div(x, add(one, exp(sub(broadcast(0.0f), x))));
    store_some(out + i, mul(silu, load_some(up + i, count - i)), count - i);
  }
}

void swiglu(Float type, const void* gate, const void* up, void* out, int64_t count) {
  const auto run = [&]<typename T>() {
    swiglu_of(static_cast<const T*>(gate), static_cast<const T*>(up), static_cast<T*>(out), count);
  };
  if (type == Float::float32) run.template operator()<float>();
  else if (type == Float::float16) run.template operator()<float16_t>();
  else run.template operator()<bfloat16_t>();
}

// exp for every float: near both ends of the range by way of x -+ 32, so that neither infinity comes too early nor
// zero, in place of numbers that float32 has.
KVIST_INLINE F32 exp_everywhere(F32 x) {
  const F32 high = zero_where_less(broadcast(1.0f), x, broadcast(88.0f));
  const F32 low = sub(broadcast(1.0f), zero_where_less(broadcast(1.0f), x, broadcast(-87.0f)));
  const F32 y = exp(fma(sub(low, high), broadcast(32.0f), x));
  const F32 one = broadcast(1.0f);
  const F32 up = fma(high, broadcast(0x1.1f43fcp+46f), sub(one, high));  // e^32, or 1
  const F32 down = fma(low, broadcast(0x1.c84650p-47f), sub(one, low));  // e^-32, or 1
  return mul(mul(y, up), down);
}

template <typename T>
void exp_of(const T* x, T* out, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) store_some(out + i, exp_everywhere(load_some(x + i, count - i)), count - i);
}

void exp_all(Float type, const void* x, void* out, int64_t count) {
  if (type == Float::float32) exp_of(static_cast<const float*>(x), static_cast<float*>(out), count);
  else if (type == Float::float16) exp_of(static_cast<const float16_t*>(x), static_cast<float16_t*>(out), count);
  else exp_of(static_cast<const bfloat16_t*>(x), static_cast<bfloat16_t*>(out), count);
}

template <typename T>
void softmax_of(const T* x, T* out, int64_t count, float* scratch) {
  float lowest[kLanes];
  for (int i = 0; i < kLanes; ++i) lowest[i] = -__builtin_inff();
  F32 highest = load(lowest);
  for (int64_t i = 0; i < count; i += kLanes) {
    store(scratch + i, load_some(x + i, count - i));
    if (count - i < kLanes) {
      for (int64_t j = count - i; j < kLanes; ++j) scratch[i + j] = -__builtin_inff();
    }
    highest = max(highest, load(scratch + i));
  }
  const F32 most = broadcast(reduce_max(highest));
  F32 sum = broadcast(0.0f);
  for (int64_t i = 0; i < count; i += kLanes) {
    const F32 weight = exp(sub(load(scratch + i), most));
    store(scratch + i, weight);
    sum = add(sum, weight);
  }
  const F32 inverse = div(broadcast(1.0f), broadcast(reduce(sum)));
  for (int64_t i = 0; i < count; i += kLanes) store_some(out + i, mul(load(scratch + i), inverse), count - i);
}

void softmax(Float type, const void* x, void* out, int64_t count, float* scratch) {
  if (type == Float::float32) softmax_of(static_cast<const float*>(x), static_cast<float*>(out), count, scratch);
  else if (type == Float::float16) {
    softmax_of(static_cast<const float16_t*>(x), static_cast<float16_t*>(out), count, scratch);
  } else {
    softmax_of(static_cast<const bfloat16_t*>(x), static_cast<bfloat16_t*>(out), count, scratch);
  }
}

// Rounds to T and back, as a separate op would when it writes its result.
template <typename T>
KVIST_INLINE void round_through(float* values, int64_t count) {
  if constexpr (sizeof(T) == 2) {
    for (int64_t i = 0; i < count; ++i) values[i] = to_float(from_float<T>(values[i]));
  }
}

template <typename T>
KVIST_INLINE void normalise_and_rotate(const T* x, const float* weight, float eps, const float* cos,
                                       const float* sin, int64_t dim, float* row) {
  F32 squares = broadcast(0.0f);
  for (int64_t i = 0; i < dim; i += kLanes) {
    const F32 value = load_some(x + i, dim - i);
    store(row + i, value);  // zeros behind the last
    squares = fma(value, value, squares);
  }
  if (weight != nullptr) {
    const F32 scale = broadcast(1.0f / __builtin_sqrtf(reduce(squares) / float(dim) + eps));
    for (int64_t i = 0; i < dim; i += kLanes) store(row + i, mul(load(row + i), scale));
    round_through<T>(row, dim);
    for (int64_t i = 0; i < dim; ++i) row[i] *= weight[i];
    round_through<T>(row, dim);
  }
  if (cos == nullptr) return;
  const int64_t half = dim / 2;
  for (int64_t i = 0; i < half; ++i) {
    const float first = row[i], second = row[half + i];
    row[i] = first * cos[i] - second * sin[i];
    row[half + i] = second * cos[i] + first * sin[i];
  }
}

void head(Float x_type, const void* x, const float* weight, float eps, const float* cos, const float* sin,
          Float out_type, void* out, int64_t dim, float* row) {
  if (x_type == Float::float32) {
    normalise_and_rotate(static_cast<const float*>(x), weight, eps, cos, sin, dim, row);
  } else if (x_type == Float::float16) {
    normalise_and_rotate(static_cast<const float16_t*>(x), weight, eps, cos, sin, dim, row);
  } else {
    normalise_and_rotate(static_cast<const bfloat16_t*>(x), weight, eps, cos, sin, dim, row);
  }
  for (int64_t i = 0; i < dim; i += kLanes) {
    if (out_type == Float::float32) store_some(static_cast<float*>(out) + i, load(row + i), dim - i);
    else if (out_type == Float::float16) store_some(static_cast<float16_t*>(out) + i, load(row + i), dim - i);
    else store_some(static_cast<bfloat16_t*>(out) + i, load(row + i), dim - i);
  }
}

}  // namespace

extern const ElementwiseKernels elementwise;
const ElementwiseKernels elementwise{swiglu, exp_all, softmax, head};

}  // namespace kvist::KVIST_ISA
