// Attention of the newest L tokens of each sequence, q (B, H, L, D), to keys and values in a pool of blocks,
// k_blocks and v_blocks (num_blocks, Hkv, block_size, D): token s of sequence b lies in block
// block_table[b, s / block_size], at row s % block_size. Query i of L sees the keys up to lengths[b] - L + i, at least
// its own. Query head h reads KV head h / (H / Hkv). L is 1 in decoding. (Kwon et al. 2023,
// PagedAttention, section 4.1)
//
// Dispatch: paged_attention_naive: grid (H L, B, 1), any threadgroup. paged_attention_simd: grid (32, H L, B),
// threadgroup (32, 1, 1). paged_attention_combined: grid (32 G, H L, B), threadgroup (32 G, 1, 1).
// paged_attention_grouped: grid (32 G, Hkv L, B), threadgroup (32 G, 1, 1), GROUP: H / Hkv. G is at most 8.
#include <metal_stdlib>
using namespace metal;

constant constexpr uint FEATURES = 4;  // of a lane: lane, lane + 32, ...; so D is at most 128
constant constexpr uint WIDTH = 32 * FEATURES;
constant constexpr uint MAX_SIMDGROUPS = 8;

float exp_from(float x, float highest) {
  return highest == -INFINITY ? 0.0 : metal::precise::exp(x - highest);
}

// Where in the pool a block begins for one KV head.
size_t block_start(int block, uint kv_head, uint num_kv_heads, uint block_size, uint dim) {
  return (size_t(block) * num_kv_heads + kv_head) * block_size * dim;
}

// What is known of some keys: maximum of the scores, sum of the weights exp(score - maximum), and this lane's features
// of the values times their weights.
struct State {
  float highest;
  float total;
  float values[FEATURES];
};

State nothing() {
  return State{-INFINITY, 0.0f, {0.0f, 0.0f, 0.0f, 0.0f}};
}

// This lane's features of a row, zeros behind the last.
template <typename T>
void load(device const T* row, uint dim, uint lane, thread float* features) {
  for (uint i = 0; i < FEATURES; ++i) {
    const uint d = lane + 32 * i;
    features[i] = d < dim ? float(row[d]) : 0.0;
  }
}

template <typename T>
void store(device T* row, State state, uint dim, uint lane) {
  for (uint i = 0; i < FEATURES; ++i) {
    const uint d = lane + 32 * i;
    if (d < dim) {
      row[d] = T(state.values[i] / state.total);
    }
  }
}

// The state with one more key; a SIMD-group does this together.
State add(State state, const thread float* query, const thread float* key, const thread float* value, float scale) {
  float score = 0.0;
  for (uint i = 0; i < FEATURES; ++i) {
    score += query[i] * key[i];
  }
  score = simd_sum(score) * scale;
  const float now = max(state.highest, score);
  const float kept = exp_from(state.highest, now), weight = exp_from(score, now);
  state.highest = now;
  state.total = state.total * kept + weight;
  for (uint i = 0; i < FEATURES; ++i) {
    state.values[i] = state.values[i] * kept + weight * value[i];
  }
  return state;
}

// 1. One thread a query of a head: it walks through all keys, and neighbouring threads read far from each other.
template <typename T, typename S>
[[kernel]] void paged_attention_naive(
    device const T* q [[buffer(0)]],
    device const S* k_blocks [[buffer(1)]],
    device const S* v_blocks [[buffer(2)]],
    device const int* block_table [[buffer(3)]],
    device const int* lengths [[buffer(4)]],
    constant float& scale [[buffer(5)]],
    constant uint& queries [[buffer(6)]],
    constant uint& num_kv_heads [[buffer(7)]],
    constant uint& block_size [[buffer(8)]],
    constant uint& table_width [[buffer(9)]],
    constant uint& dim [[buffer(10)]],
    device T* out [[buffer(11)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint3 threads_per_grid [[threads_per_grid]]) {
  const uint sequence = thread_position_in_grid.y, head = thread_position_in_grid.x / queries;
  const uint kv_head = head / (threads_per_grid.x / queries / num_kv_heads);
  const size_t row = (size_t(sequence) * threads_per_grid.x + thread_position_in_grid.x) * dim;
  const uint visible = uint(lengths[sequence]) - queries + thread_position_in_grid.x % queries + 1;

  float highest = -INFINITY, total = 0.0;
  float sums[WIDTH] = {};
  for (uint s = 0; s < visible; ++s) {
    const int block = block_table[sequence * table_width + s / block_size];
    const size_t place = block_start(block, kv_head, num_kv_heads, block_size, dim) + s % block_size * dim;
    float score = 0.0;
    for (uint d = 0; d < dim; ++d) {
      score += float(q[row + d]) * float(k_blocks[place + d]);
    }
    score *= scale;
    const float now = max(highest, score);
    const float kept = exp_from(highest, now), weight = exp_from(score, now);
    highest = now;
    total = total * kept + weight;
    for (uint d = 0; d < dim; ++d) {
      sums[d] = sums[d] * kept + weight * float(v_blocks[place + d]);
    }
  }
  for (uint d = 0; d < dim; ++d) {
    out[row + d] = T(sums[d] / total);
  }
}

// 2. One SIMD-group a query of a head: neighbouring lanes read neighbouring features, simd_sum makes them a score.
template <typename T, typename S>
[[kernel]] void paged_attention_simd(
    device const T* q [[buffer(0)]],
    device const S* k_blocks [[buffer(1)]],
    device const S* v_blocks [[buffer(2)]],
    device const int* block_table [[buffer(3)]],
    device const int* lengths [[buffer(4)]],
    constant float& scale [[buffer(5)]],
    constant uint& queries [[buffer(6)]],
    constant uint& num_kv_heads [[buffer(7)]],
    constant uint& block_size [[buffer(8)]],
    constant uint& table_width [[buffer(9)]],
    constant uint& dim [[buffer(10)]],
    device T* out [[buffer(11)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 threadgroups_per_grid [[threadgroups_per_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]]) {
  const uint lane = thread_index_in_simdgroup, sequence = threadgroup_position_in_grid.z;
  const uint head = threadgroup_position_in_grid.y / queries, heads = threadgroups_per_grid.y / queries;
  const uint kv_head = head / (heads / num_kv_heads);
  const size_t row = (size_t(sequence) * threadgroups_per_grid.y + threadgroup_position_in_grid.y) * dim;
  const uint visible = uint(lengths[sequence]) - queries + threadgroup_position_in_grid.y % queries + 1;

  State state = nothing();
  float query[FEATURES], key[FEATURES], value[FEATURES];
  load(q + row, dim, lane, query);
  for (uint s = 0; s < visible; ++s) {
    const int block = block_table[sequence * table_width + s / block_size];
    const size_t place = block_start(block, kv_head, num_kv_heads, block_size, dim) + s % block_size * dim;
    load(k_blocks + place, dim, lane, key);
    load(v_blocks + place, dim, lane, value);
    state = add(state, query, key, value, scale);
  }
  store(out + row, state, dim, lane);
}

// States in threadgroup memory: of SIMD-group g the maximum, the sum, and the values of all features.
struct Shared {
  float highest[MAX_SIMDGROUPS];
  float total[MAX_SIMDGROUPS];
  float values[MAX_SIMDGROUPS * WIDTH];
};

void put(threadgroup Shared& shared, State state, uint group, uint lane) {
  if (lane == 0) {
    shared.highest[group] = state.highest;
    shared.total[group] = state.total;
  }
  for (uint i = 0; i < FEATURES; ++i) {
    shared.values[group * WIDTH + lane + 32 * i] = state.values[i];
  }
}

// The state of all keys. A SIMD-group that had no block adds nothing.
State combine(const threadgroup Shared& shared, uint groups, uint lane) {
  State state = nothing();
  for (uint g = 0; g < groups; ++g) {
    state.highest = max(state.highest, shared.highest[g]);
  }
  for (uint g = 0; g < groups; ++g) {
    const float factor = exp_from(shared.highest[g], state.highest);
    state.total += shared.total[g] * factor;
    for (uint i = 0; i < FEATURES; ++i) {
      state.values[i] += shared.values[g * WIDTH + lane + 32 * i] * factor;
    }
  }
  return state;
}

// 3. G SIMD-groups share a query of a head, each takes every G-th block; their states are combined in threadgroup
// memory. A long sequence is through in a G-th of the time, and each block is looked up once.
template <typename T, typename S>
[[kernel]] void paged_attention_combined(
    device const T* q [[buffer(0)]],
    device const S* k_blocks [[buffer(1)]],
    device const S* v_blocks [[buffer(2)]],
    device const int* block_table [[buffer(3)]],
    device const int* lengths [[buffer(4)]],
    constant float& scale [[buffer(5)]],
    constant uint& queries [[buffer(6)]],
    constant uint& num_kv_heads [[buffer(7)]],
    constant uint& block_size [[buffer(8)]],
    constant uint& table_width [[buffer(9)]],
    constant uint& dim [[buffer(10)]],
    device T* out [[buffer(11)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 threadgroups_per_grid [[threadgroups_per_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup Shared shared;
  const uint lane = thread_index_in_simdgroup, sequence = threadgroup_position_in_grid.z;
  const uint head = threadgroup_position_in_grid.y / queries, heads = threadgroups_per_grid.y / queries;
  const uint kv_head = head / (heads / num_kv_heads), groups = simdgroups_per_threadgroup;
  const size_t row = (size_t(sequence) * threadgroups_per_grid.y + threadgroup_position_in_grid.y) * dim;
  const uint visible = uint(lengths[sequence]) - queries + threadgroup_position_in_grid.y % queries + 1;

  State state = nothing();
  float query[FEATURES], key[FEATURES], value[FEATURES];
  load(q + row, dim, lane, query);
  for (uint n = simdgroup_index_in_threadgroup; n * block_size < visible; n += groups) {
    const int block = block_table[sequence * table_width + n];
    const size_t start = block_start(block, kv_head, num_kv_heads, block_size, dim);
    for (uint s = 0; s < min(block_size, visible - n * block_size); ++s) {
      load(k_blocks + start + s * dim, dim, lane, key);
      load(v_blocks + start + s * dim, dim, lane, value);
      state = add(state, query, key, value, scale);
    }
  }
  put(shared, state, simdgroup_index_in_threadgroup, lane);
  threadgroup_barrier(mem_flags::mem_threadgroup);  // every state is there
  if (simdgroup_index_in_threadgroup == 0) {
    store(out + row, combine(shared, groups, lane), dim, lane);
  }
}

// 4. The query heads of a group read the same keys: a threadgroup does all of them, and reads each row once.
template <typename T, typename S, int GROUP>
[[kernel]] void paged_attention_grouped(
    device const T* q [[buffer(0)]],
    device const S* k_blocks [[buffer(1)]],
    device const S* v_blocks [[buffer(2)]],
    device const int* block_table [[buffer(3)]],
    device const int* lengths [[buffer(4)]],
    constant float& scale [[buffer(5)]],
    constant uint& queries [[buffer(6)]],
    constant uint& block_size [[buffer(7)]],
    constant uint& table_width [[buffer(8)]],
    constant uint& dim [[buffer(9)]],
    device T* out [[buffer(10)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 threadgroups_per_grid [[threadgroups_per_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup Shared shared;
  const uint lane = thread_index_in_simdgroup, sequence = threadgroup_position_in_grid.z;
  const uint kv_head = threadgroup_position_in_grid.y / queries, i = threadgroup_position_in_grid.y % queries;
  const uint num_kv_heads = threadgroups_per_grid.y / queries, groups = simdgroups_per_threadgroup;
  // The first head of the group; from one to the next it is `queries` rows.
  const size_t first = (size_t(sequence) * num_kv_heads + kv_head) * GROUP * queries + i;
  const uint visible = uint(lengths[sequence]) - queries + i + 1;

  State states[GROUP];
  float query[GROUP][FEATURES], key[FEATURES], value[FEATURES];
  for (uint h = 0; h < GROUP; ++h) {
    states[h] = nothing();
    load(q + (first + h * queries) * dim, dim, lane, query[h]);
  }
  for (uint n = simdgroup_index_in_threadgroup; n * block_size < visible; n += groups) {
    const int block = block_table[sequence * table_width + n];
    const size_t start = block_start(block, kv_head, num_kv_heads, block_size, dim);
    for (uint s = 0; s < min(block_size, visible - n * block_size); ++s) {
      load(k_blocks + start + s * dim, dim, lane, key);
      load(v_blocks + start + s * dim, dim, lane, value);
      for (uint h = 0; h < GROUP; ++h) {
        states[h] = add(states[h], query[h], key, value, scale);
      }
    }
  }
  for (uint h = 0; h < GROUP; ++h) {
    put(shared, states[h], simdgroup_index_in_threadgroup, lane);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // every state of this head is there
    if (simdgroup_index_in_threadgroup == h % groups) {
      store(out + (first + h * queries) * dim, combine(shared, groups, lane), dim, lane);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // and has been read
  }
}
