// Attention in one pass over the keys with a running maximum, so that no row of scores is ever whole in memory
// (Dao et al. 2022, FlashAttention, algorithm 1). Compiled once per instruction set; see common/simd.h.
//
// A query's sums run over blocks of kKeyBlock keys counted from key 0, in an order that depends on the number of
// keys that it sees and on nothing else: keys that are hidden from it weigh exactly 0.
#include "attention/attention_kernels.h"
#include "common/simd.h"

namespace kvist::KVIST_ISA {
namespace {

constexpr float kHidden = -__builtin_inff();

KVIST_INLINE int64_t up16(int64_t n) { return (n + 15) / 16 * 16; }

template <typename T>
KVIST_INLINE F32 load_row(const T* row, int64_t at, int64_t dim) {
  return at + kLanes <= dim ? load(row + at) : load_part(row + at, int(dim - at));
}

template <typename T>
constexpr int64_t kPerLine = 64 / int64_t(sizeof(T));  // numbers of a cache line

// Where the rows of one block of keys, or of values, start.
template <typename T>
KVIST_INLINE void locate(const AttentionArgs& a, const void* base, const int64_t* stride, int64_t b, int64_t h,
                         int64_t first, int count, const T** rows) {
  const T* const start = static_cast<const T*>(base) + h * stride[1];
  for (int i = 0; i < count; ++i) {
    const int64_t key = first + i;
    if (a.table == nullptr) {
      rows[i] = start + b * stride[0] + key * stride[2];
    } else {
      const int64_t block = a.table[b * a.table_width + key / a.block_size];
      rows[i] = start + block * stride[0] + key % a.block_size * stride[2];
    }
  }
}

// Asks for the cache lines of a row that is needed a block of keys later: hardware alone does not see that far ahead, as
// keys and values lie in pieces and take turns.
template <typename T>
KVIST_INLINE void ask_for(const T* row, int64_t dim) {
  for (int64_t d = 0; d < dim; d += kPerLine<T>) prefetch_soon(row + d);
}

// scores[row][key] = q . k for `Rows` rows of queries and all keys of the block, four keys at a time. Meanwhile asks for
// the block's values, if given.
template <int Rows, typename T>
KVIST_INLINE void score_rows(const float* q, int64_t q_width, const T* const* keys, int count, int64_t dim,
                             float* scores, const T* const* values, int64_t value_dim) {
  int key = 0;
  for (; key + 4 <= count; key += 4) {
    for (int i = 0; values != nullptr && i < 4; ++i) ask_for(values[key + i], value_dim);
    F32 sum[Rows][4];
    for (int r = 0; r < Rows; ++r) sum[r][0] = sum[r][1] = sum[r][2] = sum[r][3] = broadcast(0.0f);
    for (int64_t d = 0; d < dim; d += kLanes) {
      const F32 k0 = load_row(keys[key], d, dim), k1 = load_row(keys[key + 1], d, dim);
      const F32 k2 = load_row(keys[key + 2], d, dim), k3 = load_row(keys[key + 3], d, dim);
      for (int r = 0; r < Rows; ++r) {
        const F32 value = load(q + r * q_width + d);
        sum[r][0] = fma(value, k0, sum[r][0]), sum[r][1] = fma(value, k1, sum[r][1]);
        sum[r][2] = fma(value, k2, sum[r][2]), sum[r][3] = fma(value, k3, sum[r][3]);
      }
    }
    for (int r = 0; r < Rows; ++r) {
      reduce4(sum[r][0], sum[r][1], sum[r][2], sum[r][3], scores + r * kKeyBlock + key);
    }
  }
  for (; key < count; ++key) {
    for (int r = 0; r < Rows; ++r) {
      F32 sum = broadcast(0.0f);
      for (int64_t d = 0; d < dim; d += kLanes) {
        sum = fma(load(q + r * q_width + d), load_row(keys[key], d, dim), sum);
      }
      scores[r * kKeyBlock + key] = reduce(sum);
    }
  }
}

// acc[row] += weights[row][key] * v[key] for `Rows` rows, sixteen features at a time. Meanwhile asks for the keys of the
// next block, if given.
template <int Rows, typename T>
KVIST_INLINE void add_values(const float* weights, const T* const* values, int count, int64_t dim, float* acc,
                             int64_t width, const T* const* next_keys) {
  for (int64_t d = 0; d < dim; d += kLanes) {
    F32 sum[Rows];
    for (int r = 0; r < Rows; ++r) sum[r] = load(acc + r * width + d);
    const bool ask = next_keys != nullptr && d % kPerLine<T> == 0;
    for (int key = 0; key < count; ++key) {
      if (ask) prefetch_soon(next_keys[key] + d);
      const F32 value = load_row(values[key], d, dim);
      for (int r = 0; r < Rows; ++r) sum[r] = fma(broadcast(weights[r * kKeyBlock + key]), value, sum[r]);
    }
    for (int r = 0; r < Rows; ++r) store(acc + r * width + d, sum[r]);
  }
}

constexpr int kTogether = kRegisters >= 32 ? 4 : kRegisters >= 8 ? 2 : 1;  // rows in registers; no effect on bits

struct Running {  // of one row of queries
  float most;     // largest score so far
  float sum[16];  // of exp(score - most), lane by lane
};

// Turns scores into exp(score - most), and what was summed before into the same units. Returns the factor.
KVIST_INLINE float weigh(float* scores, int visible, Running& run) {
  for (int i = visible < 0 ? 0 : visible; i < kKeyBlock; ++i) scores[i] = kHidden;
  if (visible <= 0) return 1.0f;
  F32 highest = broadcast(run.most);
  for (int i = 0; i < kKeyBlock; i += kLanes) highest = max(highest, load(scores + i));
  const float most = reduce_max(highest);
  const F32 shift = broadcast(most);
  float factor[16];
  store(factor, exp(sub(broadcast(run.most), shift)));
  F32 sum = mul(load(run.sum), broadcast(factor[0]));
  for (int i = 0; i < kKeyBlock; i += kLanes) {
    const F32 weight = exp(sub(load(scores + i), shift));
    store(scores + i, weight);
    sum = add(sum, weight);
  }
  store(run.sum, sum);
  run.most = most;
  return factor[0];
}

template <typename Q>
KVIST_INLINE void load_query(const AttentionArgs& a, const Q* row, float* out) {
  for (int64_t d = 0; d < up16(a.dim); d += kLanes) {
    store(out + d, mul(load_row(row, d, a.dim), broadcast(a.scale)));  // once, and not every score
  }
}

KVIST_INLINE void store_row(const AttentionArgs& a, const float* row, int64_t at) {
  if (a.q_type == Float::float32) {
    std::memcpy(static_cast<float*>(a.out) + at, row, size_t(a.value_dim) * 4);
  } else if (a.q_type == Float::float16) {
    for (int64_t d = 0; d < a.value_dim; ++d) static_cast<float16_t*>(a.out)[at + d] = from_float<float16_t>(row[d]);
  } else {
    for (int64_t d = 0; d < a.value_dim; ++d) static_cast<bfloat16_t*>(a.out)[at + d] = from_float<bfloat16_t>(row[d]);
  }
}

// body<Rows>(first) for `count` rows, as many together as registers hold, then fewer.
template <int Most, typename Body>
KVIST_INLINE void each_few(int64_t count, const Body& body) {
  int64_t r = 0;
  for (; r + Most <= count; r += Most) body.template operator()<Most>(r);
  if constexpr (Most > 2) {
    for (; r + 2 <= count; r += 2) body.template operator()<2>(r);
  }
  for (; r < count; ++r) body.template operator()<1>(r);
}

template <typename T>
void tile_of(const AttentionArgs& a, int64_t b, int64_t h, int64_t first, int64_t count, float* scratch) {
  const int64_t group = a.heads / a.kv_heads, width = up16(a.dim), value_width = up16(a.value_dim);
  const int64_t keys = a.lengths ? a.lengths[b] : a.keys;
  float* const q = scratch;
  float* const acc = q + kQueryTile * width;
  float* const scores = acc + kQueryTile * value_width;
  Running run[kQueryTile];
  int64_t visible[kQueryTile], most_visible = 0;
  for (int64_t r = 0; r < count; ++r) {
    const int64_t position = (first + r) / group, head = h * group + (first + r) % group;
    const int64_t at = b * a.q_stride[0] + head * a.q_stride[1] + position * a.q_stride[2];
    if (a.q_type == Float::float32) load_query(a, static_cast<const float*>(a.q) + at, q + r * width);
    else if (a.q_type == Float::float16) load_query(a, static_cast<const float16_t*>(a.q) + at, q + r * width);
    else load_query(a, static_cast<const bfloat16_t*>(a.q) + at, q + r * width);
    for (int64_t d = 0; d < value_width; ++d) acc[r * value_width + d] = 0;
    run[r].most = kHidden;
    for (int i = 0; i < kLanes; ++i) run[r].sum[i] = 0;
    visible[r] = a.causal ? keys - a.length + position + 1 : keys;
    most_visible = visible[r] > most_visible ? visible[r] : most_visible;
  }
  const auto keys_of = [&](int64_t block) { return int(most_visible - block < kKeyBlock ? most_visible - block : kKeyBlock); };
  const T *key_rows[kKeyBlock], *value_rows[kKeyBlock];
  locate(a, a.k, a.k_stride, b, h, 0, most_visible > 0 ? keys_of(0) : 0, key_rows);
  for (int64_t block = 0; block < most_visible; block += kKeyBlock) {
    const int here = keys_of(block);
    locate(a, a.v, a.v_stride, b, h, block, here, value_rows);
    const T* const* coming = value_rows;  // once
    each_few<kTogether>(count, [&]<int Rows>(int64_t r) {
      score_rows<Rows>(q + r * width, width, key_rows, here, a.dim, scores + r * kKeyBlock, coming, a.value_dim);
      coming = nullptr;
    });
    for (int64_t r = 0; r < count; ++r) {
      const int64_t left = visible[r] - block;
      float* const row = scores + r * kKeyBlock;
      const float factor = weigh(row, int(left < here ? left : here), run[r]);
      if (left <= 0) {
        for (int i = 0; i < kKeyBlock; ++i) row[i] = 0;
      } else if (factor != 1.0f) {
        float* const sum = acc + r * value_width;
        for (int64_t d = 0; d < value_width; d += kLanes) store(sum + d, mul(load(sum + d), broadcast(factor)));
      }
    }
    const int64_t next = block + kKeyBlock;
    if (next < most_visible) {
      const int there = keys_of(next);
      locate(a, a.k, a.k_stride, b, h, next, there, key_rows);
      for (int i = there; i < kKeyBlock; ++i) key_rows[i] = key_rows[0];
      coming = key_rows;
    }
    each_few<kTogether>(count, [&]<int Rows>(int64_t r) {
      add_values<Rows>(scores + r * kKeyBlock, value_rows, here, a.value_dim, acc + r * value_width, value_width, coming);
      coming = nullptr;
    });
  }
  for (int64_t r = 0; r < count; ++r) {
    const float sum = reduce(load(run[r].sum));
    const F32 divisor = broadcast(visible[r] > 0 ? sum : 1.0f);  // no keys at all: zeros
    float* const row = acc + r * value_width;
    for (int64_t d = 0; d < value_width; d += kLanes) store(row + d, div(load(row + d), divisor));
    const int64_t position = (first + r) / group, head = h * group + (first + r) % group;
    store_row(a, row, ((b * a.heads + head) * a.length + position) * a.value_dim);
  }
}

void tile(const AttentionArgs& a, int64_t b, int64_t h, int64_t first, int64_t count, float* scratch) {
  if (a.kv_type == Float::float32) return tile_of<float>(a, b, h, first, count, scratch);
  if (a.kv_type == Float::float16) return tile_of<float16_t>(a, b, h, first, count, scratch);
  tile_of<bfloat16_t>(a, b, h, first, count, scratch);
}

}  // namespace

extern const AttentionKernels attention;
const AttentionKernels attention{tile};

}  // namespace kvist::KVIST_ISA
