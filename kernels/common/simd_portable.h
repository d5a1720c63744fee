// Sixteen lanes in the vector extension of GCC and Clang: any machine, the same bits as the other sets, slower.
#pragma once

#include "common/float16.h"

namespace kvist::KVIST_ISA {

typedef float Floats __attribute__((vector_size(64)));
typedef uint32_t Words __attribute__((vector_size(64)));
typedef int32_t SignedWords __attribute__((vector_size(64)));
typedef double Doubles __attribute__((vector_size(128)));
typedef uint64_t DoubleWords __attribute__((vector_size(128)));

struct F32 {
  Floats v;
};
struct I32 {
  Words v;
};

#define KVIST_EACH for (int i = 0; i < kLanes; ++i)

// a * b + c rounded once. Without hardware for it: the product of two floats is exact in double, and a sum
// rounded to odd may be rounded again without harm (Boldo and Melquiond 2008, Emulation of FMA).
// By pointers and not inlined: there is too much of it for every place that needs it.
__attribute__((noinline)) static void fused(const Floats* a, const Floats* b, Floats* c) {
#ifdef FP_FAST_FMAF
  KVIST_EACH (*c)[i] = __builtin_fmaf((*a)[i], (*b)[i], (*c)[i]);
#else
  const Doubles product = __builtin_convertvector(*a, Doubles) * __builtin_convertvector(*b, Doubles);
  const Doubles wide = __builtin_convertvector(*c, Doubles), sum = product + wide, other = sum - product;
  const Doubles error = (product - (sum - other)) + (wide - other);
  // To odd: towards zero, and then the last bit set. NaN (from an infinite sum) compares as neither.
  const DoubleWords inexact = (DoubleWords)((error < 0) | (error > 0)) & 1, image = (DoubleWords)sum;
  const DoubleWords rounded_away = (image ^ (DoubleWords)error) >> 63;
  *c = __builtin_convertvector((Doubles)((image - (rounded_away & inexact)) | inexact), Floats);
#endif
}

KVIST_INLINE F32 broadcast(float x) { return {x - Floats{}}; }
KVIST_INLINE F32 load(const float* p) { F32 r; std::memcpy(&r, p, sizeof r); return r; }
KVIST_INLINE F32 load(const bfloat16_t* p) { F32 r; KVIST_EACH r.v[i] = to_float(p[i]); return r; }
KVIST_INLINE F32 load(const float16_t* p) { F32 r; KVIST_EACH r.v[i] = to_float(p[i]); return r; }
KVIST_INLINE void store(float* p, F32 a) { std::memcpy(p, &a, sizeof a); }
KVIST_INLINE F32 add(F32 a, F32 b) { return {a.v + b.v}; }
KVIST_INLINE F32 sub(F32 a, F32 b) { return {a.v - b.v}; }
KVIST_INLINE F32 mul(F32 a, F32 b) { return {a.v * b.v}; }
KVIST_INLINE F32 div(F32 a, F32 b) { return {a.v / b.v}; }
KVIST_INLINE F32 fma(F32 a, F32 b, F32 c) { fused(&a.v, &b.v, &c.v); return c; }

KVIST_INLINE I32 broadcast_int(uint32_t x) { return {x - Words{}}; }
KVIST_INLINE I32 load_words(const void* p) { I32 r; std::memcpy(&r, p, sizeof r); return r; }
KVIST_INLINE I32 kept(I32 a) { return a; }
KVIST_INLINE void store_words(void* p, I32 a) { std::memcpy(p, &a, sizeof a); }
KVIST_INLINE I32 add(I32 a, I32 b) { return {a.v + b.v}; }
KVIST_INLINE I32 both(I32 a, I32 b) { return {a.v & b.v}; }
template <int N>
KVIST_INLINE I32 shift_left(I32 a) { return {a.v << N}; }
template <int N>
KVIST_INLINE I32 shift_right(I32 a) { return {a.v >> N}; }
KVIST_INLINE I32 bits(F32 a) { return {(Words)a.v}; }
KVIST_INLINE F32 as_float(I32 a) { return {(Floats)a.v}; }
KVIST_INLINE F32 from_ints(I32 a) { return {__builtin_convertvector((SignedWords)a.v, Floats)}; }

KVIST_INLINE Floats where(Words mask, Floats a, Floats b) { return (Floats)(((Words)a & mask) | ((Words)b & ~mask)); }
// Where either is NaN: the second, as the x86 instructions have it.
KVIST_INLINE F32 max(F32 a, F32 b) { return {where((Words)(a.v > b.v), a.v, b.v)}; }
KVIST_INLINE F32 min(F32 a, F32 b) { return {where((Words)(a.v < b.v), a.v, b.v)}; }
KVIST_INLINE F32 zero_where_less(F32 a, F32 x, F32 limit) { return {(Floats)((Words)a.v & ~(Words)(x.v < limit.v))}; }

// The low `Bits` bits of each lane as a number.
template <int Bits>
KVIST_INLINE F32 low_bits(I32 a) { return from_ints(both(a, broadcast_int((1u << Bits) - 1))); }

// To each lane the sum of four products of its bytes: unsigned ones of w, signed ones of x.
KVIST_INLINE I32 dot_bytes(I32 sum, I32 w, I32 x) {
  for (int byte = 0; byte < 32; byte += 8) {
    const SignedWords factor = (SignedWords)(x.v << (24 - byte)) >> 24;
    sum.v += ((w.v >> byte) & 255u) * (Words)factor;
  }
  return sum;
}

// To each lane the sum of two products of its halves, all signed.
KVIST_INLINE I32 dot_halves(I32 sum, I32 w, I32 x) {
  for (int half = 0; half < 32; half += 16) {
    const SignedWords a = (SignedWords)(w.v << (16 - half)) >> 16, b = (SignedWords)(x.v << (16 - half)) >> 16;
    sum.v += (Words)(a * b);
  }
  return sum;
}

// Lane i gets p[i / Span]; p must be readable for 16 floats.
template <int Span>
KVIST_INLINE F32 spread(const float* p) {
  if constexpr (Span == 16) return broadcast(p[0]);
  F32 r;
  KVIST_EACH r.v[i] = p[i / Span];
  return r;
}

// Sum of all lanes: halves onto each other, 8 + 8, 4 + 4, 2 + 2, 1 + 1.
KVIST_INLINE float reduce(F32 a) {
  float v[kLanes];
  store(v, a);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) v[i] += v[i + half];
  }
  return v[0];
}
KVIST_INLINE void reduce4(F32 a, F32 b, F32 c, F32 d, float* out) {
  out[0] = reduce(a), out[1] = reduce(b), out[2] = reduce(c), out[3] = reduce(d);
}
KVIST_INLINE float reduce_max(F32 a) {
  float most = a.v[0];
  KVIST_EACH most = most > a.v[i] ? most : a.v[i];
  return most;
}

constexpr int kRegisters = 1;  // small tiles: there is nothing to keep in registers
#undef KVIST_EACH

}  // namespace kvist::KVIST_ISA
