// Sixteen float32 lanes, whatever the instruction set: one register of AVX-512, two of AVX2, four of NEON, an
// array in portable C++. Every set does the same additions in the same order, fused multiply-adds included, so
// a kernel written on these gives the same bits on each of them.
//
// Sources that include this are compiled once per instruction set, with -DKVIST_ISA=<name> (the namespace) and
// -DKVIST_SIMD_HEADER=<file>. They must not instantiate templates of the standard library: the linker keeps one
// copy of such code, which may be the one with instructions that another machine lacks.
#pragma once

#include <cstdint>
#include <cstring>

#include "common/dispatch.h"

#ifndef KVIST_ISA
#define KVIST_ISA portable
#define KVIST_SIMD_HEADER "common/simd_portable.h"
#endif

namespace kvist {
constexpr int kLanes = 16;
}

#include KVIST_SIMD_HEADER

namespace kvist::KVIST_ISA {

// Sixteen numbers, to be handed out to lanes: at<Span>(first) gives lane i number first + i / Span.
#ifndef KVIST_SCALES_IN_A_REGISTER
class Scales {
 public:
  explicit KVIST_INLINE Scales(F32 numbers) { store(numbers_, numbers), store(numbers_ + kLanes, broadcast(0.0f)); }
  template <int Span>
  KVIST_INLINE F32 at(int first) const { return spread<Span>(numbers_ + first); }

 private:
  float numbers_[2 * kLanes];  // and what `spread` may read behind them
};
#endif

// exp(x) within 1 unit in the last place; exactly 0 below -87, where results become subnormal, infinity above 88.3.
KVIST_INLINE F32 exp(F32 x) {
  // Adding 1.5 * 2^23 rounds x / ln 2 to a whole number n and leaves it in the low bits of the mantissa.
  const F32 magic = broadcast(0x1.8p23f);
  const F32 clamped = max(broadcast(-87.0f), min(broadcast(89.0f), x));  // in this order NaN stays NaN
  const F32 shifted = fma(clamped, broadcast(0x1.715476p+0f), magic);
  const F32 n = sub(shifted, magic);
  // ln 2 in two parts, so that f = x - n ln 2 loses nothing.
  F32 f = fma(n, broadcast(-0x1.62e400p-1f), clamped);
  f = fma(n, broadcast(-0x1.7f7d1cp-20f), f);
  // 1 + f + f^2 q(f): q fitted to the least largest relative error on |f| <= ln 2 / 2, which is 3e-9.
  F32 p = broadcast(0x1.6a23c6p-10f);
  p = fma(p, f, broadcast(0x1.123a20p-7f));
  p = fma(p, f, broadcast(0x1.5558f4p-5f));
  p = fma(p, f, broadcast(0x1.555492p-3f));
  p = fma(p, f, broadcast(0x1.fffffcp-2f));
  p = fma(p, f, broadcast(1.0f));
  p = fma(p, f, broadcast(1.0f));
  const I32 power = add(shift_left<23>(bits(shifted)), broadcast_int(0x3f800000));  // 2^n
  return zero_where_less(mul(p, as_float(power)), x, broadcast(-87.0f));
}

// Brings a cache line that is needed within microseconds into the second level: the first one can wait for fewer lines at
// a time, and has no room for them. Any address will do.
KVIST_INLINE void prefetch_soon(const void* p) { __builtin_prefetch(p, 0, 2); }

// `count` (1 to 16) elements and zeros behind them. Never reads past the last one.
template <typename T>
KVIST_INLINE F32 load_part(const T* source, int count) {
  T padded[kLanes] = {};
  std::memcpy(padded, source, sizeof(T) * count);
  return load(padded);
}

KVIST_INLINE void store_part(float* target, F32 value, int count) {
  float all[kLanes];
  store(all, value);
  std::memcpy(target, all, sizeof(float) * count);
}

}  // namespace kvist::KVIST_ISA
