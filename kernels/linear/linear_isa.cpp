// linear in vector registers. Compiled once per instruction set; see common/simd.h for what that forbids.
#include "common/simd.h"
#include "linear/linear_kernels.h"

namespace kvist::KVIST_ISA {
namespace {

// How many rows of W or x advance together. That decides what stays in registers, never the bits of a result.
constexpr int kGemvRows = kRegisters >= 8 ? 2 : 1;
constexpr int kTileRows = kRegisters >= 32 ? 6 : kRegisters >= 8 ? 3 : 1;
constexpr int kTileColumns = kRegisters >= 32 ? 4 : kRegisters >= 8 ? 2 : 1;

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
  explicit Brain16(const void* p) : words(load_words(p)) {}
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
  explicit Affine(const void* p) : words(load_words(p)) {}
  template <int I>
  KVIST_INLINE F32 part() const { return low_bits<Bits>(shift_right<Bits * I>(words)); }
};

// Rows that advance together are read in turn, which no hardware prefetcher takes for a stream: ask for the same
// place in the rows to come, at least 2 KB ahead.
KVIST_INLINE int64_t prefetch_distance(int64_t together) {
  return together * ((2048 + together - 1) / (together ? together : 1));
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

// ---- activations -----------------------------------------------------------------------------------------

template <int Per, typename T>
void prepare_rows(const T* x, int64_t m, int64_t k, int64_t k_padded, float* out) {
  for (int64_t row = 0; row < m; ++row, x += k, out += k_padded) {
    if constexpr (Per == 1) {
      int64_t i = 0;
      for (; i + kLanes <= k; i += kLanes) store(out + i, load(x + i));
      for (; i < k_padded; ++i) out[i] = i < k ? to_float(x[i]) : 0.0f;
    } else {
      for (int64_t block = 0; block < k_padded; block += 16 * Per) {
        const bool whole = block + 16 * Per <= k;
        for (int part = 0; part < Per; ++part) {
          for (int word = 0; word < 16; ++word) {
            const int64_t source = block + word * Per + part;
            out[block + part * 16 + word] = whole || source < k ? to_float(x[source]) : 0.0f;
          }
        }
      }
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

// The lanes of a block that belong to one group: words [first, last) of each part.
KVIST_INLINE float sum_group(const float* prepared, int64_t group_start, int group, int per) {
  const int64_t block = 16 * per;
  float sum = 0;
  for (int64_t start = group_start; start < group_start + group;) {
    const int64_t base = start / block * block, first = (start - base) / per;
    const int64_t words = (group_start + group - start) / per;
    const int64_t last = first + words < 16 ? first + words : 16;
    for (int part = 0; part < per; ++part) {
      for (int64_t word = first; word < last; ++word) sum += prepared[base + part * 16 + word];
    }
    start = base + last * per;
  }
  return sum;
}

void group_sums(const float* prepared, const Weights& w, float* sums) {
  const int per = weights_per_word(w.format);
  for (int64_t g = 0; g < w.k / w.group; ++g) sums[g] = sum_group(prepared, g * w.group, w.group, per);
}

// ---- one row of x, plain formats -------------------------------------------------------------------------

template <typename W, int Rows>
KVIST_INLINE void plain_rows(const float* x, const Weights& w, float* y, int64_t n) {
  const int64_t bytes = row_bytes<W>(w.k), blocks = padded(w.k, W::format) / (16 * W::per);
  const char* data = static_cast<const char*>(w.data) + n * bytes;
  const int64_t ahead = prefetch_distance(Rows * bytes);
  F32 sum[Rows];
  for (int r = 0; r < Rows; ++r) sum[r] = broadcast(0.0f);
  for (int64_t block = 0; block < blocks; ++block) {
    const float* part = x + block * 16 * W::per;
    for (int r = 0; r < Rows; ++r) {
      __builtin_prefetch(data + r * bytes + block * W::bytes + ahead);
      const W weights = block_at<W>(data + r * bytes, block, bytes);
      unrolled<0, W::per>([&]<int I>() { sum[r] = fma(weights.template part<I>(), load(part + 16 * I), sum[r]); });
    }
  }
  for (int r = 0; r < Rows; ++r) y[n + r] = reduce(sum[r]);
}

template <typename W>
void plain_gemv(const float* x, const Weights& w, float* y, int64_t begin, int64_t end) {
  if constexpr (kGemvRows > 1) {
    for (; begin + kGemvRows <= end; begin += kGemvRows) plain_rows<W, kGemvRows>(x, w, y, begin);
  }
  for (; begin < end; ++begin) plain_rows<W, 1>(x, w, y, begin);
}

// ---- one row of x, affine formats: sum over groups of scale * (q . x) + bias * sum(x) --------------------

// Words of one group, and blocks in sixteen groups: the loops that change scales follow from these.
template <typename W, int Group>
struct Shape {
  static constexpr int span = Group / W::per < 16 ? Group / W::per : 16;  // lanes of a block with one scale
  static constexpr int blocks = Group * 16 / (16 * W::per);               // in sixteen groups
  static constexpr int groups_per_block = 16 / span;
  static KVIST_INLINE int64_t scale_index(int block) { return int64_t(block) * 16 * W::per / Group; }
};

template <typename W, int Group, int Rows>
KVIST_INLINE void affine_rows(const float* x, const float* sums, const Weights& w, float* y, int64_t n) {
  using S = Shape<W, Group>;
  const int64_t bytes = row_bytes<W>(w.k), blocks = padded(w.k, W::format) / (16 * W::per), groups = w.k / Group;
  const char* data = static_cast<const char*>(w.data) + n * bytes;
  const int64_t ahead = prefetch_distance(Rows * bytes);
  F32 sum[Rows], offset[Rows];
  for (int r = 0; r < Rows; ++r) sum[r] = offset[r] = broadcast(0.0f);
  for (int64_t g = 0; g < groups; g += 16) {
    float scales[Rows][32];  // 16 and what `spread` may read behind them
    const F32 x_sum = load_up_to_16(sums, Float::float32, g, groups - g);
    for (int r = 0; r < Rows; ++r) {
      const int64_t at = (n + r) * groups + g;
      store(scales[r], load_up_to_16(w.scales, w.scale_type, at, groups - g));
      store(scales[r] + 16, broadcast(0.0f));
      offset[r] = fma(load_up_to_16(w.biases, w.scale_type, at, groups - g), x_sum, offset[r]);
    }
    const int64_t first = g / 16 * S::blocks;
    const int64_t count = blocks - first < S::blocks ? blocks - first : S::blocks;
    for (int block = 0; block < count; ++block) {
      const float* part = x + (first + block) * 16 * W::per;
      F32 dot[Rows];
      for (int r = 0; r < Rows; ++r) {
        __builtin_prefetch(data + r * bytes + (first + block) * W::bytes + ahead);
        const W weights = block_at<W>(data + r * bytes, first + block, bytes);
        dot[r] = mul(weights.template part<0>(), load(part));
        unrolled<1, W::per>([&]<int I>() { dot[r] = fma(weights.template part<I>(), load(part + 16 * I), dot[r]); });
        sum[r] = fma(dot[r], spread<S::span>(scales[r] + S::scale_index(block)), sum[r]);
      }
    }
  }
  for (int r = 0; r < Rows; ++r) y[n + r] = reduce(add(sum[r], offset[r]));
}

template <typename W, int Group>
void affine_gemv(const float* x, const float* sums, const Weights& w, float* y, int64_t begin, int64_t end) {
  if constexpr (kGemvRows > 1) {
    for (; begin + kGemvRows <= end; begin += kGemvRows) affine_rows<W, Group, kGemvRows>(x, sums, w, y, begin);
  }
  for (; begin < end; ++begin) affine_rows<W, Group, 1>(x, sums, w, y, begin);
}

// ---- many rows of x: weights become float32 once per tile, then dot products in the order of plain_rows ---

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
  for (int64_t r = 0; r < count; ++r) {
    const char* data = static_cast<const char*>(w.data) + (n + r) * bytes;
    for (int64_t g = 0; g < groups; g += 16) {
      float scales[32] = {}, biases[32] = {};
      store(scales, load_up_to_16(w.scales, w.scale_type, (n + r) * groups + g, groups - g));
      store(biases, load_up_to_16(w.biases, w.scale_type, (n + r) * groups + g, groups - g));
      const int64_t first = g / 16 * S::blocks;
      const int64_t in_block = blocks - first < S::blocks ? blocks - first : S::blocks;
      for (int block = 0; block < in_block; ++block, tile += 16 * W::per) {
        const F32 scale = spread<S::span>(scales + S::scale_index(block));
        const F32 bias = spread<S::span>(biases + S::scale_index(block));
        const W weights = block_at<W>(data, first + block, bytes);
        unrolled<0, W::per>([&]<int I>() { store(tile + 16 * I, fma(weights.template part<I>(), scale, bias)); });
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
void gemv_of(const float* x, const float* sums, const Weights& w, float* y, int64_t begin, int64_t end) {
  if constexpr (Group == 0) plain_gemv<W>(x, w, y, begin, end);
  else affine_gemv<W, Group>(x, sums, w, y, begin, end);
}

template <typename W, int Group>
void tile_of(const Weights& w, int64_t n, int64_t count, float* tile) {
  if constexpr (Group == 0) plain_tile<W>(w, n, count, tile);
  else affine_tile<W, Group>(w, n, count, tile);
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

void gemv(const float* x, const float* sums, const Weights& w, float* y, int64_t begin, int64_t end) {
  for_format(w, [&]<typename W, int Group>() { gemv_of<W, Group>(x, sums, w, y, begin, end); });
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

// ---- activations in 8 bits -------------------------------------------------------------------------------

// Bytes in the order in which dot_bytes meets the weights: word by word the even, then the odd 4-bit weights
// (two rounds of four), or the four bytes of a word (one round).
template <int Per>
void to_bytes_of(const float* prepared, const Weights& w, Bytes row) {
  constexpr int rounds = Per / 4, block = 16 * Per;
  const int64_t groups = w.k / w.group, k_padded = padded(w.k, w.format);
  for (int64_t g = 0; g < groups; ++g) row.steps[g] = 0;
  for (int64_t base = 0; base < k_padded; base += block) {  // the largest magnitude of each group
    for (int64_t word = 0; word < 16 && base + word * Per < w.k; ++word) {
      float most = row.steps[(base + word * Per) / w.group];
      for (int part = 0; part < Per; ++part) {
        const float value = __builtin_fabsf(prepared[base + part * 16 + word]);
        most = value > most || value != value ? value : most;  // NaN stays
      }
      row.steps[(base + word * Per) / w.group] = most;
    }
  }
  for (int64_t g = 0; g < groups; ++g) row.steps[g] /= 127.0f, row.sums[g] = 0;
  for (int64_t base = 0; base < k_padded; base += block) {
    for (int64_t word = 0; word < 16; ++word) {
      const int64_t group = (base + word * Per) / w.group;
      const float step = group < groups ? row.steps[group] : 0.0f;
      const float inverse = step > 0 && step < 1e38f ? 1.0f / step : 0.0f;
      int sum = 0;
      for (int part = 0; part < Per; ++part) {
        const float scaled = prepared[base + part * 16 + word] * inverse;
        const float bounded = scaled > 127.0f ? 127.0f : scaled < -127.0f ? -127.0f : scaled;
        const int whole = int(bounded + (bounded < 0 ? -0.5f : 0.5f));
        row.values[base + (part % rounds * 16 + word) * 4 + part / rounds] = int8_t(whole);
        sum += whole;
      }
      if (group < groups) row.sums[group] += float(sum);
    }
  }
  for (int64_t g = 0; g < groups; ++g) row.sums[g] *= row.steps[g];
}

void to_bytes(const float* prepared, const Weights& w, Bytes row) {
  if (w.format == Format::affine4) to_bytes_of<8>(prepared, w, row);
  else to_bytes_of<4>(prepared, w, row);
}

template <typename W, int Group, int Rows>
KVIST_INLINE void byte_rows(const Bytes& x, const Weights& w, float* y, int64_t n) {
  using S = Shape<W, Group>;
  const int64_t bytes = row_bytes<W>(w.k), blocks = padded(w.k, W::format) / (16 * W::per), groups = w.k / Group;
  const char* data = static_cast<const char*>(w.data) + n * bytes;
  const int64_t ahead = prefetch_distance(Rows * bytes);
  const I32 nibble = broadcast_int(0x0f0f0f0fu);
  F32 sum[Rows], offset[Rows];
  for (int r = 0; r < Rows; ++r) sum[r] = offset[r] = broadcast(0.0f);
  for (int64_t g = 0; g < groups; g += 16) {
    float scales[Rows][32];
    const F32 x_sum = load_up_to_16(x.sums, Float::float32, g, groups - g);
    const F32 step = load_up_to_16(x.steps, Float::float32, g, groups - g);
    for (int r = 0; r < Rows; ++r) {
      const int64_t at = (n + r) * groups + g;
      store(scales[r], mul(load_up_to_16(w.scales, w.scale_type, at, groups - g), step));
      store(scales[r] + 16, broadcast(0.0f));
      offset[r] = fma(load_up_to_16(w.biases, w.scale_type, at, groups - g), x_sum, offset[r]);
    }
    const int64_t first = g / 16 * S::blocks;
    const int64_t count = blocks - first < S::blocks ? blocks - first : S::blocks;
    for (int block = 0; block < count; ++block) {
      const int8_t* part = x.values + (first + block) * 16 * W::per;
      for (int r = 0; r < Rows; ++r) {
        __builtin_prefetch(data + r * bytes + (first + block) * W::bytes + ahead);
        const W weights = block_at<W>(data + r * bytes, first + block, bytes);
        I32 dot = broadcast_int(0);
        if constexpr (W::bits_each == 4) {
          dot = dot_bytes(dot, both(weights.words, nibble), load_words(part));
          dot = dot_bytes(dot, both(shift_right<4>(weights.words), nibble), load_words(part + 64));
        } else {
          dot = dot_bytes(dot, weights.words, load_words(part));
        }
        sum[r] = fma(from_ints(dot), spread<S::span>(scales[r] + S::scale_index(block)), sum[r]);
      }
    }
  }
  for (int r = 0; r < Rows; ++r) y[n + r] = reduce(add(sum[r], offset[r]));
}

template <typename W, int Group>
void byte_gemv_of(const Bytes& x, const Weights& w, float* y, int64_t begin, int64_t end) {
  for (; begin < end; ++begin) byte_rows<W, Group, 1>(x, w, y, begin);  // so little work that memory decides
}

// 4-bit and 8-bit affine weights only.
void gemv_bytes(const Bytes& x, const Weights& w, float* y, int64_t begin, int64_t end) {
  const auto sized = [&]<typename W>() {
    if (w.group == 32) byte_gemv_of<W, 32>(x, w, y, begin, end);
    else if (w.group == 64) byte_gemv_of<W, 64>(x, w, y, begin, end);
    else byte_gemv_of<W, 128>(x, w, y, begin, end);
  };
  if (w.format == Format::affine4) sized.template operator()<Affine<4>>();
  else sized.template operator()<Affine<8>>();
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
const LinearKernels linear{prepare, group_sums, gemv, gemm, to_bytes, gemv_bytes, finish};

}  // namespace kvist::KVIST_ISA
