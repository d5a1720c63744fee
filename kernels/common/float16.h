// float16 and bfloat16 as float, without branches so that the compiler can vectorise the loops around them.
// (The builtin instead of std::bit_cast: see common/simd.h on templates of the standard library.)
// MLX's own conversions branch on subnormals, which keeps a whole loop scalar.
#pragma once

#include <cstdint>

#include "common/dispatch.h"

namespace kvist {

// The bits as MLX stores them. Plain integers rather than MLX's classes: only those vectorise.
enum class float16_t : uint16_t {};
enum class bfloat16_t : uint16_t {};

// The three types that activations, scales and caches come in.
enum class Float { float32, float16, bfloat16 };
constexpr int64_t size_of(Float type) { return type == Float::float32 ? 4 : 2; }

// condition ? a : b, spelled so that compilers do not turn it into a jump.
KVIST_INLINE uint32_t select(bool condition, uint32_t a, uint32_t b) {
  return b ^ ((a ^ b) & (0u - uint32_t(condition)));
}

KVIST_INLINE float to_float(float value) { return value; }

KVIST_INLINE float to_float(bfloat16_t value) {
  return __builtin_bit_cast(float, uint32_t(value) << 16);
}

KVIST_INLINE float to_float(float16_t value) {
#ifdef __aarch64__
  return static_cast<float>(__builtin_bit_cast(__fp16, value));
#else
  const uint32_t bits = uint32_t(value);
  const uint32_t sign = (bits & 0x8000u) << 16;
  // Exponent and mantissa in float's place; the product moves the bias (15 -> 127), subnormals included.
  const float magnitude = __builtin_bit_cast(float, (bits & 0x7fffu) << 13) * 0x1p112f;
  const uint32_t special = select((bits & 0x7c00u) == 0x7c00u, 0x7f800000u, 0u);  // infinity and NaN
  return __builtin_bit_cast(float, __builtin_bit_cast(uint32_t, magnitude) | special | sign);
#endif
}

template <typename T>
T from_float(float value);  // rounds to nearest, ties to even

template <>
KVIST_INLINE float from_float<float>(float value) {
  return value;
}

template <>
KVIST_INLINE bfloat16_t from_float<bfloat16_t>(float value) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, value);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t quiet_nan = (bits >> 16) | 0x40u;
  return bfloat16_t(uint16_t(select((bits & 0x7fffffffu) > 0x7f800000u, quiet_nan, rounded)));
}

template <>
KVIST_INLINE float16_t from_float<float16_t>(float value) {
#ifdef __aarch64__
  return __builtin_bit_cast(float16_t, static_cast<__fp16>(value));
#else
  const uint32_t bits = __builtin_bit_cast(uint32_t, value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  // Normal range: move the bias (127 -> 15), then round on the 13 bits that are dropped.
  const uint32_t normal = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  // Below 2^-14: adding 0.5 lets the float unit align the mantissa and round it.
  const uint32_t subnormal = __builtin_bit_cast(uint32_t, __builtin_bit_cast(float, magnitude) + 0.5f) - 0x3f000000u;
  const uint32_t nan = select(magnitude > 0x7f800000u, 0x7e00u, 0x7c00u);  // or infinity, from 65520 on
  const uint32_t finite = select(magnitude < 0x38800000u, subnormal, normal);
  return float16_t(uint16_t(sign | (select(magnitude >= 0x477ff000u, nan, finite))));
#endif
}

}  // namespace kvist
