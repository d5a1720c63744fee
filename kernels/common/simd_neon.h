// Sixteen lanes in four NEON registers (every 64-bit ARM).
#pragma once

#include <arm_neon.h>

#include "common/float16.h"

namespace kvist::KVIST_ISA {

struct F32 {
  float32x4_t v[4];
};
struct I32 {
  uint32x4_t v[4];
};

#define KVIST_EACH for (int i = 0; i < 4; ++i)

KVIST_INLINE F32 broadcast(float x) { F32 r; KVIST_EACH r.v[i] = vdupq_n_f32(x); return r; }
KVIST_INLINE F32 load(const float* p) { F32 r; KVIST_EACH r.v[i] = vld1q_f32(p + 4 * i); return r; }
KVIST_INLINE F32 load(const bfloat16_t* p) {
  F32 r;
  KVIST_EACH {
    const uint16x4_t narrow = vld1_u16(reinterpret_cast<const uint16_t*>(p) + 4 * i);
    r.v[i] = vreinterpretq_f32_u32(vshll_n_u16(narrow, 16));
  }
  return r;
}
KVIST_INLINE F32 load(const float16_t* p) {
  F32 r;
  KVIST_EACH {
    const uint16x4_t narrow = vld1_u16(reinterpret_cast<const uint16_t*>(p) + 4 * i);
    r.v[i] = vcvt_f32_f16(vreinterpret_f16_u16(narrow));
  }
  return r;
}
KVIST_INLINE void store(float* p, F32 a) { KVIST_EACH vst1q_f32(p + 4 * i, a.v[i]); }
KVIST_INLINE F32 add(F32 a, F32 b) { KVIST_EACH a.v[i] = vaddq_f32(a.v[i], b.v[i]); return a; }
KVIST_INLINE F32 sub(F32 a, F32 b) { KVIST_EACH a.v[i] = vsubq_f32(a.v[i], b.v[i]); return a; }
KVIST_INLINE F32 mul(F32 a, F32 b) { KVIST_EACH a.v[i] = vmulq_f32(a.v[i], b.v[i]); return a; }
KVIST_INLINE F32 div(F32 a, F32 b) { KVIST_EACH a.v[i] = vdivq_f32(a.v[i], b.v[i]); return a; }
KVIST_INLINE F32 fma(F32 a, F32 b, F32 c) { KVIST_EACH c.v[i] = vfmaq_f32(c.v[i], a.v[i], b.v[i]); return c; }
// Where either is NaN: the second, as on x86 (vmaxq_f32 would give NaN).
KVIST_INLINE F32 max(F32 a, F32 b) {
  KVIST_EACH a.v[i] = vbslq_f32(vcgtq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]);
  return a;
}
KVIST_INLINE F32 min(F32 a, F32 b) {
  KVIST_EACH a.v[i] = vbslq_f32(vcltq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]);
  return a;
}
KVIST_INLINE F32 zero_where_less(F32 a, F32 x, F32 limit) {
  KVIST_EACH a.v[i] = vbslq_f32(vcltq_f32(x.v[i], limit.v[i]), vdupq_n_f32(0), a.v[i]);
  return a;
}

KVIST_INLINE I32 broadcast_int(uint32_t x) { I32 r; KVIST_EACH r.v[i] = vdupq_n_u32(x); return r; }
KVIST_INLINE I32 load_words(const void* p) {
  I32 r;
  KVIST_EACH r.v[i] = vreinterpretq_u32_u8(vld1q_u8(static_cast<const uint8_t*>(p) + 16 * i));
  return r;
}
KVIST_INLINE I32 kept(I32 a) { return a; }
KVIST_INLINE void store_words(void* p, I32 a) {
  KVIST_EACH vst1q_u8(static_cast<uint8_t*>(p) + 16 * i, vreinterpretq_u8_u32(a.v[i]));
}
KVIST_INLINE I32 add(I32 a, I32 b) { KVIST_EACH a.v[i] = vaddq_u32(a.v[i], b.v[i]); return a; }
KVIST_INLINE I32 both(I32 a, I32 b) { KVIST_EACH a.v[i] = vandq_u32(a.v[i], b.v[i]); return a; }
template <int N>
KVIST_INLINE I32 shift_left(I32 a) { KVIST_EACH a.v[i] = vshlq_n_u32(a.v[i], N); return a; }
template <int N>
KVIST_INLINE I32 shift_right(I32 a) {
  if constexpr (N > 0) KVIST_EACH a.v[i] = vshrq_n_u32(a.v[i], N);
  return a;
}
KVIST_INLINE I32 bits(F32 a) { I32 r; KVIST_EACH r.v[i] = vreinterpretq_u32_f32(a.v[i]); return r; }
KVIST_INLINE F32 as_float(I32 a) { F32 r; KVIST_EACH r.v[i] = vreinterpretq_f32_u32(a.v[i]); return r; }
KVIST_INLINE F32 from_ints(I32 a) {
  F32 r;
  KVIST_EACH r.v[i] = vcvtq_f32_s32(vreinterpretq_s32_u32(a.v[i]));
  return r;
}
template <int Bits>
KVIST_INLINE F32 low_bits(I32 a) { return from_ints(both(a, broadcast_int((1u << Bits) - 1))); }

KVIST_INLINE I32 dot_bytes(I32 sum, I32 w, I32 x) {
  KVIST_EACH {
    const uint8x16_t unsigned_bytes = vreinterpretq_u8_u32(w.v[i]);
    const int8x16_t signed_bytes = vreinterpretq_s8_u32(x.v[i]);
    const int16x8_t w_low = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(unsigned_bytes)));
    const int16x8_t w_high = vreinterpretq_s16_u16(vmovl_u8(vget_high_u8(unsigned_bytes)));
    const int16x8_t x_low = vmovl_s8(vget_low_s8(signed_bytes)), x_high = vmovl_s8(vget_high_s8(signed_bytes));
    // Products of four bytes each, in order; two pairwise additions make one sum a lane.
    const int32x4_t p0 = vmull_s16(vget_low_s16(w_low), vget_low_s16(x_low));
    const int32x4_t p1 = vmull_s16(vget_high_s16(w_low), vget_high_s16(x_low));
    const int32x4_t p2 = vmull_s16(vget_low_s16(w_high), vget_low_s16(x_high));
    const int32x4_t p3 = vmull_s16(vget_high_s16(w_high), vget_high_s16(x_high));
    const int32x4_t four = vpaddq_s32(vpaddq_s32(p0, p1), vpaddq_s32(p2, p3));
    sum.v[i] = vaddq_u32(sum.v[i], vreinterpretq_u32_s32(four));
  }
  return sum;
}

// To each lane the sum of two products of signed 16-bit numbers.
KVIST_INLINE I32 dot_halves(I32 sum, I32 w, I32 x) {
  KVIST_EACH {
    const int16x8_t a = vreinterpretq_s16_u32(w.v[i]), b = vreinterpretq_s16_u32(x.v[i]);
    const int32x4_t low = vmull_s16(vget_low_s16(a), vget_low_s16(b));
    const int32x4_t high = vmull_s16(vget_high_s16(a), vget_high_s16(b));
    sum.v[i] = vaddq_u32(sum.v[i], vreinterpretq_u32_s32(vpaddq_s32(low, high)));
  }
  return sum;
}

template <int Span>
KVIST_INLINE F32 spread(const float* p) {
  F32 r;
  if constexpr (Span >= 4) {
    KVIST_EACH r.v[i] = vdupq_n_f32(p[4 * i / Span]);
  } else if constexpr (Span == 2) {
    KVIST_EACH r.v[i] = vcombine_f32(vdup_n_f32(p[2 * i]), vdup_n_f32(p[2 * i + 1]));
  } else {
    r = load(p);
  }
  return r;
}

KVIST_INLINE float reduce(F32 a) {
  const float32x4_t four = vaddq_f32(vaddq_f32(a.v[0], a.v[2]), vaddq_f32(a.v[1], a.v[3]));
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}
KVIST_INLINE void reduce4(F32 a, F32 b, F32 c, F32 d, float* out) {
  out[0] = reduce(a), out[1] = reduce(b), out[2] = reduce(c), out[3] = reduce(d);
}
KVIST_INLINE float reduce_max(F32 a) {
  return vmaxvq_f32(vmaxq_f32(vmaxq_f32(a.v[0], a.v[1]), vmaxq_f32(a.v[2], a.v[3])));
}

constexpr int kRegisters = 8;  // of sixteen lanes
#undef KVIST_EACH

}  // namespace kvist::KVIST_ISA
