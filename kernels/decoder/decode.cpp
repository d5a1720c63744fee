#include "decoder/decode.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>
#include <utility>

#include "attention/attention_kernels.h"
#include "common/elementwise_kernels.h"
#include "common/together.h"
#include "rms_norm/rms_norm_row.h"

namespace kvist {
namespace {

std::atomic<int64_t> nanoseconds[kStepsPerLayer + 1];  // of each kind of step

template <typename T>
void add_to(T* x, const T* y, int64_t count) {
  KVIST_INDEPENDENT
  for (int64_t i = 0; i < count; ++i) x[i] = from_float<T>(to_float(x[i]) + to_float(y[i]));
}

void add_to(Float type, void* x, const void* y, int64_t count) {
  if (type == Float::float32) return add_to(static_cast<float*>(x), static_cast<const float*>(y), count);
  if (type == Float::float16) return add_to(static_cast<float16_t*>(x), static_cast<const float16_t*>(y), count);
  add_to(static_cast<bfloat16_t*>(x), static_cast<const bfloat16_t*>(y), count);
}

class Decoding {
 public:
  Decoding(const DecoderSizes& sizes, const std::vector<DecoderLayer>& layers, const void* last_norm, char* x)
      : s_(sizes), layers_(layers), last_norm_(last_norm), x_(x), size_(size_of(sizes.type)) {
    normed_ = bytes(s_.hidden), q_ = bytes(s_.heads * s_.head_dim), k_ = bytes(s_.kv_heads * s_.head_dim);
    v_ = bytes(s_.kv_heads * s_.head_dim), rotated_ = bytes(s_.heads * s_.head_dim);
    attended_ = bytes(s_.heads * s_.head_dim), projected_ = bytes(s_.hidden);
    gate_ = bytes(s_.feed_forward), up_ = bytes(s_.feed_forward);
    const int64_t half = s_.head_dim / 2;
    cos_ = aligned<float>(half), sin_ = aligned<float>(half);
    for (int64_t j = 0; j < half; ++j) {
      const float angle = float(s_.offset) * (1.0f / s_.wavelengths[j]);
      sin_[j] = std::sin(angle), cos_[j] = std::cos(angle);
    }
    for (const auto& layer : layers_) {
      const auto& options = layer.products;
      products_.push_back({make(layer.qkv, options[0], {q_.get(), k_.get(), v_.get()}),
                           make(layer.o, options[1], {projected_.get()}),
                           make(layer.gate_up, options[2], {gate_.get(), up_.get()}),
                           make(layer.down, options[3], {projected_.get()})});
    }
  }

  void run() {
    const auto caller = std::this_thread::get_id();
    Together::run(kStepsPerLayer * int64_t(layers_.size()) + 1, [&](Together::Walker& plain) {
      Timed walker{plain, std::this_thread::get_id() == caller};
      walker.each(s_.batch, [&](int64_t b) { enter(0, b); });
      for (size_t i = 0; i < layers_.size(); ++i) {
        walker.kind = 1;
        attend(walker, layers_[i], products_[i]);
        feed_forward(walker, products_[i], [&](int64_t b) { enter(i + 1, b); });
      }
    });
  }

 private:
  // A walker that keeps the time of one thread, which is that of the whole step.
  struct Timed {
    Together::Walker& walker;
    bool counts;
    int kind = 0;
    std::chrono::steady_clock::time_point before = std::chrono::steady_clock::now();

    template <typename Piece>
    void each(int64_t pieces, const Piece& piece) {
      each(pieces, piece, [] {});
    }

    template <typename Piece, typename Last>
    void each(int64_t pieces, const Piece& piece, const Last& last) {
      walker.each(pieces, piece, last);
      const auto now = std::chrono::steady_clock::now();
      if (counts) nanoseconds[kind] += std::chrono::nanoseconds(now - before).count();
      before = now, ++kind;
    }
  };

  struct LayerProducts {
    Products qkv, o, gate_up, down;
  };

  Aligned<char> bytes(int64_t per_token) const { return aligned<char>(s_.batch * per_token * size_); }
  char* row(const Aligned<char>& buffer, int64_t b, int64_t width) const { return buffer.get() + b * width * size_; }
  char* x(int64_t b) const { return x_ + b * s_.hidden * size_; }

  Products make(const std::vector<Weights>& weights, ProductOptions options, std::vector<void*> out) const {
    Products products(weights, options, s_.type, s_.batch);
    products.write_to(std::move(out));
    return products;
  }

  void norm(const char* from, const void* weight, char* to) const {
    rms_norm_row(s_.type, from, weight, to, s_.hidden, s_.eps);
  }

  // What layer `i` multiplies first, of sequence b; behind the last layer, the result.
  void enter(size_t i, int64_t b) {
    if (i == layers_.size()) return norm(x(b), last_norm_, x(b));
    norm(x(b), layers_[i].input_norm, row(normed_, b, s_.hidden));
    products_[i].qkv.set_row(b, row(normed_, b, s_.hidden));
  }

  // `pieces` of a step and then next(b) for each sequence: a step of its own, or, for a single sequence, the end of the
  // same one, so that the threads need not meet in between.
  template <typename Piece, typename Next>
  void step(Timed& walker, int64_t pieces, const Piece& piece, const Next& next) const {
    if (s_.batch == 1) return walker.each(pieces, piece, [&] { next(0); }), void(++walker.kind);
    walker.each(pieces, piece);
    walker.each(s_.batch, next);
  }

  // The same for body(first, last) on pieces of the columns [0, columns) of some products.
  template <typename Body, typename Next>
  void share(Timed& walker, const Products& products, int64_t columns, const Body& body, const Next& next) const {
    const int64_t each = products.columns_per_piece();
    const auto piece = [&](int64_t i) { body(i * each, std::min((i + 1) * each, columns)); };
    step(walker, (columns + each - 1) / each, piece, next);
  }

  // x += a projection, whose columns [from, to) have just been computed.
  void add_columns(int64_t from, int64_t to) const {
    for (int64_t b = 0; b < s_.batch; ++b) {
      add_to(s_.type, x(b) + from * size_, row(projected_, b, s_.hidden) + from * size_, to - from);
    }
  }

  void attend(Timed& walker, const DecoderLayer& layer, LayerProducts& products) {
    const int64_t each = products.qkv.columns_per_piece(), columns = products.qkv.columns();
    walker.each((columns + each - 1) / each, [&](int64_t i) {
      products.qkv.compute(i * each, std::min((i + 1) * each, columns));
    });
    step(
        walker, s_.batch * s_.kv_heads,
        [&](int64_t i) { attend_with_head(layer, i / s_.kv_heads, i % s_.kv_heads); },
        [&](int64_t b) { products.o.set_row(b, row(attended_, b, s_.heads * s_.head_dim)); });
    share(
        walker, products.o, s_.hidden,
        [&](int64_t from, int64_t to) {
          products.o.compute(from, to);
          add_columns(from, to);
        },
        [&](int64_t b) {
          norm(x(b), layer.post_norm, row(normed_, b, s_.hidden));
          products.gate_up.set_row(b, row(normed_, b, s_.hidden));
        });
  }

  // One KV head of one sequence: norm and rotation, the write into the cache, and attention of the heads that share it.
  void attend_with_head(const DecoderLayer& layer, int64_t b, int64_t h) const {
    const int64_t group = s_.heads / s_.kv_heads, bytes = s_.head_dim * size_;
    AttentionArgs a{};
    a.q = rotated_.get(), a.k = layer.keys, a.v = layer.values, a.out = attended_.get();
    a.q_type = a.kv_type = s_.type;
    a.batch = s_.batch, a.heads = s_.heads, a.kv_heads = s_.kv_heads, a.length = 1, a.keys = s_.offset + 1;
    a.dim = a.value_dim = a.q_stride[1] = a.q_stride[2] = a.k_stride[2] = a.v_stride[2] = s_.head_dim;
    a.q_stride[0] = s_.heads * s_.head_dim;
    a.k_stride[1] = a.v_stride[1] = layer.capacity * s_.head_dim;
    a.k_stride[0] = a.v_stride[0] = s_.kv_heads * a.k_stride[1];
    a.scale = s_.scale;
    const int64_t width = (s_.head_dim + 15) / 16 * 16;
    float* const scratch = thread_scratch(std::max(attention_scratch(a), 2 * width));
    const auto place = [&](const char* from, const void* weight, bool rotated, char* to) {
      const float* wide = weight ? widened(weight, scratch + width) : nullptr;
      elementwise_kernels().head(s_.type, from, wide, s_.qk_eps, rotated ? cos_.get() : nullptr, sin_.get(), s_.type,
                                 to, s_.head_dim, scratch);
    };
    const int64_t in_cache = ((b * s_.kv_heads + h) * layer.capacity + s_.offset) * bytes;
    const int64_t projected = (b * s_.kv_heads + h) * bytes;
    place(k_.get() + projected, layer.k_norm, true, static_cast<char*>(layer.keys) + in_cache);
    place(v_.get() + projected, nullptr, false, static_cast<char*>(layer.values) + in_cache);
    for (int64_t i = h * group; i < (h + 1) * group; ++i) {
      const int64_t at = (b * s_.heads + i) * bytes;
      place(q_.get() + at, layer.q_norm, true, rotated_.get() + at);
    }
    for (int64_t i = 0; i < group; i += kQueryTile) {
      attention_kernels().tile(a, b, h, i, std::min<int64_t>(kQueryTile, group - i), scratch);
    }
  }

  template <typename Next>
  void feed_forward(Timed& walker, LayerProducts& products, const Next& next_layer) {
    const int64_t width = s_.feed_forward;
    share(
        walker, products.gate_up, width,
        [&](int64_t from, int64_t to) {
          products.gate_up.compute(from, to), products.gate_up.compute(width + from, width + to);
          for (int64_t b = 0; b < s_.batch; ++b) {
            char* const gate = row(gate_, b, width) + from * size_;
            elementwise_kernels().swiglu(s_.type, gate, row(up_, b, width) + from * size_, gate, to - from);
          }
        },
        [&](int64_t b) { products.down.set_row(b, row(gate_, b, width)); });
    share(
        walker, products.down, s_.hidden,
        [&](int64_t from, int64_t to) {
          products.down.compute(from, to);
          add_columns(from, to);
        },
        next_layer);
  }

  // The weights of a head's norm in float32.
  const float* widened(const void* weight, float* to) const {
    if (s_.type == Float::float32) return static_cast<const float*>(weight);
    for (int64_t i = 0; i < s_.head_dim; ++i) {
      to[i] = s_.type == Float::float16 ? to_float(static_cast<const float16_t*>(weight)[i])
                                        : to_float(static_cast<const bfloat16_t*>(weight)[i]);
    }
    return to;
  }

  const DecoderSizes& s_;
  const std::vector<DecoderLayer>& layers_;
  const void* last_norm_;
  char* x_;
  int64_t size_;  // bytes of a number
  Aligned<char> normed_, q_, k_, v_, rotated_, attended_, projected_, gate_, up_;
  Aligned<float> cos_, sin_;
  std::vector<LayerProducts> products_;
};

}  // namespace

std::vector<double> decoder_seconds() {
  std::vector<double> seconds;
  for (auto& kind : nanoseconds) seconds.push_back(double(kind.exchange(0)) * 1e-9);
  return seconds;
}

void decode(const DecoderSizes& sizes, const std::vector<DecoderLayer>& layers, const void* last_norm, void* x) {
  Decoding(sizes, layers, last_norm, static_cast<char*>(x)).run();
}

}  // namespace kvist
