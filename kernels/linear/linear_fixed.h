// Products with activations rounded to whole numbers of 8 or 16 bits; part of linear_isa.cpp.
//
// Each group of weights has one step: x is about values * step. A register of 32-bit words holds 4 bytes or 2 halves
// a lane, in the order in which the weights come out of their words by shifting and masking alone: in round r, field j
// of a word is its part r + j * rounds. Sums of products are exact.
#pragma once

#include "linear/linear_formats.h"

namespace kvist::KVIST_ISA {
namespace {

// 32-bit words of values for 16 words of weights, and the mask of one field of `Bits` with a weight in it.
template <typename W, int Bits>
struct Fields {
  static constexpr int count = 32 / Bits, rounds = W::per / count;
  static constexpr uint32_t weight = (1u << W::bits_each) - 1;
  static constexpr uint32_t mask = Bits == 8 ? weight * 0x01010101u : weight * 0x00010001u;
};

template <typename W>
void steps_of_groups(const float* prepared, const Weights& w, float limit, float* steps) {
  const int64_t groups = w.k / w.group;
  for (int64_t g = 0; g < groups; ++g) steps[g] = 0;
  for (int64_t base = 0, k = padded(w.k, W::format); base < k; base += 16 * W::per) {
    F32 most = broadcast(0.0f);
    for (int part = 0; part < W::per; ++part) {
      const F32 value = load(prepared + base + 16 * part);
      most = max(as_float(both(bits(value), broadcast_int(0x7fffffffu))), most);
    }
    float of_word[16];
    store(of_word, most);
    each_group(w, W::per, base / W::per, [&](int64_t g, int64_t begin, int64_t end) {
      float step = steps[g];
      for (int64_t word = begin; word < end; ++word) step = of_word[word] > step ? of_word[word] : step;
      steps[g] = step;
    });
  }
  for (int64_t g = 0; g < groups; ++g) steps[g] /= limit;
}

template <typename W, int Bits>
void round_to_fixed(const float* prepared, const Weights& w, Fixed row) {
  using F = Fields<W, Bits>;
  constexpr float limit = Bits == 8 ? 127.0f : 32767.0f;
  const int64_t groups = w.k / w.group;
  steps_of_groups<W>(prepared, w, limit, row.steps);
  for (int64_t g = 0; g < groups; ++g) row.sums[g] = 0;
  char* out = static_cast<char*>(row.values);
  const F32 magic = broadcast(0x1.8p23f);  // rounds to a whole number, and leaves it in the low bits
  const I32 field = broadcast_int((1u << Bits) - 1);
  for (int64_t base = 0, k = padded(w.k, W::format); base < k; base += 16 * W::per) {
    float inverse[16] = {};
    each_group(w, W::per, base / W::per, [&](int64_t g, int64_t begin, int64_t end) {
      const float step = row.steps[g], factor = step > 0x1p-120f ? 1.0f / step : 0.0f;
      for (int64_t word = begin; word < end; ++word) inverse[word] = factor;
    });
    const F32 scale = load(inverse), most = broadcast(limit), least = broadcast(-limit);
    F32 sum = broadcast(0.0f);  // of values, and NaN where there is an infinity or NaN: that makes the result NaN
    const auto rounded = [&](int part) {
      const F32 x = max(least, min(most, mul(load(prepared + base + 16 * part), scale)));
      const F32 shifted = add(x, magic);
      sum = add(sum, sub(shifted, magic));
      return both(bits(shifted), field);
    };
    for (int r = 0; r < F::rounds; ++r, out += 64) {
      I32 words = rounded(r);
      if constexpr (Bits == 16) {
        words = add(words, shift_left<16>(rounded(r + F::rounds)));
      } else {
        words = add(words, shift_left<8>(rounded(r + F::rounds)));
        words = add(words, shift_left<16>(rounded(r + 2 * F::rounds)));
        words = add(words, shift_left<24>(rounded(r + 3 * F::rounds)));
      }
      store_words(out, words);
    }
    float of_word[16];
    store(of_word, sum);
    each_group(w, W::per, base / W::per, [&](int64_t g, int64_t begin, int64_t end) {
      float all = row.sums[g];
      for (int64_t word = begin; word < end; ++word) all += of_word[word];
      row.sums[g] = all;
    });
  }
  for (int64_t g = 0; g < groups; ++g) row.sums[g] *= row.steps[g];
}

// The sum over one block of weights, exact.
template <typename W, int Bits>
KVIST_INLINE I32 dot_fixed(const W& weights, const char* values) {
  using F = Fields<W, Bits>;
  I32 dot = broadcast_int(0);
  unrolled<0, F::rounds>([&]<int R>() {
    I32 words = shift_right<W::bits_each * R>(weights.words);
    if constexpr (F::mask != 0xffffffffu) words = both(words, broadcast_int(F::mask));
    if constexpr (Bits == 8) dot = dot_bytes(dot, words, load_words(values + 64 * R));
    else dot = dot_halves(dot, words, load_words(values + 64 * R));
  });
  return dot;
}

template <typename W, int Group, int Bits>
KVIST_INLINE float fixed_row(const Fixed& x, const Weights& w, int64_t n) {
  constexpr int64_t block_bytes = Fields<W, Bits>::rounds * 64;
  const int64_t groups = w.k / Group;
  const char* values = static_cast<const char*>(x.values);
  F32 sum = broadcast(0.0f), offset = broadcast(0.0f);
  each_block<W, Group>(
      w, n,
      [&](int64_t g, int64_t left) {
        const F32 bias = load_up_to_16(w.biases, w.scale_type, n * groups + g, left);
        const F32 scale = load_up_to_16(w.scales, w.scale_type, n * groups + g, left);
        offset = fma(bias, load_up_to_16(x.sums, Float::float32, g, left), offset);
        offset = add(nan_where_infinite<W>(scale, bias), offset);
        return mul(scale, load_up_to_16(x.steps, Float::float32, g, left));
      },
      [&](const W& weights, int64_t block, F32 scale) {
        sum = fma(from_ints(dot_fixed<W, Bits>(weights, values + block * block_bytes)), scale, sum);
      });
  return reduce(add(sum, offset));
}

// Calls f.operator()<weights, activation bits, group size> for affine weights.
template <typename Body>
KVIST_INLINE void for_fixed(int activation_bits, const Weights& w, const Body& f) {
  for_format(w, [&]<typename W, int Group>() {
    if constexpr (Group > 0) {
      if (activation_bits == 8) f.template operator()<W, 8, Group>();
      else f.template operator()<W, 16, Group>();
    }
  });
}

void to_fixed(int activation_bits, const float* prepared, const Weights& w, Fixed row) {
  const auto round = [&]<typename W>() {
    if (activation_bits == 8) round_to_fixed<W, 8>(prepared, w, row);
    else round_to_fixed<W, 16>(prepared, w, row);
  };
  if (w.format == Format::affine2) round.template operator()<Affine<2>>();
  else if (w.format == Format::affine4) round.template operator()<Affine<4>>();
  else round.template operator()<Affine<8>>();
}

void gemv_fixed(int activation_bits, const Fixed& row, const Weights& w, float* y, int64_t begin, int64_t end) {
  for_fixed(activation_bits, w, [&]<typename W, int Bits, int Group>() {
    for (int64_t n = begin; n < end; ++n) y[n] = fixed_row<W, Group, Bits>(row, w, n);
  });
}

}  // namespace
}  // namespace kvist::KVIST_ISA
