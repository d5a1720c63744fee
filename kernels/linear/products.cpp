#include "linear/products.h"

#include <algorithm>
#include <cmath>

namespace kvist {
namespace {

constexpr int64_t kBytesPerPiece = 1 << 15;  // of weights; less is not worth a thread

// Activations of 16 bits lose nothing that counts when they are rounded to 16-bit whole numbers with a step for each
// group of weights: their own rounding, and that of the result, is a hundred times coarser. It saves half of the work.
int fixed_bits(const Weights& w, const ProductOptions& options, Float type, bool one_row) {
  if (!w.group) return 0;
  if (options.activation_bits) return options.activation_bits;
  return one_row && type != Float::float32 ? 16 : 0;
}

int64_t sum_of_columns(const std::vector<Weights>& weights) {
  int64_t sum = 0;
  for (const auto& each : weights) sum += each.n;
  return sum;
}

}  // namespace

Products::Products(std::vector<Weights> weights, ProductOptions options, Float type, int64_t m)
    : kernels_(linear_kernels()),
      weights_(std::move(weights)),
      type_(type),
      m_(m),
      k_padded_(padded(weights_[0].k, weights_[0].format)),
      columns_(sum_of_columns(weights_)),
      one_row_(m == 1 && !(options.batch_invariant && weights_[0].group)),
      fixed_bits_(fixed_bits(weights_[0], options, type, one_row_)),
      memory_(place(nullptr)) {
  place(memory_.get());
}

// Sets the pointers into `memory`; returns how many bytes they need.
int64_t Products::place(char* memory) {
  int64_t used = 0;
  const auto next = [&](int64_t bytes) {
    char* const at = memory ? memory + used : nullptr;
    used += (bytes + 63) / 64 * 64;
    return at;
  };
  const auto floats = [&](int64_t count) { return reinterpret_cast<float*>(next(count * int64_t(sizeof(float)))); };
  x_ = floats(m_ * k_padded_);
  values_ = next(m_ * k_padded_ * fixed_bits_ / 8);
  steps_ = floats(fixed_bits_ ? m_ * groups() : 0);
  sums_ = floats(m_ * groups());
  own_ = floats(type_ == Float::float32 ? 0 : m_ * columns_);
  return used;
}

void Products::write_to(std::vector<void*> out) {
  out_ = std::move(out);
  y_.resize(out_.size());
  float* own = own_;
  for (size_t i = 0; i < out_.size(); own += m_ * weights_[i].n, ++i) {
    y_[i] = type_ == Float::float32 ? static_cast<float*>(out_[i]) : own;
  }
}

Fixed Products::fixed_row(int64_t row) const {
  char* values = values_ + row * k_padded_ * fixed_bits_ / 8;
  return {values, steps_ + row * groups(), sums_ + row * groups()};
}

void Products::set_row(int64_t row, const void* x) {
  float* prepared = x_ + row * k_padded_;
  kernels_.prepare(type_, x, 1, weights_[0], prepared);
  if (fixed_bits_) kernels_.to_fixed(fixed_bits_, prepared, weights_[0], fixed_row(row));
  else if (groups() && one_row_) kernels_.group_sums(prepared, weights_[0], sums_);
}

int64_t Products::columns_per_piece() const {
  if (!fixed_bits_ && !one_row_) return kTile;
  return kBytesPerPiece / std::max<int64_t>(k_padded_ * 4 / weights_per_word(weights_[0].format), 1) + 1;
}

// body(output, begin, end) for its columns among those.
template <typename Body>
void Products::each_output(int64_t begin, int64_t end, const Body& body) const {
  int64_t first = 0;
  for (size_t i = 0; i < weights_.size(); first += weights_[i].n, ++i) {
    const int64_t from = std::max(begin, first) - first, to = std::min(end, first + weights_[i].n) - first;
    if (from < to) body(i, from, to);
  }
}

void Products::compute(int64_t begin, int64_t end) const {
  float* const tile = fixed_bits_ || one_row_ ? nullptr : thread_scratch(kTile * k_padded_);
  each_output(begin, end, [&](size_t i, int64_t from, int64_t to) {
    const Weights& w = weights_[i];
    if (one_row_ && fixed_bits_) kernels_.gemv_fixed(fixed_bits_, fixed_row(0), w, y_[i], from, to);
    else if (one_row_) kernels_.gemv(x_, sums_, w, y_[i], from, to);
    else for (int64_t at = from; at < to; at += kTile) many_rows(w, y_[i], at, std::min(at + kTile, to), tile);
    for (int64_t row = 0; w.group && (one_row_ || fixed_bits_) && row < m_; ++row) mend(w, y_[i], row, from, to);
    if (type_ == Float::float32) return;
    for (int64_t row = 0; row < m_; ++row) {
      const int64_t at = row * w.n + from;
      kernels_.finish(y_[i] + at, to - from, type_, static_cast<char*>(out_[i]) + at * size_of(type_));
    }
  });
}

// Results of row `row` that are not finite, or nearly not, once more with weights made explicit: two parts that are summed
// apart may overflow, or be infinities of opposite signs, where the sum of their sums is neither.
void Products::mend(const Weights& w, float* y, int64_t row, int64_t begin, int64_t end) const {
  const float limit = type_ == Float::float16 ? 6.4e4f : 3.2e38f;
  y += row * w.n;
  const auto good = [&](int64_t n) { return std::fabs(y[n]) < limit; };
  for (int64_t n = begin; n < end; ++n) {
    if (good(n)) continue;
    const int64_t most = std::min(end, n + kTile), first = n;
    while (n + 1 < most && !good(n + 1)) ++n;
    kernels_.gemm(x_ + row * k_padded_, 1, w, y, thread_scratch(kTile * k_padded_), first, n + 1);
  }
}

// At most kTile columns: that much of W stays in the cache for all rows of x.
void Products::many_rows(const Weights& w, float* y, int64_t begin, int64_t end, float* tile) const {
  if (!fixed_bits_) return kernels_.gemm(x_, m_, w, y, tile, begin, end);
  for (int64_t row = 0; row < m_; ++row) {
    kernels_.gemv_fixed(fixed_bits_, fixed_row(row), w, y + row * w.n, begin, end);
  }
}

}  // namespace kvist
