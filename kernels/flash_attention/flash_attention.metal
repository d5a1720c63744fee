// Attention of q (B, H, L, D) to k and v (B, Hkv, S, D): softmax(q k^T scale) v, query head h with KV head
// h / (H / Hkv). Sequence b has lengths[b] keys; the queries are its last L tokens. `causal`: query i sees the keys up to
// lengths[b] - L + i. A query that sees no key gets zeros.
//
// The scores of all queries are a matrix of L x S numbers. From version 2 on it is never whole anywhere: a running
// maximum and a running sum make the softmax as the keys go by. (Dao et al. 2022, FlashAttention, algorithm 1)
//
// Dispatch: flash_attention_naive and flash_attention_online: grid (L, H, B), any threadgroup.
// flash_attention_tiled: grid (128 ceil(L / 16), H, B), flash_attention_matrix: grid (128 ceil(L / 32), H, B), both
// with threadgroup (128, 1, 1). DIM: D, rounded up to a multiple of 8, at most 128.
#include <metal_stdlib>
using namespace metal;

float exp_from(float x, float highest) {
  return highest == -INFINITY ? 0.0 : metal::precise::exp(x - highest);
}

// How many keys query i sees: the first ones.
uint visible_keys(int length, uint queries, uint i, bool causal) {
  return uint(causal ? max(length - int(queries) + int(i) + 1, 0) : length);
}

// Where a KV head begins.
size_t kv_start(uint sequence, uint head, uint num_heads, uint num_kv_heads, uint num_keys, uint dim) {
  return (size_t(sequence) * num_kv_heads + head / (num_heads / num_kv_heads)) * num_keys * dim;
}

template <typename T>
float dot(device const T* a, device const T* b, uint dim) {
  float sum = 0.0;
  for (uint d = 0; d < dim; ++d) {
    sum += float(a[d]) * float(b[d]);
  }
  return sum;
}

// 1. One thread a query. Its scores go to memory, once; they come back for the softmax, once.
template <typename T, int DIM>
[[kernel]] void flash_attention_naive(
    device const T* q [[buffer(0)]],
    device const T* k [[buffer(1)]],
    device const T* v [[buffer(2)]],
    device const int* lengths [[buffer(3)]],
    constant float& scale [[buffer(4)]],
    constant bool& causal [[buffer(5)]],
    constant uint& num_kv_heads [[buffer(6)]],
    constant uint& num_keys [[buffer(7)]],
    constant uint& dim [[buffer(8)]],
    device float* scores [[buffer(9)]],
    device T* out [[buffer(10)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint3 threads_per_grid [[threads_per_grid]]) {
  const uint query = thread_position_in_grid.x, head = thread_position_in_grid.y;
  const uint sequence = thread_position_in_grid.z, queries = threads_per_grid.x;
  const size_t row = (size_t(sequence) * threads_per_grid.y + head) * queries + query;
  const size_t keys = kv_start(sequence, head, threads_per_grid.y, num_kv_heads, num_keys, dim);
  const uint visible = visible_keys(lengths[sequence], queries, query, causal);

  float highest = -INFINITY;
  for (uint key = 0; key < num_keys; ++key) {
    const float score = key < visible ? dot(q + row * dim, k + keys + size_t(key) * dim, dim) * scale : -INFINITY;
    scores[row * num_keys + key] = score;
    highest = max(highest, score);
  }
  float total = 0.0;
  float sums[DIM] = {};
  for (uint key = 0; key < visible; ++key) {
    const float weight = exp_from(scores[row * num_keys + key], highest);
    total += weight;
    for (uint d = 0; d < dim; ++d) {
      sums[d] += weight * float(v[keys + size_t(key) * dim + d]);
    }
  }
  for (uint d = 0; d < dim; ++d) {
    out[row * dim + d] = T(total == 0.0f ? 0.0f : sums[d] / total);
  }
}

// 2. One thread a query, one pass: what was added under an earlier maximum is brought to the new one.
template <typename T, int DIM>
[[kernel]] void flash_attention_online(
    device const T* q [[buffer(0)]],
    device const T* k [[buffer(1)]],
    device const T* v [[buffer(2)]],
    device const int* lengths [[buffer(3)]],
    constant float& scale [[buffer(4)]],
    constant bool& causal [[buffer(5)]],
    constant uint& num_kv_heads [[buffer(6)]],
    constant uint& num_keys [[buffer(7)]],
    constant uint& dim [[buffer(8)]],
    device T* out [[buffer(9)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint3 threads_per_grid [[threads_per_grid]]) {
  const uint query = thread_position_in_grid.x, head = thread_position_in_grid.y;
  const uint sequence = thread_position_in_grid.z, queries = threads_per_grid.x;
  const size_t row = (size_t(sequence) * threads_per_grid.y + head) * queries + query;
  const size_t keys = kv_start(sequence, head, threads_per_grid.y, num_kv_heads, num_keys, dim);
  const uint visible = visible_keys(lengths[sequence], queries, query, causal);

  float highest = -INFINITY, total = 0.0;
  float sums[DIM] = {};
  for (uint key = 0; key < visible; ++key) {
    const float score = dot(q + row * dim, k + keys + size_t(key) * dim, dim) * scale;
    const float now = max(highest, score);
    const float kept = exp_from(highest, now), weight = exp_from(score, now);
    highest = now;
    total = total * kept + weight;
    for (uint d = 0; d < dim; ++d) {
      sums[d] = sums[d] * kept + weight * float(v[keys + size_t(key) * dim + d]);
    }
  }
  for (uint d = 0; d < dim; ++d) {
    out[row * dim + d] = T(total == 0.0f ? 0.0f : sums[d] / total);
  }
}

// A tile of rows, DIM floats each, with zeros behind the last row and the last feature: rows of keys that nobody wrote
// may hold anything, and 0 times anything is not 0. Four floats between rows spread them over the memory's banks.
template <typename T, int ROWS, int DIM>
void fill(threadgroup float* tile, device const T* rows, uint first, uint end, uint dim, uint index) {
  for (uint i = index; i < ROWS * DIM; i += 128) {
    const uint r = i / DIM, d = i % DIM;
    tile[r * (DIM + 4) + d] = first + r < end && d < dim ? float(rows[size_t(first + r) * dim + d]) : 0.0;
  }
}

// 3. A tile of 16 queries for four SIMD-groups, four queries each: 32 keys at a time, a lane each, lie in threadgroup
// memory for all 16. For the values a lane has features lane, lane + 32, ...
constant constexpr uint QUERIES = 16, KEYS = 32, OWN = 4;

template <typename T, int DIM>
[[kernel]] void flash_attention_tiled(
    device const T* q [[buffer(0)]],
    device const T* k [[buffer(1)]],
    device const T* v [[buffer(2)]],
    device const int* lengths [[buffer(3)]],
    constant float& scale [[buffer(4)]],
    constant bool& causal [[buffer(5)]],
    constant uint& num_kv_heads [[buffer(6)]],
    constant uint& num_queries [[buffer(7)]],
    constant uint& num_keys [[buffer(8)]],
    constant uint& dim [[buffer(9)]],
    device T* out [[buffer(10)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 threadgroups_per_grid [[threadgroups_per_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]]) {
  threadgroup float queries[QUERIES * (DIM + 4)];
  threadgroup float tile[KEYS * (DIM + 4)];  // keys, then their values
  threadgroup float weights[QUERIES * KEYS];
  const uint lane = thread_index_in_simdgroup, own = simdgroup_index_in_threadgroup * OWN;
  const uint head = threadgroup_position_in_grid.y, sequence = threadgroup_position_in_grid.z;
  const uint first = threadgroup_position_in_grid.x * QUERIES, last = min(first + QUERIES, num_queries) - 1;
  const size_t rows = (size_t(sequence) * threadgroups_per_grid.y + head) * num_queries * dim;
  const size_t keys = kv_start(sequence, head, threadgroups_per_grid.y, num_kv_heads, num_keys, dim);
  const int length = lengths[sequence];
  const uint end = visible_keys(length, num_queries, last, causal);  // later tiles are hidden whole

  fill<T, QUERIES, DIM>(queries, q + rows, first, num_queries, dim, thread_index_in_threadgroup);
  float highest[OWN], total[OWN], sums[OWN][(DIM + 31) / 32];
  for (uint i = 0; i < OWN; ++i) {
    highest[i] = -INFINITY;
    total[i] = 0.0;
    for (uint j = 0; j < (DIM + 31) / 32; ++j) {
      sums[i][j] = 0.0;
    }
  }
  for (uint begin = 0; begin < end; begin += KEYS) {
    fill<T, KEYS, DIM>(tile, k + keys, begin, end, dim, thread_index_in_threadgroup);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the keys are there
    for (uint i = 0; i < OWN; ++i) {
      float score = 0.0;
      for (uint d = 0; d < dim; ++d) {
        score += queries[(own + i) * (DIM + 4) + d] * tile[lane * (DIM + 4) + d];
      }
      const bool sees = begin + lane < visible_keys(length, num_queries, first + own + i, causal);
      score = sees ? score * scale : -INFINITY;
      const float now = max(highest[i], simd_max(score));
      const float kept = exp_from(highest[i], now), weight = exp_from(score, now);
      highest[i] = now;
      total[i] = total[i] * kept + simd_sum(weight);
      for (uint j = 0; j < (DIM + 31) / 32; ++j) {
        sums[i][j] *= kept;
      }
      weights[(own + i) * KEYS + lane] = weight;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the keys have been read, the weights are there
    fill<T, KEYS, DIM>(tile, v + keys, begin, end, dim, thread_index_in_threadgroup);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the values are there
    for (uint i = 0; i < OWN; ++i) {
      for (uint j = 0; 32 * j + lane < dim; ++j) {
        for (uint key = 0; key < KEYS; ++key) {
          sums[i][j] += weights[(own + i) * KEYS + key] * tile[key * (DIM + 4) + 32 * j + lane];
        }
      }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the values have been read
  }
  for (uint i = 0; i < OWN && first + own + i < num_queries; ++i) {
    for (uint j = 0; 32 * j + lane < dim; ++j) {
      const float value = total[i] == 0.0f ? 0.0f : sums[i][j] / total[i];
      out[rows + size_t(first + own + i) * dim + 32 * j + lane] = T(value);
    }
  }
}

// 4. A tile of 32 queries for four SIMD-groups, eight each, in 8 x 8 matrices that a SIMD-group multiplies as a whole;
// 16 keys at a time. Which lane holds what of a matrix is not documented: the softmax reads it from threadgroup memory,
// and rows are rescaled by a matrix with the factors on its diagonal.
constant constexpr uint SIDE = 8, BLOCK = 32, STEP = 16, PITCH = STEP + 4;

template <typename T, int DIM>
[[kernel]] void flash_attention_matrix(
    device const T* q [[buffer(0)]],
    device const T* k [[buffer(1)]],
    device const T* v [[buffer(2)]],
    device const int* lengths [[buffer(3)]],
    constant float& scale [[buffer(4)]],
    constant bool& causal [[buffer(5)]],
    constant uint& num_kv_heads [[buffer(6)]],
    constant uint& num_queries [[buffer(7)]],
    constant uint& num_keys [[buffer(8)]],
    constant uint& dim [[buffer(9)]],
    device T* out [[buffer(10)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 threadgroups_per_grid [[threadgroups_per_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]]) {
  threadgroup float tiles[BLOCK * (DIM + 4)];  // queries first, then 16 keys and their values, at the end the results
  threadgroup float scores[BLOCK * PITCH];     // and the weights in their place
  threadgroup float diagonals[BLOCK * SIDE];
  threadgroup float* values = tiles + STEP * (DIM + 4);
  const uint lane = thread_index_in_simdgroup, own = simdgroup_index_in_threadgroup * SIDE;
  threadgroup float* own_scores = scores + own * PITCH;
  threadgroup float* diagonal = diagonals + own * SIDE;
  const uint head = threadgroup_position_in_grid.y, sequence = threadgroup_position_in_grid.z;
  const uint first = threadgroup_position_in_grid.x * BLOCK, last = min(first + BLOCK, num_queries) - 1;
  const size_t rows = (size_t(sequence) * threadgroups_per_grid.y + head) * num_queries * dim;
  const size_t keys = kv_start(sequence, head, threadgroups_per_grid.y, num_kv_heads, num_keys, dim);
  const int length = lengths[sequence];
  const uint end = visible_keys(length, num_queries, last, causal);
  // Four lanes make the softmax of a row, each of four neighbouring keys.
  const uint row = lane / 4, column = lane % 4 * 4;
  const uint visible = visible_keys(length, num_queries, first + own + row, causal);

  fill<T, BLOCK, DIM>(tiles, q + rows, first, num_queries, dim, thread_index_in_threadgroup);
  for (uint i = lane; i < SIDE * SIDE; i += 32) {
    diagonal[i] = 0.0;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);  // the queries are there
  simdgroup_float8x8 queries[DIM / SIDE], sums[DIM / SIDE], factors;
  for (uint j = 0; j < DIM / SIDE; ++j) {
    simdgroup_load(queries[j], tiles + own * (DIM + 4) + SIDE * j, DIM + 4);
    sums[j] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
  }
  float highest = -INFINITY, total = 0.0;
  for (uint begin = 0; begin < end; begin += STEP) {
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles have been read
    fill<T, STEP, DIM>(tiles, k + keys, begin, end, dim, thread_index_in_threadgroup);
    fill<T, STEP, DIM>(values, v + keys, begin, end, dim, thread_index_in_threadgroup);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // keys and values are there
    for (uint c = 0; c < STEP; c += SIDE) {
      simdgroup_float8x8 product = make_filled_simdgroup_matrix<float, 8, 8>(0.0f), key;
      for (uint j = 0; j < DIM / SIDE; ++j) {
        simdgroup_load(key, tiles + c * (DIM + 4) + SIDE * j, DIM + 4, ulong2(0), true);  // transposed
        simdgroup_multiply_accumulate(product, queries[j], key, product);
      }
      simdgroup_store(product, own_scores + c, PITCH);
    }
    simdgroup_barrier(mem_flags::mem_threadgroup);  // the scores are there

    float score[4];
    float now = highest;
    for (uint c = 0; c < 4; ++c) {
      score[c] = begin + column + c < visible ? own_scores[row * PITCH + column + c] * scale : -INFINITY;
      now = max(now, score[c]);
    }
    now = max(now, simd_shuffle_xor(now, 1));
    now = max(now, simd_shuffle_xor(now, 2));
    float sum = 0.0;
    for (uint c = 0; c < 4; ++c) {
      const float weight = exp_from(score[c], now);
      sum += weight;
      own_scores[row * PITCH + column + c] = weight;
    }
    sum += simd_shuffle_xor(sum, 1);
    sum += simd_shuffle_xor(sum, 2);
    const float kept = exp_from(highest, now);
    total = total * kept + sum;
    highest = now;
    if (column == 0) {
      diagonal[row * SIDE + row] = kept;
    }
    simdgroup_barrier(mem_flags::mem_threadgroup);  // weights and factors are there

    simdgroup_float8x8 weights[STEP / SIDE], value;
    simdgroup_load(factors, diagonal, SIDE);
    for (uint c = 0; c < STEP / SIDE; ++c) {
      simdgroup_load(weights[c], own_scores + SIDE * c, PITCH);
    }
    for (uint j = 0; j < DIM / SIDE; ++j) {
      simdgroup_multiply(sums[j], factors, sums[j]);
      for (uint c = 0; c < STEP / SIDE; ++c) {
        simdgroup_load(value, values + SIDE * c * (DIM + 4) + SIDE * j, DIM + 4);
        simdgroup_multiply_accumulate(sums[j], weights[c], value, sums[j]);
      }
    }
  }
  // A matrix is stored whole; only threads can leave out what is behind the edges.
  threadgroup_barrier(mem_flags::mem_threadgroup);  // keys and values have been read
  for (uint j = 0; j < DIM / SIDE; ++j) {
    simdgroup_store(sums[j], tiles + own * (DIM + 4) + SIDE * j, DIM + 4);
  }
  simdgroup_barrier(mem_flags::mem_threadgroup);  // the results are there
  const float factor = total == 0.0f ? 0.0f : 1.0f / total;
  for (uint d = lane % 4; d < dim && first + own + row < num_queries; d += 4) {
    out[rows + size_t(first + own + row) * dim + d] = T(tiles[(own + row) * (DIM + 4) + d] * factor);
  }
}
