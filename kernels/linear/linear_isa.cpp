// linear in vector registers. Compiled once per instruction set; see common/simd.h for what that forbids.
#include "linear/linear_fixed.h"
#include "linear/linear_formats.h"

namespace kvist::KVIST_ISA {
namespace {

// How many rows of x and of W advance together. That decides what stays in registers, never the bits of a result.
constexpr int kTileRows = kRegisters >= 32 ? 6 : kRegisters >= 8 ? 3 : 1;
constexpr int kTileColumns = kRegisters >= 32 ? 4 : kRegisters >= 8 ? 2 : 1;

// ---- activations -----------------------------------------------------------------------------------------

// Sixteen words of `Per` numbers each, side by side, become `Per` parts of sixteen.
template <int Per>
KVIST_INLINE void part(const float* block, float* out) {
  for (int i = 0; i < Per; ++i) {
    for (int word = 0; word < 16; ++word) out[16 * i + word] = block[word * Per + i];
  }
}

template <int Per, typename T>
void prepare_rows(const T* x, int64_t m, int64_t k, int64_t k_padded, float* out) {
  for (int64_t row = 0; row < m; ++row, x += k, out += k_padded) {
    for (int64_t base = 0; base < k_padded; base += 16 * Per) {
      alignas(64) float block[16 * Per];
      float* const wide = Per == 1 ? out + base : block;
      for (int i = 0; i < 16 * Per; i += kLanes) {
        const int64_t left = k - base - i;
        if (left >= kLanes) store(wide + i, load(x + base + i));
        else store(wide + i, left > 0 ? load_part(x + base + i, int(left)) : broadcast(0.0f));
      }
      if constexpr (Per > 1) part<Per>(block, out + base);
    }
  }
}

template <int Per>
void prepare_typed(Float type, const void* x, int64_t m, int64_t k, int64_t k_padded, float* out) {
  if (type == Float::float32) return prepare_rows<Per>(static_cast<const float*>(x), m, k, k_padded, out);
  if (type == Float::float16) return prepare_rows<Per>(static_cast<const float16_t*>(x), m, k, k_padded, out);
  prepare_rows<Per>(static_cast<const bfloat16_t*>(x), m, k, k_padded, out);
}

void prepare(Float type, const void* x, int64_t m, const Weights& w, float* out) {
  const int64_t k_padded = padded(w.k, w.format);
  switch (weights_per_word(w.format)) {
    case 1:
      return prepare_typed<1>(type, x, m, w.k, k_padded, out);
    case 2:
      return prepare_typed<2>(type, x, m, w.k, k_padded, out);
    case 4:
      return prepare_typed<4>(type, x, m, w.k, k_padded, out);
    case 8:
      return prepare_typed<8>(type, x, m, w.k, k_padded, out);
    default:
      return prepare_typed<16>(type, x, m, w.k, k_padded, out);
  }
}

void group_sums(const float* prepared, const Weights& w, float* sums) {
  const int per = weights_per_word(w.format);
  for (int64_t g = 0; g < w.k / w.group; ++g) sums[g] = 0;
  for (int64_t base = 0; base < w.k; base += 16 * per) {
    F32 words = load(prepared + base);
    for (int part = 1; part < per; ++part) words = add(words, load(prepared + base + 16 * part));
    float sum_of_word[16];
    store(sum_of_word, words);
    each_group(w, per, base / per, [&](int64_t g, int64_t begin, int64_t end) {
      float sum = sums[g];
      for (int64_t word = begin; word < end; ++word) sum += sum_of_word[word];
      sums[g] = sum;
    });
  }
}

// ---- one row of x: each row of W is read once, from its first byte to its last ----------------------------

template <typename W>
KVIST_INLINE float plain_row(const float* x, const Weights& w, int64_t n) {
  const int64_t bytes = row_bytes<W>(w.k), blocks = padded(w.k, W::format) / (16 * W::per);
  const char* row = static_cast<const char*>(w.data) + n * bytes;
  F32 sum = broadcast(0.0f);
  for (int64_t block = 0; block < blocks; ++block) {
    ask_ahead(row + block * W::bytes);
    const float* part = x + block * 16 * W::per;
    const W weights = block_at<W>(row, block, bytes);
    unrolled<0, W::per>([&]<int I>() { sum = fma(weights.template part<I>(), load(part + 16 * I), sum); });
  }
  return reduce(sum);
}

// The sum over groups of scale * (q . x) + bias * sum(x).
template <typename W, int Group>
KVIST_INLINE float affine_row(const float* x, const float* sums, const Weights& w, int64_t n) {
  const int64_t groups = w.k / Group;
  F32 sum = broadcast(0.0f), offset = broadcast(0.0f);
  each_block<W, Group>(
      w, n,
      [&](int64_t g, int64_t left) {
        const F32 bias = load_up_to_16(w.biases, w.scale_type, n * groups + g, left);
        const F32 scale = load_up_to_16(w.scales, w.scale_type, n * groups + g, left);
        offset = fma(bias, load_up_to_16(sums, Float::float32, g, left), offset);
        offset = add(nan_where_infinite<W>(scale, bias), offset);
        return scale;
      },
      [&](const W& weights, int64_t block, F32 scale) {
        const float* part = x + block * 16 * W::per;
        F32 dot = mul(weights.template part<0>(), load(part));
        unrolled<1, W::per>([&]<int I>() { dot = fma(weights.template part<I>(), load(part + 16 * I), dot); });
        sum = fma(dot, scale, sum);
      });
  return reduce(add(sum, offset));
}

// ---- many rows of x: weights become float32 once per tile, then dot products in the order of plain_row ----

template <typename W>
void plain_tile(const Weights& w, int64_t n, int64_t count, float* tile) {
  const int64_t bytes = row_bytes<W>(w.k), blocks = padded(w.k, W::format) / (16 * W::per);
  for (int64_t r = 0; r < count; ++r) {
    const char* data = static_cast<const char*>(w.data) + (n + r) * bytes;
    for (int64_t block = 0; block < blocks; ++block, tile += 16 * W::per) {
      const W weights = block_at<W>(data, block, bytes);
      unrolled<0, W::per>([&]<int I>() { store(tile + 16 * I, weights.template part<I>()); });
    }
  }
}

template <typename W, int Group>
void affine_tile(const Weights& w, int64_t n, int64_t count, float* tile) {
  using S = Shape<W, Group>;
  const int64_t bytes = row_bytes<W>(w.k), blocks = padded(w.k, W::format) / (16 * W::per), groups = w.k / Group;
  for (int64_t r = n; r < n + count; ++r) {
    const char* data = static_cast<const char*>(w.data) + r * bytes;
    for (int64_t g = 0, first = 0; g < groups; g += 16, first += S::blocks) {
      const Scales scales(load_up_to_16(w.scales, w.scale_type, r * groups + g, groups - g));
      const Scales biases(load_up_to_16(w.biases, w.scale_type, r * groups + g, groups - g));
      for (int block = 0; block < S::blocks && first + block < blocks; ++block, tile += 16 * W::per) {
        const F32 scale = scales.template at<S::span>(S::first_scale(block));
        const F32 bias = biases.template at<S::span>(S::first_scale(block));
        const W weights = block_at<W>(data, first + block, bytes);
        unrolled<0, W::per>([&]<int I>() { store(tile + 16 * I, add(mul(weights.template part<I>(), scale), bias)); });
      }
    }
  }
}

template <int Rows, int Columns>
KVIST_INLINE void dot_tile(const float* x, const float* tile, int64_t k, float* y, int64_t stride) {
  F32 sum[Rows][Columns];
  for (int i = 0; i < Rows; ++i) {
    for (int j = 0; j < Columns; ++j) sum[i][j] = broadcast(0.0f);
  }
  for (int64_t at = 0; at < k; at += kLanes) {
    F32 weights[Columns];
    for (int j = 0; j < Columns; ++j) weights[j] = load(tile + j * k + at);
    for (int i = 0; i < Rows; ++i) {
      const F32 value = load(x + i * k + at);
      for (int j = 0; j < Columns; ++j) sum[i][j] = fma(weights[j], value, sum[i][j]);
    }
  }
  for (int i = 0; i < Rows; ++i) {
    if constexpr (Columns == 4) reduce4(sum[i][0], sum[i][1], sum[i][2], sum[i][3], y + i * stride);
    else for (int j = 0; j < Columns; ++j) y[i * stride + j] = reduce(sum[i][j]);
  }
}

template <int Rows>
KVIST_INLINE void dot_rows(const float* x, const float* tile, int64_t count, int64_t k, float* y, int64_t stride) {
  int64_t j = 0;
  if constexpr (kTileColumns > 1) {
    for (; j + kTileColumns <= count; j += kTileColumns) {
      dot_tile<Rows, kTileColumns>(x, tile + j * k, k, y + j, stride);
    }
  }
  for (; j < count; ++j) dot_tile<Rows, 1>(x, tile + j * k, k, y + j, stride);
}

template <typename W, int Group>
void tile_of(const Weights& w, int64_t n, int64_t count, float* tile) {
  if constexpr (Group == 0) plain_tile<W>(w, n, count, tile);
  else affine_tile<W, Group>(w, n, count, tile);
}

void gemv(const float* x, const float* sums, const Weights& w, float* y, int64_t begin, int64_t end) {
  for_format(w, [&]<typename W, int Group>() {
    for (int64_t n = begin; n < end; ++n) {
      if constexpr (Group == 0) y[n] = plain_row<W>(x, w, n);
      else y[n] = affine_row<W, Group>(x, sums, w, n);
    }
  });
}

void gemm(const float* x, int64_t m, const Weights& w, float* y, float* tile, int64_t begin, int64_t end) {
  for_format(w, [&]<typename W, int Group>() { tile_of<W, Group>(w, begin, end - begin, tile); });
  const int64_t k = padded(w.k, w.format), count = end - begin;
  int64_t i = 0;
  if constexpr (kTileRows > 1) {
    for (; i + kTileRows <= m; i += kTileRows) {
      dot_rows<kTileRows>(x + i * k, tile, count, k, y + i * w.n + begin, w.n);
    }
  }
  for (; i < m; ++i) dot_rows<1>(x + i * k, tile, count, k, y + i * w.n + begin, w.n);
}

template <typename T>
void convert(const float* y, int64_t count, T* out) {
  KVIST_INDEPENDENT
  for (int64_t i = 0; i < count; ++i) out[i] = from_float<T>(y[i]);
}

void finish(const float* y, int64_t count, Float type, void* out) {
  if (type == Float::float16) return convert(y, count, static_cast<float16_t*>(out));
  if (type == Float::bfloat16) return convert(y, count, static_cast<bfloat16_t*>(out));
  if (y != out) std::memcpy(out, y, size_t(count) * sizeof(float));
}

}  // namespace

extern const LinearKernels linear;
const LinearKernels linear{prepare, group_sums, gemv, gemm, to_fixed, gemv_fixed, finish};

}  // namespace kvist::KVIST_ISA
