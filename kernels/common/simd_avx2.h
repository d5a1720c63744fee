// Sixteen lanes in two AVX2 registers (with FMA and F16C: Haswell, Zen and later).
#pragma once

#include <immintrin.h>

#include "common/float16.h"

namespace kvist::KVIST_ISA {

struct F32 {
  __m256 a, b;
};
struct I32 {
  __m256i a, b;
};

KVIST_INLINE F32 broadcast(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
KVIST_INLINE F32 load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
KVIST_INLINE __m256 load8(const bfloat16_t* p) {
  const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
KVIST_INLINE __m256 load8(const float16_t* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
KVIST_INLINE F32 load(const bfloat16_t* p) { return {load8(p), load8(p + 8)}; }
KVIST_INLINE F32 load(const float16_t* p) { return {load8(p), load8(p + 8)}; }
KVIST_INLINE void store(float* p, F32 x) { _mm256_storeu_ps(p, x.a), _mm256_storeu_ps(p + 8, x.b); }
KVIST_INLINE F32 add(F32 x, F32 y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
KVIST_INLINE F32 sub(F32 x, F32 y) { return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)}; }
KVIST_INLINE F32 mul(F32 x, F32 y) { return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
KVIST_INLINE F32 div(F32 x, F32 y) { return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)}; }
KVIST_INLINE F32 max(F32 x, F32 y) { return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)}; }
KVIST_INLINE F32 min(F32 x, F32 y) { return {_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)}; }
KVIST_INLINE F32 fma(F32 x, F32 y, F32 z) {
  return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
KVIST_INLINE F32 zero_where_less(F32 value, F32 x, F32 limit) {
  return {_mm256_and_ps(value.a, _mm256_cmp_ps(x.a, limit.a, _CMP_NLT_UQ)),
          _mm256_and_ps(value.b, _mm256_cmp_ps(x.b, limit.b, _CMP_NLT_UQ))};
}

KVIST_INLINE I32 broadcast_int(uint32_t x) { return {_mm256_set1_epi32(int(x)), _mm256_set1_epi32(int(x))}; }
KVIST_INLINE I32 load_words(const void* p) {
  const auto* words = static_cast<const __m256i*>(p);
  return {_mm256_loadu_si256(words), _mm256_loadu_si256(words + 1)};
}
// The same, in registers from here on: compilers would rather load it again for each use.
KVIST_INLINE I32 kept(I32 x) {
  asm("" : "+x"(x.a), "+x"(x.b));
  return x;
}
KVIST_INLINE void store_words(void* p, I32 x) {
  auto* words = static_cast<__m256i*>(p);
  _mm256_storeu_si256(words, x.a), _mm256_storeu_si256(words + 1, x.b);
}
KVIST_INLINE I32 add(I32 x, I32 y) { return {_mm256_add_epi32(x.a, y.a), _mm256_add_epi32(x.b, y.b)}; }
KVIST_INLINE I32 both(I32 x, I32 y) { return {_mm256_and_si256(x.a, y.a), _mm256_and_si256(x.b, y.b)}; }
template <int N>
KVIST_INLINE I32 shift_left(I32 x) { return {_mm256_slli_epi32(x.a, N), _mm256_slli_epi32(x.b, N)}; }
template <int N>
KVIST_INLINE I32 shift_right(I32 x) {
  return N ? I32{_mm256_srli_epi32(x.a, N), _mm256_srli_epi32(x.b, N)} : x;
}
KVIST_INLINE I32 bits(F32 x) { return {_mm256_castps_si256(x.a), _mm256_castps_si256(x.b)}; }
KVIST_INLINE F32 as_float(I32 x) { return {_mm256_castsi256_ps(x.a), _mm256_castsi256_ps(x.b)}; }
KVIST_INLINE F32 from_ints(I32 x) { return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)}; }
template <int Bits>
KVIST_INLINE F32 low_bits(I32 x) { return from_ints(both(x, broadcast_int((1u << Bits) - 1))); }

KVIST_INLINE __m256i dot_bytes8(__m256i sum, __m256i w, __m256i x) {
  // Even and odd bytes apart, as 16-bit numbers: adding neighbours in 16 bits would saturate.
  const __m256i low = _mm256_set1_epi16(255);
  const __m256i x_even = _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8), x_odd = _mm256_srai_epi16(x, 8);
  const __m256i even = _mm256_madd_epi16(_mm256_and_si256(w, low), x_even);
  const __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(w, 8), x_odd);
  return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
}
KVIST_INLINE I32 dot_bytes(I32 sum, I32 w, I32 x) {
  return {dot_bytes8(sum.a, w.a, x.a), dot_bytes8(sum.b, w.b, x.b)};
}

// To each lane the sum of two products of signed 16-bit numbers.
KVIST_INLINE I32 dot_halves(I32 sum, I32 w, I32 x) {
  return {_mm256_add_epi32(sum.a, _mm256_madd_epi16(w.a, x.a)), _mm256_add_epi32(sum.b, _mm256_madd_epi16(w.b, x.b))};
}

template <int Span>
KVIST_INLINE F32 spread(const float* p) {
  if constexpr (Span == 16) return broadcast(p[0]);
  if constexpr (Span == 8) return {_mm256_set1_ps(p[0]), _mm256_set1_ps(p[1])};
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  constexpr int shift = Span == 4 ? 2 : Span == 2 ? 1 : 0;
  const __m256i index = _mm256_srli_epi32(lane, shift);
  return {_mm256_permutevar8x32_ps(_mm256_loadu_ps(p), index),
          _mm256_permutevar8x32_ps(_mm256_loadu_ps(p + 8 / Span), index)};
}

KVIST_INLINE __m128 fold(F32 x) {  // 16 lanes to 4
  const __m256 eight = _mm256_add_ps(x.a, x.b);
  return _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
}
KVIST_INLINE float reduce(F32 x) {
  const __m128 four = fold(x), two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
KVIST_INLINE void reduce4(F32 a, F32 b, F32 c, F32 d, float* out) {
  __m128 r0 = fold(a), r1 = fold(b), r2 = fold(c), r3 = fold(d);
  _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
  _mm_storeu_ps(out, _mm_add_ps(_mm_add_ps(r0, r2), _mm_add_ps(r1, r3)));
}
KVIST_INLINE float reduce_max(F32 x) {
  const __m256 eight = _mm256_max_ps(x.a, x.b);
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

constexpr int kRegisters = 8;  // of sixteen lanes

}  // namespace kvist::KVIST_ISA
