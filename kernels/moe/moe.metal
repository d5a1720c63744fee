// Mixture of experts: each token x (N, E) goes through the weights (F, E) of the k experts that the router chose for
// it. A pair is one token with one of its experts: pair p is token p / k with experts[p]; out has a row (F) for each.
//
// Dispatch, threads in x, y, z:
//   moe_group           grid (threads, 1, 1), one threadgroup; threads: whole SIMD-groups, one thread an expert
//   moe_gather          grid (E, N k, 1)                                          any threadgroup
//   moe_pairs           grid (32, F, N k)                                         threadgroup (32, up to 32, 1)
//   moe_pairs_4bit      grid (32, ceil(F / 4), N k)                               threadgroup (32, up to 32, 1)
//   moe_grouped         grid (16 ceil(F / 16), 16 ceil(N k / 16), experts)        threadgroup (16, 16, 1)
//   moe_grouped_matrix  grid (128 ceil(F / 32), ceil(N k / 32), experts)          threadgroup (128, 1, 1)
//   moe_grouped_4bit    as moe_grouped_matrix
// Weights of 4 bits have the layout of linear.metal, one matrix of it for each expert.
#include <metal_stdlib>
#include <metal_simdgroup_matrix>
using namespace metal;

constant constexpr uint MAX_SIMDGROUPS = 32;

// Pairs in the order of their experts: those of expert e are order[offsets[e]] to order[offsets[e + 1] - 1], in the
// order in which they came. One thread an expert counts its pairs, the counts add up to where each expert begins, and
// each thread writes its pairs there. (Atomic counters would read the pairs once, and order them by chance.)
[[kernel]] void moe_group(
    device const int* experts [[buffer(0)]],
    constant uint& num_pairs [[buffer(1)]],
    constant uint& num_experts [[buffer(2)]],
    device int* order [[buffer(3)]],
    device int* offsets [[buffer(4)]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint threads_per_simdgroup [[threads_per_simdgroup]]) {
  threadgroup int totals[MAX_SIMDGROUPS];  // pairs of the experts of a SIMD-group
  const int expert = int(thread_index_in_threadgroup);
  int count = 0;
  for (uint p = 0; p < num_pairs; ++p) {
    count += experts[p] == expert ? 1 : 0;
  }
  int begin = simd_prefix_exclusive_sum(count);
  if (thread_index_in_simdgroup == threads_per_simdgroup - 1) {
    totals[simdgroup_index_in_threadgroup] = begin + count;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);  // every total is there
  for (uint g = 0; g < simdgroup_index_in_threadgroup; ++g) {
    begin += totals[g];
  }
  if (expert < int(num_experts)) {
    offsets[expert] = begin;
    if (expert == int(num_experts) - 1) {
      offsets[num_experts] = begin + count;
    }
    for (uint p = 0; p < num_pairs; ++p) {
      if (experts[p] == expert) {
        order[begin] = int(p);
        ++begin;
      }
    }
  }
}

// Tokens copied into the order of their experts, for matrix products that want their rows one behind the other.
template <typename T>
[[kernel]] void moe_gather(
    device const T* x [[buffer(0)]],
    device const int* order [[buffer(1)]],
    constant uint& experts_per_token [[buffer(2)]],
    device T* out [[buffer(3)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint3 threads_per_grid [[threads_per_grid]]) {
  const uint i = thread_position_in_grid.x, row = thread_position_in_grid.y;
  const uint token = uint(order[row]) / experts_per_token;
  out[size_t(row) * threads_per_grid.x + i] = x[size_t(token) * threads_per_grid.x + i];
}

// 1. One SIMD-group a result, pair by pair: every pair reads the weights of its expert again.
template <typename T>
[[kernel]] void moe_pairs(
    device const T* x [[buffer(0)]],
    device const T* weights [[buffer(1)]],
    device const int* experts [[buffer(2)]],
    constant uint& experts_per_token [[buffer(3)]],
    constant uint& columns [[buffer(4)]],
    device T* out [[buffer(5)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint3 threads_per_grid [[threads_per_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]]) {
  const uint n = thread_position_in_grid.y, pair = thread_position_in_grid.z, rows = threads_per_grid.y;
  device const T* token = x + size_t(pair / experts_per_token) * columns;
  device const T* weight = weights + (size_t(experts[pair]) * rows + n) * columns;
  float sum = 0.0;
  for (uint i = thread_index_in_simdgroup; i < columns; i += 32) {
    sum += float(token[i]) * float(weight[i]);
  }
  sum = simd_sum(sum);
  if (thread_index_in_simdgroup == 0) {
    out[size_t(pair) * rows + n] = T(sum);
  }
}

// The same for weights of 4 bits, as linear_gemv_prescaled in linear.metal: nibbles masked in place, x divided by what
// they are too large for, scale and bias once for eight weights, x once for four rows.
constant constexpr uint PACKED = 8;  // weights in a word
constant constexpr uint ROWS = 4;

template <typename T, typename S>
[[kernel]] void moe_pairs_4bit(
    device const T* x [[buffer(0)]],
    device const uint* packed [[buffer(1)]],
    device const S* scales [[buffer(2)]],
    device const S* biases [[buffer(3)]],
    device const int* experts [[buffer(4)]],
    constant uint& experts_per_token [[buffer(5)]],
    constant uint& num_rows [[buffer(6)]],
    constant uint& columns [[buffer(7)]],
    constant uint& group_size [[buffer(8)]],
    device T* out [[buffer(9)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]]) {
  const uint begin = thread_position_in_grid.y * ROWS, pair = thread_position_in_grid.z;
  const uint rows = min(ROWS, num_rows - begin), words = columns / PACKED;
  device const T* token = x + size_t(pair / experts_per_token) * columns;
  const size_t first = size_t(experts[pair]) * num_rows + begin;  // row of all experts' matrices
  float sums[ROWS] = {0.0, 0.0, 0.0, 0.0};
  for (uint i = thread_index_in_simdgroup; i < words; i += 32) {
    float4 low, high;
    for (uint j = 0; j < 4; ++j) {
      low[j] = float(token[i * PACKED + j]);
      high[j] = float(token[i * PACKED + 4 + j]);
    }
    const float total = dot(low, float4(1.0f)) + dot(high, float4(1.0f));
    const float4 prescale = float4(1.0f, 1.0f / 16, 1.0f / 256, 1.0f / 4096);
    low *= prescale;
    high *= prescale;
    for (uint r = 0; r < rows; ++r) {
      const size_t at = (first + r) * words + i;
      const float4 lower = float4(uint4(packed[at]) & uint4(0x000f, 0x00f0, 0x0f00, 0xf000));
      const float4 upper = float4(uint4(packed[at] >> 16) & uint4(0x000f, 0x00f0, 0x0f00, 0xf000));
      const size_t group = at * PACKED / group_size;
      sums[r] += float(scales[group]) * (dot(low, lower) + dot(high, upper)) + float(biases[group]) * total;
    }
  }
  for (uint r = 0; r < rows; ++r) {
    const float sum = simd_sum(sums[r]);
    if (thread_index_in_simdgroup == 0) {
      out[size_t(pair) * num_rows + begin + r] = T(sum);
    }
  }
}

constant constexpr uint STEP = 32;         // columns that a tile covers
constant constexpr uint PITCH = STEP + 1;  // of a row in threadgroup memory: neighbours in a column, other banks

// Columns k to k + STEP of `count` rows to threadgroup memory, by `threads` threads. Row r of the tile is row
// order[begin + r] / divisor of `from`, or begin + r where there is no order; zeros where begin + r reaches end.
template <typename T>
void load_rows(device const T* from, device const int* order, uint divisor, uint begin, uint end, uint k, uint columns,
               uint count, uint first, uint threads, threadgroup float* tile) {
  for (uint i = first; i < count * STEP; i += threads) {
    const uint r = begin + i / STEP, c = k + i % STEP;
    float value = 0.0;
    if (r < end && c < columns) {
      const uint row = order != nullptr ? uint(order[r]) / divisor : r;
      value = float(from[size_t(row) * columns + c]);
    }
    tile[i / STEP * PITCH + i % STEP] = value;
  }
}

// 2. Pairs in the order of their experts: 16 of one expert share a tile of its weights. Tokens are gathered on the way
// into threadgroup memory, results go to the rows of their pairs: no copy, no second sort. Nobody knows beforehand how
// many pairs an expert has, so there are threadgroups for all of them, and those behind the last pair leave at once.
constant constexpr uint TILE = 16;

template <typename T>
[[kernel]] void moe_grouped(
    device const T* x [[buffer(0)]],
    device const T* weights [[buffer(1)]],
    device const int* order [[buffer(2)]],
    device const int* offsets [[buffer(3)]],
    constant uint& experts_per_token [[buffer(4)]],
    constant uint& num_rows [[buffer(5)]],
    constant uint& columns [[buffer(6)]],
    device T* out [[buffer(7)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 thread_position_in_threadgroup [[thread_position_in_threadgroup]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]]) {
  threadgroup float left[TILE * PITCH];
  threadgroup float right[TILE * PITCH];
  const uint expert = threadgroup_position_in_grid.z;
  const uint begin = uint(offsets[expert]) + threadgroup_position_in_grid.y * TILE;
  const uint end = uint(offsets[expert + 1]);
  if (begin >= end) {  // all threads of the threadgroup alike
    return;
  }
  device const T* weight = weights + size_t(expert) * num_rows * columns;
  const uint n0 = threadgroup_position_in_grid.x * TILE, first = thread_index_in_threadgroup;
  const uint ty = thread_position_in_threadgroup.y, tx = thread_position_in_threadgroup.x;
  float sum = 0.0;
  for (uint k = 0; k < columns; k += STEP) {
    load_rows(x, order, experts_per_token, begin, end, k, columns, TILE, first, TILE * TILE, left);
    load_rows(weight, nullptr, 1, n0, num_rows, k, columns, TILE, first, TILE * TILE, right);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles are filled
    for (uint c = 0; c < STEP; ++c) {
      sum += left[ty * PITCH + c] * right[tx * PITCH + c];
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles may be filled again
  }
  if (begin + ty < end && n0 + tx < num_rows) {
    out[size_t(order[begin + ty]) * num_rows + n0 + tx] = T(sum);
  }
}

// 3. 32 pairs of one expert times 32 of its rows, in 8 x 8 matrices: each of four SIMD-groups does 16 x 16.
constant constexpr uint BLOCK = 32;
constant constexpr uint BLOCK_THREADS = 128;

// The 16 x 16 results of a SIMD-group, and where they are in the block.
struct Results {
  simdgroup_float8x8 sums[2][2];
  uint y;
  uint x;
};

void start(thread Results& results, uint group) {
  for (uint i = 0; i < 2; ++i) {
    for (uint j = 0; j < 2; ++j) {
      results.sums[i][j] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
    }
  }
  results.y = group / 2 * 16;
  results.x = group % 2 * 16;
}

// Adds the product of what is in the tiles.
void accumulate(thread Results& results, const threadgroup float* left, const threadgroup float* right) {
  for (uint c = 0; c < STEP; c += 8) {
    simdgroup_float8x8 a[2], b[2];
    for (uint i = 0; i < 2; ++i) {
      simdgroup_load(a[i], left + (results.y + 8 * i) * PITCH + c, PITCH);
      simdgroup_load(b[i], right + (results.x + 8 * i) * PITCH + c, PITCH, ulong2(0), true);  // transposed
    }
    for (uint i = 0; i < 2; ++i) {
      for (uint j = 0; j < 2; ++j) {
        simdgroup_multiply_accumulate(results.sums[i][j], a[i], b[j], results.sums[i][j]);
      }
    }
  }
}

// Results to the rows of their pairs, by way of a tile: a matrix is stored whole, and only threads can leave out what
// is behind the edges.
template <typename T>
void scatter(thread Results& results, threadgroup float* tile, device const int* order, uint begin, uint end, uint n0,
             uint num_rows, uint first, device T* out) {
  for (uint i = 0; i < 2; ++i) {
    for (uint j = 0; j < 2; ++j) {
      simdgroup_store(results.sums[i][j], tile + (results.y + 8 * i) * PITCH + results.x + 8 * j, PITCH);
    }
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);  // the results are there
  for (uint i = first; i < BLOCK * BLOCK; i += BLOCK_THREADS) {
    const uint r = begin + i / BLOCK, n = n0 + i % BLOCK;
    if (r < end && n < num_rows) {
      out[size_t(order[r]) * num_rows + n] = T(tile[i / BLOCK * PITCH + i % BLOCK]);
    }
  }
}

template <typename T>
[[kernel]] void moe_grouped_matrix(
    device const T* x [[buffer(0)]],
    device const T* weights [[buffer(1)]],
    device const int* order [[buffer(2)]],
    device const int* offsets [[buffer(3)]],
    constant uint& experts_per_token [[buffer(4)]],
    constant uint& num_rows [[buffer(5)]],
    constant uint& columns [[buffer(6)]],
    device T* out [[buffer(7)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]]) {
  threadgroup float left[BLOCK * PITCH];  // tokens, at the end the results
  threadgroup float right[BLOCK * PITCH];
  const uint expert = threadgroup_position_in_grid.z, n0 = threadgroup_position_in_grid.x * BLOCK;
  const uint begin = uint(offsets[expert]) + threadgroup_position_in_grid.y * BLOCK;
  const uint end = uint(offsets[expert + 1]), first = thread_index_in_threadgroup;
  if (begin >= end) {
    return;
  }
  device const T* weight = weights + size_t(expert) * num_rows * columns;
  Results results;
  start(results, simdgroup_index_in_threadgroup);
  for (uint k = 0; k < columns; k += STEP) {
    load_rows(x, order, experts_per_token, begin, end, k, columns, BLOCK, first, BLOCK_THREADS, left);
    load_rows(weight, nullptr, 1, n0, num_rows, k, columns, BLOCK, first, BLOCK_THREADS, right);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles are filled
    accumulate(results, left, right);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles may be filled again
  }
  scatter(results, left, order, begin, end, n0, num_rows, first, out);
}

// 4. The same for weights of 4 bits: each comes to threadgroup memory as a float, once for 32 pairs.
template <typename T, typename S>
[[kernel]] void moe_grouped_4bit(
    device const T* x [[buffer(0)]],
    device const uint* packed [[buffer(1)]],
    device const S* scales [[buffer(2)]],
    device const S* biases [[buffer(3)]],
    device const int* order [[buffer(4)]],
    device const int* offsets [[buffer(5)]],
    constant uint& experts_per_token [[buffer(6)]],
    constant uint& num_rows [[buffer(7)]],
    constant uint& columns [[buffer(8)]],
    constant uint& group_size [[buffer(9)]],
    device T* out [[buffer(10)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]]) {
  threadgroup float left[BLOCK * PITCH];  // tokens, at the end the results
  threadgroup float right[BLOCK * PITCH];
  const uint expert = threadgroup_position_in_grid.z, n0 = threadgroup_position_in_grid.x * BLOCK;
  const uint begin = uint(offsets[expert]) + threadgroup_position_in_grid.y * BLOCK;
  const uint end = uint(offsets[expert + 1]), first = thread_index_in_threadgroup;
  if (begin >= end) {
    return;
  }
  Results results;
  start(results, simdgroup_index_in_threadgroup);
  for (uint k = 0; k < columns; k += STEP) {
    load_rows(x, order, experts_per_token, begin, end, k, columns, BLOCK, first, BLOCK_THREADS, left);
    for (uint i = first; i < BLOCK * STEP / PACKED; i += BLOCK_THREADS) {  // a word each
      const uint r = i / (STEP / PACKED), c = i % (STEP / PACKED) * PACKED;
      const size_t at = ((size_t(expert) * num_rows + n0 + r) * columns + k + c) / PACKED;
      const bool inside = n0 + r < num_rows;  // columns are whole groups of at least 32
      const uint word = inside ? packed[at] : 0;
      const float scale = inside ? float(scales[at * PACKED / group_size]) : 0.0;
      const float bias = inside ? float(biases[at * PACKED / group_size]) : 0.0;
      for (uint j = 0; j < PACKED; ++j) {
        right[r * PITCH + c + j] = scale * float(word >> (4 * j) & 15) + bias;
      }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles are filled
    accumulate(results, left, right);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles may be filled again
  }
  scatter(results, left, order, begin, end, n0, num_rows, first, out);
}
