// Sixteen lanes in one AVX-512 register (F, BW, DQ and VL: Skylake-X, Ice Lake, Zen 4 and later).
#pragma once

#include <immintrin.h>

#include "common/float16.h"

namespace kvist::KVIST_ISA {

struct F32 {
  __m512 v;
};
struct I32 {
  __m512i v;
};

KVIST_INLINE F32 broadcast(float x) { return {_mm512_set1_ps(x)}; }
KVIST_INLINE F32 load(const float* p) { return {_mm512_loadu_ps(p)}; }
KVIST_INLINE F32 load(const bfloat16_t* p) {
  const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  return {_mm512_castsi512_ps(_mm512_slli_epi32(wide, 16))};
}
KVIST_INLINE F32 load(const float16_t* p) {
  return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
KVIST_INLINE void store(float* p, F32 a) { _mm512_storeu_ps(p, a.v); }
KVIST_INLINE F32 add(F32 a, F32 b) { return {_mm512_add_ps(a.v, b.v)}; }
KVIST_INLINE F32 sub(F32 a, F32 b) { return {_mm512_sub_ps(a.v, b.v)}; }
KVIST_INLINE F32 mul(F32 a, F32 b) { return {_mm512_mul_ps(a.v, b.v)}; }
KVIST_INLINE F32 div(F32 a, F32 b) { return {_mm512_div_ps(a.v, b.v)}; }
KVIST_INLINE F32 max(F32 a, F32 b) { return {_mm512_max_ps(a.v, b.v)}; }
KVIST_INLINE F32 min(F32 a, F32 b) { return {_mm512_min_ps(a.v, b.v)}; }
KVIST_INLINE F32 fma(F32 a, F32 b, F32 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
KVIST_INLINE F32 zero_where_less(F32 a, F32 x, F32 limit) {
  return {_mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x.v, limit.v, _CMP_NLT_UQ), a.v)};
}

KVIST_INLINE I32 broadcast_int(uint32_t x) { return {_mm512_set1_epi32(int(x))}; }
KVIST_INLINE I32 load_words(const void* p) { return {_mm512_loadu_si512(p)}; }
// The same, in a register from here on: compilers would rather load it again for each use.
KVIST_INLINE I32 kept(I32 a) {
  asm("" : "+v"(a.v));
  return a;
}
KVIST_INLINE void store_words(void* p, I32 a) { _mm512_storeu_si512(p, a.v); }
KVIST_INLINE I32 add(I32 a, I32 b) { return {_mm512_add_epi32(a.v, b.v)}; }
KVIST_INLINE I32 both(I32 a, I32 b) { return {_mm512_and_si512(a.v, b.v)}; }
template <int N>
KVIST_INLINE I32 shift_left(I32 a) { return {_mm512_slli_epi32(a.v, N)}; }
template <int N>
KVIST_INLINE I32 shift_right(I32 a) { return N ? I32{_mm512_srli_epi32(a.v, N)} : a; }
KVIST_INLINE I32 bits(F32 a) { return {_mm512_castps_si512(a.v)}; }
KVIST_INLINE F32 as_float(I32 a) { return {_mm512_castsi512_ps(a.v)}; }
KVIST_INLINE F32 from_ints(I32 a) { return {_mm512_cvtepi32_ps(a.v)}; }

template <int Bits>
KVIST_INLINE F32 low_bits(I32 a) {
  if constexpr (Bits == 4) {  // a table of sixteen floats; the instruction looks at the low four bits alone
    const __m512 table = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return {_mm512_permutexvar_ps(a.v, table)};
  } else {
    return from_ints(both(a, broadcast_int((1u << Bits) - 1)));
  }
}

KVIST_INLINE I32 dot_bytes(I32 sum, I32 w, I32 x) {
#ifdef __AVX512VNNI__
  return {_mm512_dpbusd_epi32(sum.v, w.v, x.v)};
#else
  // Even and odd bytes apart, as 16-bit numbers: adding neighbours in 16 bits would saturate.
  const __m512i low = _mm512_set1_epi16(255);
  const __m512i x_even = _mm512_srai_epi16(_mm512_slli_epi16(x.v, 8), 8), x_odd = _mm512_srai_epi16(x.v, 8);
  const __m512i even = _mm512_madd_epi16(_mm512_and_si512(w.v, low), x_even);
  const __m512i odd = _mm512_madd_epi16(_mm512_srli_epi16(w.v, 8), x_odd);
  return {_mm512_add_epi32(sum.v, _mm512_add_epi32(even, odd))};
#endif
}

// To each lane the sum of two products of signed 16-bit numbers.
KVIST_INLINE I32 dot_halves(I32 sum, I32 w, I32 x) {
#ifdef __AVX512VNNI__
  return {_mm512_dpwssd_epi32(sum.v, w.v, x.v)};
#else
  return {_mm512_add_epi32(sum.v, _mm512_madd_epi16(w.v, x.v))};
#endif
}

// Numbers that were stored and are loaded at another place would have to wait for the cache: permute the register.
#define KVIST_SCALES_IN_A_REGISTER
class Scales {
 public:
  explicit KVIST_INLINE Scales(F32 numbers) : numbers_(numbers) {}
  template <int Span>
  KVIST_INLINE F32 at(int first) const {
    constexpr int shift = Span == 16 ? 4 : Span == 8 ? 3 : Span == 4 ? 2 : Span == 2 ? 1 : 0;
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i index = _mm512_add_epi32(_mm512_srli_epi32(lane, shift), _mm512_set1_epi32(first));
    return {_mm512_permutexvar_ps(index, numbers_.v)};
  }

 private:
  F32 numbers_;
};

KVIST_INLINE __m128 fold(F32 a) {  // 16 lanes to 4
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  return _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
}
KVIST_INLINE float reduce(F32 a) {
  const __m128 four = fold(a), two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
KVIST_INLINE void reduce4(F32 a, F32 b, F32 c, F32 d, float* out) {
  __m128 r0 = fold(a), r1 = fold(b), r2 = fold(c), r3 = fold(d);
  _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
  _mm_storeu_ps(out, _mm_add_ps(_mm_add_ps(r0, r2), _mm_add_ps(r1, r3)));
}
KVIST_INLINE float reduce_max(F32 a) { return _mm512_reduce_max_ps(a.v); }

constexpr int kRegisters = 32;

}  // namespace kvist::KVIST_ISA
