// A decode step with buffers of exactly their size and several threads, for AddressSanitizer, UBSan and ThreadSanitizer.
// Prints how many results it compared, and a hash of their bits; a wrong one ends it. Run with KVIST_THREADS.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

#include "decoder/decode.h"

using namespace kvist;

static std::mt19937 generator(1);
static uint64_t seen = 0;

static std::vector<float> normal(int64_t n) {
  std::normal_distribution<float> draw;
  std::vector<float> out(n);
  for (auto& x : out) x = draw(generator) * 0.2f;
  return out;
}

template <typename T>
static std::vector<T> narrow(const std::vector<float>& x) {
  std::vector<T> out(x.size());
  for (size_t i = 0; i < x.size(); ++i) out[i] = from_float<T>(x[i]);
  return out;
}

// Owns the arrays of one model; `T` is the type of everything but packed weights.
template <typename T>
struct Model {
  int64_t hidden = 32, heads, kv_heads, dim, feed = 96, batch, offset = 5;
  std::vector<std::vector<T>> plain;
  std::vector<std::vector<uint32_t>> words;
  std::vector<DecoderLayer> layers;
  std::vector<float> wavelengths;

  const void* numbers(int64_t n) {
    plain.push_back(narrow<T>(normal(n)));
    return plain.back().data();
  }
  Weights packed(int64_t n, int64_t k) {
    words.emplace_back(n * k / 8);
    for (auto& word : words.back()) word = generator();
    const auto type = sizeof(T) == 4 ? Float::float32 : Float::bfloat16;
    return {words.back().data(), numbers(n * k / 32), numbers(n * k / 32), Format::affine4, type, 32, n, k};
  }
  Weights dense(int64_t n, int64_t k) {
    const auto format = sizeof(T) == 4 ? Format::float32 : Format::bfloat16;
    return {numbers(n * k), nullptr, nullptr, format, Float::float32, 0, n, k};
  }

  Model(int64_t heads, int64_t kv_heads, int64_t dim, int64_t batch, bool norms)
      : heads(heads), kv_heads(kv_heads), dim(dim), batch(batch) {
    for (int64_t j = 0; j < dim / 2; ++j) wavelengths.push_back(1.0f + float(j));
    for (int i = 0; i < 3; ++i) {
      DecoderLayer layer{};
      layer.input_norm = numbers(hidden), layer.post_norm = numbers(hidden);
      layer.q_norm = norms ? numbers(dim) : nullptr, layer.k_norm = norms ? numbers(dim) : nullptr;
      layer.qkv = {packed(heads * dim, hidden), packed(kv_heads * dim, hidden), packed(kv_heads * dim, hidden)};
      layer.o = {dense(hidden, heads * dim)}, layer.down = {packed(hidden, feed)};
      layer.gate_up = {dense(feed, hidden), dense(feed, hidden)};
      layer.capacity = offset + 1;
      layer.keys = const_cast<void*>(numbers(batch * kv_heads * layer.capacity * dim));
      layer.values = const_cast<void*>(numbers(batch * kv_heads * layer.capacity * dim));
      layers.push_back(layer);
    }
  }

  std::vector<T> run(const std::vector<T>& x, ProductOptions options) {
    for (auto& layer : layers) {
      for (auto& each : layer.products) each = options;
    }
    DecoderSizes s{};
    s.type = sizeof(T) == 4 ? Float::float32 : Float::bfloat16;
    s.batch = batch, s.hidden = hidden, s.heads = heads, s.kv_heads = kv_heads, s.head_dim = dim;
    s.feed_forward = feed, s.offset = offset, s.eps = s.qk_eps = 1e-6f, s.scale = 0.3f;
    s.wavelengths = wavelengths.data();
    auto out = x;
    const std::vector<T> last(hidden, from_float<T>(1.0f));
    decode(s, layers, last.data(), out.data());
    return out;
  }
};

template <typename T>
static long compare(int64_t heads, int64_t kv_heads, int64_t dim, int64_t batch, bool norms) {
  long compared = 0;
  for (const int bits : {0, 8, 16}) {
    Model<T> model(heads, kv_heads, dim, batch, norms);
    const auto x = narrow<T>(normal(batch * model.hidden));
    const auto first = model.run(x, {false, bits});
    for (const auto value : first) {
      const float wide = to_float(value);
      uint32_t bits;
      std::memcpy(&bits, &wide, 4);
      seen = (seen ^ bits) * 0x100000001b3u;
    }
    for (int repeat = 0; repeat < 20; ++repeat) {  // whichever thread takes what, or is late
      const auto again = model.run(x, {false, bits});
      for (size_t i = 0; i < first.size(); ++i, ++compared) {
        const float a = to_float(first[i]), b = to_float(again[i]);
        if (!(a == b) || std::abs(a) > 100) std::printf("decode: %g, then %g\n", a, b), std::exit(1);
      }
    }
  }
  return compared;
}

int main() {
  long compared = 0;
  for (const int64_t batch : {1, 3}) {
    compared += compare<float>(4, 2, 16, batch, true) + compare<bfloat16_t>(4, 2, 16, batch, true);
    compared += compare<float>(3, 3, 6, batch, false) + compare<bfloat16_t>(10, 1, 34, batch, true);
  }
  std::printf("%ld values compared, %016llx\n", compared, static_cast<unsigned long long>(seen));
}
