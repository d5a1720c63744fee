// The vector kernels over ragged shapes with buffers of exactly their size, for AddressSanitizer and UBSan, and for
// processors that are emulated. Prints how many results it compared; a wrong one ends it, and so do other bits than
// those of another instruction set, or of a row in company.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "attention/attention_kernels.h"
#include "common/elementwise_kernels.h"
#include "common/simd.h"
#include "linear/linear_kernels.h"

#ifdef KVIST_X86  // not compiled for this program, and never chosen: see main()
namespace kvist::avx512 {
extern const AttentionKernels attention;
extern const ElementwiseKernels elementwise;
extern const LinearKernels linear;
const AttentionKernels attention{};
const ElementwiseKernels elementwise{};
const LinearKernels linear{};
}  // namespace kvist::avx512
#endif

using namespace kvist;

static std::mt19937 generator(1);
static long compared = 0;
static uint64_t seen = 0;  // a hash of the bits of all results of one instruction set

static void note(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  seen = (seen ^ bits) * 0x100000001b3u;
}

static void expect(float got, double want, double size, const char* what) {
  ++compared, note(got);
  if (std::abs(got - want) <= 1e-5 * size + 1e-6) return;
  std::printf("%s: %s: got %g, want %g\n", isa().c_str(), what, got, want);
  std::exit(1);
}

static std::vector<float> normal(int64_t n) {
  std::normal_distribution<float> draw;
  std::vector<float> out(n);
  for (auto& x : out) x = draw(generator);
  return out;
}

template <typename T>
static std::vector<T> narrow(const std::vector<float>& x) {
  std::vector<T> out(x.size());
  for (size_t i = 0; i < x.size(); ++i) out[i] = from_float<T>(x[i]);
  return out;
}

static void products(Weights w, const std::vector<std::vector<double>>& dense) {
  const auto& kernels = linear_kernels();
  for (const int64_t m : {1, 2, 7, 13}) {
    const auto x = normal(m * w.k);
    const int64_t k = padded(w.k, w.format), groups = w.group ? w.k / w.group : 0;
    std::vector<float> prepared(m * k), sums(groups), y(m * w.n, NAN), tile(kTile * k);
    kernels.prepare(Float::float32, x.data(), m, w, prepared.data());
    if (groups) kernels.group_sums(prepared.data(), w, sums.data());
    const auto compare = [&](int64_t rows, double tolerance, const char* what) {
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t n = 0; n < w.n; ++n) {
          double want = 0, size = 0;
          for (int64_t c = 0; c < w.k; ++c) want += dense[n][c] * x[i * w.k + c], size += std::abs(dense[n][c] * x[i * w.k + c]);
          expect(y[i * w.n + n], want, size * tolerance, what);
        }
      }
    };
    kernels.gemv(prepared.data(), sums.data(), w, y.data(), 0, w.n / 2);
    kernels.gemv(prepared.data(), sums.data(), w, y.data(), w.n / 2, w.n);
    compare(1, 1, "gemv");
    for (int64_t from = 0; from < w.n; from += kTile) {
      kernels.gemm(prepared.data(), m, w, y.data(), tile.data(), from, std::min(from + kTile, w.n));
    }
    compare(m, 1, "gemm");
    std::vector<float> alone(w.n);
    for (int64_t from = 0; from < w.n; from += kTile) {
      kernels.gemm(&prepared[(m - 1) * k], 1, w, alone.data(), tile.data(), from, std::min(from + kTile, w.n));
    }
    if (std::memcmp(alone.data(), &y[(m - 1) * w.n], size_t(w.n) * 4) != 0) {
      std::printf("%s: gemm: a row alone has other bits than in company\n", isa().c_str()), std::exit(1);
    }
    for (const int bits : {8, 16}) {
      if (!groups) continue;
      std::vector<char> values(k * bits / 8);
      std::vector<float> steps(groups);
      const Fixed row{values.data(), steps.data(), sums.data()};
      kernels.to_fixed(bits, prepared.data(), w, row);
      kernels.gemv_fixed(bits, row, w, y.data(), 0, w.n);
      compare(1, bits == 8 ? 2000 : 10, "gemv_fixed");
    }
  }
}

static void plain(Format format, int64_t n, int64_t k) {
  const auto values = normal(n * k);
  const auto half = narrow<float16_t>(values);
  const auto brain = narrow<bfloat16_t>(values);
  Weights w{values.data(), nullptr, nullptr, format, Float::float32, 0, n, k};
  if (format == Format::float16) w.data = half.data();
  if (format == Format::bfloat16) w.data = brain.data();
  std::vector<std::vector<double>> dense(n, std::vector<double>(k));
  for (int64_t i = 0; i < n * k; ++i) {
    dense[i / k][i % k] = format == Format::float32   ? values[i]
                          : format == Format::float16 ? to_float(half[i])
                                                      : to_float(brain[i]);
  }
  products(w, dense);
}

static void affine(Format format, int bits, int group, int64_t n, int64_t groups) {
  const int64_t k = group * groups;
  std::vector<uint32_t> packed(n * k * bits / 32);
  for (auto& word : packed) word = generator();
  const auto scales = narrow<bfloat16_t>(normal(n * groups)), biases = narrow<bfloat16_t>(normal(n * groups));
  std::vector<std::vector<double>> dense(n, std::vector<double>(k));
  for (int64_t i = 0; i < n * k; ++i) {
    const uint32_t q = packed[i * bits / 32] >> (i * bits % 32) & ((1u << bits) - 1);
    const int64_t g = i / k * groups + i % k / group;
    dense[i / k][i % k] = double(to_float(scales[g])) * q + to_float(biases[g]);
  }
  products({packed.data(), scales.data(), biases.data(), format, Float::bfloat16, group, n, k}, dense);
}

static void attend(int64_t heads, int64_t kv_heads, int64_t length, int64_t keys, int64_t dim, int64_t value_dim,
                   int64_t block_size) {
  const int64_t blocks = block_size ? (keys + block_size - 1) / block_size : 0;
  const int64_t rows = block_size ? blocks * block_size : keys, per = block_size ? block_size : keys;
  const auto q = normal(heads * length * dim), k = normal(kv_heads * rows * dim), v = normal(kv_heads * rows * value_dim);
  std::vector<float> out(heads * length * value_dim, NAN);
  std::vector<int32_t> table(blocks), lengths{int32_t(keys)};
  for (int64_t i = 0; i < blocks; ++i) table[i] = int32_t(blocks - 1 - i);
  AttentionArgs a{};
  a.q = q.data(), a.k = k.data(), a.v = v.data(), a.out = out.data();
  a.batch = 1, a.heads = heads, a.kv_heads = kv_heads, a.length = length, a.keys = per, a.dim = dim;
  a.value_dim = value_dim, a.scale = 0.5f, a.causal = true;
  const auto strides = [](int64_t(&s)[3], int64_t h, int64_t n, int64_t d) { s[0] = h * n * d, s[1] = n * d, s[2] = d; };
  strides(a.q_stride, heads, length, dim), strides(a.k_stride, kv_heads, per, dim);
  strides(a.v_stride, kv_heads, per, value_dim);
  if (block_size) {
    a.table = table.data(), a.lengths = lengths.data();
    a.table_width = a.num_blocks = blocks, a.block_size = block_size;
  }
  std::vector<float> scratch(attention_scratch(a));
  const int64_t queries = heads / kv_heads * length;
  for (int64_t h = 0; h < kv_heads; ++h) {
    for (int64_t i = 0; i < queries; i += kQueryTile) {
      attention_kernels().tile(a, 0, h, i, std::min<int64_t>(kQueryTile, queries - i), scratch.data());
    }
  }
  for (int64_t h = 0; h < heads; ++h) {
    for (int64_t i = 0; i < length; ++i) {
      const int64_t shared = h / (heads / kv_heads), seen = keys - length + i + 1;
      const auto at = [&](const std::vector<float>& x, int64_t s, int64_t width) {
        return x.data() + (block_size ? table[s / block_size] * a.kv_heads * per + shared * per + s % per : shared * per + s) * width;
      };
      std::vector<double> weight(seen);
      double total = 0;
      for (int64_t s = 0; s < seen; ++s) {
        double dot = 0;
        for (int64_t d = 0; d < dim; ++d) dot += double(q[(h * length + i) * dim + d]) * at(k, s, dim)[d];
        total += weight[s] = std::exp(0.5 * dot);
      }
      for (int64_t d = 0; d < value_dim; ++d) {
        double want = 0;
        for (int64_t s = 0; s < seen; ++s) want += weight[s] / total * at(v, s, value_dim)[d];
        expect(out[(h * length + i) * value_dim + d], want, 3, "attention");
      }
    }
  }
}

static void small(int64_t n) {
  const auto& kernels = elementwise_kernels();
  const auto x = normal(n), up = normal(n);
  std::vector<float> out(n), scratch((n + 15) / 16 * 16);
  kernels.swiglu(Float::float32, x.data(), up.data(), out.data(), n);
  for (int64_t i = 0; i < n; ++i) expect(out[i], x[i] / (1 + std::exp(-double(x[i]))) * up[i], 5, "swiglu");
  kernels.exp(Float::float32, x.data(), out.data(), n);
  for (int64_t i = 0; i < n; ++i) expect(out[i], std::exp(double(x[i])), std::exp(double(x[i])), "exp");
  kernels.softmax(Float::float32, x.data(), out.data(), n, scratch.data());
  double total = 0;
  for (const float value : x) total += std::exp(double(value));
  for (int64_t i = 0; i < n; ++i) expect(out[i], std::exp(double(x[i])) / total, 1, "softmax");
  const auto half = narrow<float16_t>(x);
  std::vector<float16_t> narrow_out(n);
  std::vector<float> cos(n / 2, 0.6f), sin(n / 2, 0.8f);
  kernels.head(Float::float16, half.data(), up.data(), 1e-6f, n % 2 ? nullptr : cos.data(), sin.data(), Float::float16,
               narrow_out.data(), n, scratch.data());
  for (const auto value : narrow_out) note(to_float(value));
}

static void rounding() {  // the fused multiply-add of the portable lanes, against the one of the C library
  for (int trial = 0; trial < 20000; ++trial) {
    float a[16], b[16], c[16], out[16];
    for (int i = 0; i < 16; ++i) {
      const auto any = [] { return std::ldexp(float(int32_t(generator())), int(generator() % 60) - 60); };
      a[i] = any(), b[i] = any(), c[i] = trial % 2 ? -a[i] * b[i] : any();
    }
    portable::store(out, portable::fma(portable::load(a), portable::load(b), portable::load(c)));
    for (int i = 0; i < 16; ++i) {
      ++compared;
      if (out[i] != std::fmaf(a[i], b[i], c[i])) std::printf("fma: %a %a %a\n", a[i], b[i], c[i]), std::exit(1);
    }
  }
}

int main() {
  rounding();
  uint64_t first = 0;
  for (const auto& name : available_isas()) {
    if (name == "avx512") continue;  // as avx512vnni but for one function
    set_isa(name), generator.seed(2), seen = 0;
    for (const auto format : {Format::float32, Format::float16, Format::bfloat16}) {
      for (const auto& [n, k] : {std::pair<int64_t, int64_t>{1, 1}, {3, 31}, {33, 64}, {70, 257}}) plain(format, n, k);
    }
    for (const int group : {32, 64, 128}) {
      for (const auto& [n, groups] : {std::pair<int64_t, int64_t>{1, 1}, {5, 3}, {34, 17}}) {
        affine(Format::affine2, 2, group, n, groups);
        affine(Format::affine4, 4, group, n, groups);
        affine(Format::affine8, 8, group, n, groups);
      }
    }
    for (const int64_t block_size : {0, 1, 7, 16}) {
      attend(4, 2, 1, 65, 64, 64, block_size);
      attend(3, 1, 5, 5, 20, 33, block_size);
      attend(6, 2, 9, 130, 7, 1, block_size);
    }
    for (const int64_t n : {1, 2, 15, 16, 17, 100}) small(n);
    if (first == 0) first = seen;
    if (seen != first) std::printf("%s: other bits than the portable lanes\n", name.c_str()), std::exit(1);
  }
  std::printf("%ld values compared\n", compared);
}
