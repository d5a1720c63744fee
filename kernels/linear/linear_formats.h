// Formats of weights in vector registers; part of linear_isa.cpp. See linear_kernels.h for the order of weights.
#pragma once

#include "common/simd.h"
#include "linear/linear_kernels.h"

namespace kvist::KVIST_ISA {
namespace {

// ---- formats: sixteen words of weights, and part i of them as numbers ------------------------------------

struct Plain32 {
  static constexpr Format format = Format::float32;
  static constexpr int per = 1, bytes = 64;
  F32 words;
  explicit Plain32(const void* p) : words(load(static_cast<const float*>(p))) {}
  template <int I>
  KVIST_INLINE F32 part() const { return words; }
};

struct Plain16 {
  static constexpr Format format = Format::float16;
  static constexpr int per = 1, bytes = 32;
  F32 words;
  explicit Plain16(const void* p) : words(load(static_cast<const float16_t*>(p))) {}
  template <int I>
  KVIST_INLINE F32 part() const { return words; }
};

struct Brain16 {
  static constexpr Format format = Format::bfloat16;
  static constexpr int per = 2, bytes = 64;
  I32 words;
  explicit Brain16(const void* p) : words(kept(load_words(p))) {}
  template <int I>
  KVIST_INLINE F32 part() const {
    if constexpr (I == 0) return as_float(shift_left<16>(words));
    else return as_float(both(words, broadcast_int(0xffff0000u)));
  }
};

template <int Bits>
struct Affine {
  static constexpr Format format = Bits == 2 ? Format::affine2 : Bits == 4 ? Format::affine4 : Format::affine8;
  static constexpr int bits_each = Bits, per = 32 / Bits, bytes = 64;
  I32 words;
  explicit Affine(const void* p) : words(kept(load_words(p))) {}
  template <int I>
  KVIST_INLINE F32 part() const { return low_bits<Bits>(shift_right<Bits * I>(words)); }
};

// Weights are read once and in order, so hardware prefetchers run ahead, but stop at every page of 4 KB: ask for what
// lies this far ahead.
constexpr int64_t kAhead = 4096;
KVIST_INLINE void ask_ahead(const char* at) { prefetch_soon(at + kAhead); }

// Those of the words [first, first + 16) that lie in W, one group after the other: body(group, begin, end) with begin and
// end counted from `first`. No division, which would take longer than all the rest that is done for a word.
template <typename Body>
KVIST_INLINE void each_group(const Weights& w, int per, int64_t first, const Body& body) {
  const int shift = __builtin_ctz(unsigned(w.group / per));  // words of a group are a power of two
  const int64_t left = (w.k >> __builtin_ctz(unsigned(per))) - first, count = left < 16 ? left : 16;
  for (int64_t begin = 0; begin < count;) {
    const int64_t g = (first + begin) >> shift, behind = ((g + 1) << shift) - first, end = behind < count ? behind : count;
    body(g, begin, end);
    begin = end;
  }
}

// A block of weights; the last one of a row may be shorter than what a load would read.
template <typename W>
KVIST_INLINE W block_at(const char* row, int64_t block, int64_t row_bytes) {
  const int64_t start = block * W::bytes;
  if (start + W::bytes <= row_bytes) return W(row + start);
  alignas(64) char padded_block[W::bytes] = {};
  std::memcpy(padded_block, row + start, size_t(row_bytes - start));
  return W(padded_block);
}

template <typename W>
KVIST_INLINE int64_t row_bytes(int64_t k) {
  return k * W::bytes / (16 * W::per);
}

template <int I, int N, typename Body>
KVIST_INLINE void unrolled(const Body& body) {
  if constexpr (I < N) {
    body.template operator()<I>();
    unrolled<I + 1, N>(body);
  }
}

// ---- scales and biases: sixteen groups at a time ---------------------------------------------------------

KVIST_INLINE F32 load_up_to_16(const void* p, Float type, int64_t index, int64_t left) {
  const int count = int(left < kLanes ? left : kLanes);
  if (type == Float::float32) {
    const float* q = static_cast<const float*>(p) + index;
    return count == kLanes ? load(q) : load_part(q, count);
  }
  if (type == Float::bfloat16) {
    const bfloat16_t* q = static_cast<const bfloat16_t*>(p) + index;
    return count == kLanes ? load(q) : load_part(q, count);
  }
  const float16_t* q = static_cast<const float16_t*>(p) + index;
  return count == kLanes ? load(q) : load_part(q, count);
}

// 0, but NaN for groups with a weight that overflows, be it infinite or NaN: the largest and the least are at the ends.
template <typename W>
KVIST_INLINE F32 nan_where_infinite(F32 scale, F32 bias) {
  const F32 last = add(mul(scale, broadcast(float((1 << W::bits_each) - 1))), bias);
  return mul(last, broadcast(0.0f));
}

// Words of one group, and blocks in sixteen groups: the loops that change scales follow from these.
template <typename W, int Group>
struct Shape {
  static constexpr int span = Group / W::per < 16 ? Group / W::per : 16;  // lanes of a block with one scale
  static constexpr int blocks = Group * 16 / (16 * W::per);               // in sixteen groups
  static constexpr int groups_per_block = 16 / span;
  static KVIST_INLINE int first_scale(int block) { return block * 16 * W::per / Group; }
};

// Row n of W, sixteen groups at a time: scales(group, groups left) gives their scales, each lane one, and
// body(weights, block, scale of each word) is called for every block of weights.
template <typename W, int Group, typename Scaling, typename Body>
KVIST_INLINE void each_block(const Weights& w, int64_t n, const Scaling& scales_of, const Body& body) {
  using S = Shape<W, Group>;
  const int64_t bytes = row_bytes<W>(w.k), blocks = padded(w.k, W::format) / (16 * W::per), groups = w.k / Group;
  const char* row = static_cast<const char*>(w.data) + n * bytes;
  for (int64_t g = 0, first = 0; g < groups; g += 16, first += S::blocks) {
    const Scales scales(scales_of(g, groups - g));
    if (groups - g >= 16) {
      KVIST_UNROLL
      for (int block = 0; block < S::blocks; ++block) {
        const char* at = row + (first + block) * W::bytes;
        ask_ahead(at);
        body(W(at), first + block, scales.template at<S::span>(S::first_scale(block)));
      }
    } else {
      for (int block = 0; first + block < blocks; ++block) {
        body(block_at<W>(row, first + block, bytes), first + block, scales.template at<S::span>(S::first_scale(block)));
      }
    }
  }
}

// Calls f.operator()<format, group size>.
template <typename Body>
KVIST_INLINE void for_format(const Weights& w, const Body& f) {
  const auto affine = [&]<typename W>() {
    if (w.group == 32) f.template operator()<W, 32>();
    else if (w.group == 64) f.template operator()<W, 64>();
    else f.template operator()<W, 128>();
  };
  switch (w.format) {
    case Format::float32:
      return f.template operator()<Plain32, 0>();
    case Format::float16:
      return f.template operator()<Plain16, 0>();
    case Format::bfloat16:
      return f.template operator()<Brain16, 0>();
    case Format::affine2:
      return affine.template operator()<Affine<2>>();
    case Format::affine4:
      return affine.template operator()<Affine<4>>();
    case Format::affine8:
      return affine.template operator()<Affine<8>>();
  }
}

}  // namespace
}  // namespace kvist::KVIST_ISA
