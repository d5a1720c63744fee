// Decoding with long contexts: one query q (B, H, D) for each sequence, keys and values k, v (B, Hkv, S, D), of which
// sequence b has lengths[b]. One threadgroup a head would leave a GPU idle, so the keys are cut into partitions of
// partition_size keys, counted from key 0. A first kernel attends to each partition, and leaves its maximum, its sum,
// and its values times their weights; a second kernel combines them. (Dao et al. 2023, Flash-Decoding for long-context
// inference)
//
// Partitions are combined in their order, and one behind the end of a sequence adds exactly nothing. So the bits of a
// result depend on partition_size and on nothing else. If the size is fixed they are the same in any company; if it is
// chosen so that the number of partitions fits the GPU, the company decides.
//
// Dispatch, with P = ceil(S / partition_size) or more: split_kv_single: grid (32, H, B), threadgroup (32, 1, 1).
// split_kv_partitions: grid (32 P, H, B), threadgroup (32, 1, 1). split_kv_grouped: grid (32 P, Hkv, B), threadgroup
// (32, 1, 1), GROUP: H / Hkv. split_kv_combine: grid (32, H, B), threadgroup (32, 1, 1).
#include <metal_stdlib>
using namespace metal;

constant constexpr uint FEATURES = 4;  // of a lane: lane, lane + 32, ...; so D is at most 128

float exp_from(float x, float highest) {
  return highest == -INFINITY ? 0.0 : metal::precise::exp(x - highest);
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

// The state with 32 more keys from `begin` on, a lane each, up to `end`. The maximum moves once for 32 keys, not for
// each; the lanes exchange their weights for the values.
template <typename T>
State attend(State state, device const T* query, device const T* keys, device const T* values, uint dim, float scale,
             uint begin, uint end, uint lane) {
  float score = -INFINITY;
  if (begin + lane < end) {
    score = 0.0;
    for (uint d = 0; d < dim; ++d) {
      score += float(query[d]) * float(keys[size_t(begin + lane) * dim + d]);
    }
    score *= scale;
  }
  const float now = max(state.highest, simd_max(score));
  const float kept = exp_from(state.highest, now), weight = exp_from(score, now);
  state.highest = now;
  state.total = state.total * kept + simd_sum(weight);
  for (uint i = 0; i < FEATURES; ++i) {
    state.values[i] *= kept;
  }
  for (uint key = begin; key < min(begin + 32, end); ++key) {
    const float shared = simd_shuffle(weight, ushort(key - begin));
    for (uint i = 0; i < FEATURES; ++i) {
      const uint d = lane + 32 * i;
      if (d < dim) {
        state.values[i] += shared * float(values[size_t(key) * dim + d]);
      }
    }
  }
  return state;
}

// 1. Not split: one SIMD-group does all keys of a head, however many.
template <typename T>
[[kernel]] void split_kv_single(
    device const T* q [[buffer(0)]],
    device const T* k [[buffer(1)]],
    device const T* v [[buffer(2)]],
    device const int* lengths [[buffer(3)]],
    constant float& scale [[buffer(4)]],
    constant uint& num_kv_heads [[buffer(5)]],
    constant uint& num_keys [[buffer(6)]],
    constant uint& dim [[buffer(7)]],
    device T* out [[buffer(8)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 threadgroups_per_grid [[threadgroups_per_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]]) {
  const uint lane = thread_index_in_simdgroup, sequence = threadgroup_position_in_grid.z;
  const uint head = threadgroup_position_in_grid.y, num_heads = threadgroups_per_grid.y;
  const size_t row = (size_t(sequence) * num_heads + head) * dim;
  const uint kv_head = sequence * num_kv_heads + head / (num_heads / num_kv_heads);
  const size_t keys = size_t(kv_head) * num_keys * dim;
  const uint end = uint(lengths[sequence]);

  State state = nothing();
  for (uint begin = 0; begin < end; begin += 32) {
    state = attend(state, q + row, k + keys, v + keys, dim, scale, begin, end, lane);
  }
  for (uint i = 0; i < FEATURES && lane + 32 * i < dim; ++i) {
    out[row + lane + 32 * i] = T(state.values[i] / state.total);
  }
}

// Leaves a state for split_kv_combine. `part` counts partitions of heads.
void leave(device float* maxima, device float* sums, device float* values, State state, size_t part, uint dim,
           uint lane) {
  if (lane == 0) {
    maxima[part] = state.highest;
    sums[part] = state.total;
  }
  for (uint i = 0; i < FEATURES && lane + 32 * i < dim; ++i) {
    values[part * dim + lane + 32 * i] = state.values[i];
  }
}

// 2. One SIMD-group a partition of a head.
template <typename T>
[[kernel]] void split_kv_partitions(
    device const T* q [[buffer(0)]],
    device const T* k [[buffer(1)]],
    device const T* v [[buffer(2)]],
    device const int* lengths [[buffer(3)]],
    constant float& scale [[buffer(4)]],
    constant uint& num_kv_heads [[buffer(5)]],
    constant uint& num_keys [[buffer(6)]],
    constant uint& dim [[buffer(7)]],
    constant uint& partition_size [[buffer(8)]],
    device float* maxima [[buffer(9)]],
    device float* sums [[buffer(10)]],
    device float* values [[buffer(11)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 threadgroups_per_grid [[threadgroups_per_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]]) {
  const uint lane = thread_index_in_simdgroup, sequence = threadgroup_position_in_grid.z;
  const uint head = threadgroup_position_in_grid.y, num_heads = threadgroups_per_grid.y;
  const size_t row = size_t(sequence) * num_heads + head;
  const uint kv_head = sequence * num_kv_heads + head / (num_heads / num_kv_heads);
  const size_t keys = size_t(kv_head) * num_keys * dim;
  const uint first = threadgroup_position_in_grid.x * partition_size;
  const uint end = min(uint(lengths[sequence]), first + partition_size);  // maybe before `first`: nothing to do

  State state = nothing();
  for (uint begin = first; begin < end; begin += 32) {
    state = attend(state, q + row * dim, k + keys, v + keys, dim, scale, begin, end, lane);
  }
  leave(maxima, sums, values, state, row * threadgroups_per_grid.x + threadgroup_position_in_grid.x, dim, lane);
}

// 3. The query heads of a group read the same keys: 32 of them lie in threadgroup memory, then their values, for all
// heads of the group. The additions are those of version 2, and so are the bits.
constant constexpr uint MAX_DIM = 32 * FEATURES;

template <typename T>
void fill(threadgroup float* tile, device const T* rows, uint begin, uint end, uint dim, uint lane) {
  for (uint i = lane; i < (min(begin + 32, end) - begin) * dim; i += 32) {
    tile[i / dim * (MAX_DIM + 1) + i % dim] = float(rows[size_t(begin) * dim + i]);
  }
}

template <typename T, int GROUP>
[[kernel]] void split_kv_grouped(
    device const T* q [[buffer(0)]],
    device const T* k [[buffer(1)]],
    device const T* v [[buffer(2)]],
    device const int* lengths [[buffer(3)]],
    constant float& scale [[buffer(4)]],
    constant uint& num_keys [[buffer(5)]],
    constant uint& dim [[buffer(6)]],
    constant uint& partition_size [[buffer(7)]],
    device float* maxima [[buffer(8)]],
    device float* sums [[buffer(9)]],
    device float* values [[buffer(10)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 threadgroups_per_grid [[threadgroups_per_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]]) {
  threadgroup float tile[32 * (MAX_DIM + 1)];  // an odd pitch: 32 lanes read 32 banks
  threadgroup float queries[GROUP * MAX_DIM];
  threadgroup float weights[GROUP * 32];
  const uint lane = thread_index_in_simdgroup, sequence = threadgroup_position_in_grid.z;
  const uint kv_head = sequence * threadgroups_per_grid.y + threadgroup_position_in_grid.y;
  const size_t row = size_t(kv_head) * GROUP, keys = size_t(kv_head) * num_keys * dim;
  const uint first = threadgroup_position_in_grid.x * partition_size;
  const uint end = min(uint(lengths[sequence]), first + partition_size);

  State states[GROUP];
  for (uint h = 0; h < GROUP; ++h) {
    states[h] = nothing();
    for (uint d = lane; d < dim; d += 32) {
      queries[h * MAX_DIM + d] = float(q[(row + h) * dim + d]);
    }
  }
  for (uint begin = first; begin < end; begin += 32) {
    fill(tile, k + keys, begin, end, dim, lane);
    simdgroup_barrier(mem_flags::mem_threadgroup);  // queries and keys are there
    for (uint h = 0; h < GROUP; ++h) {
      float score = -INFINITY;
      if (begin + lane < end) {
        score = 0.0;
        for (uint d = 0; d < dim; ++d) {
          score += queries[h * MAX_DIM + d] * tile[lane * (MAX_DIM + 1) + d];
        }
        score *= scale;
      }
      const float now = max(states[h].highest, simd_max(score));
      const float kept = exp_from(states[h].highest, now), weight = exp_from(score, now);
      states[h].highest = now;
      states[h].total = states[h].total * kept + simd_sum(weight);
      for (uint i = 0; i < FEATURES; ++i) {
        states[h].values[i] *= kept;
      }
      weights[h * 32 + lane] = weight;
    }
    simdgroup_barrier(mem_flags::mem_threadgroup);  // the keys have been read, the weights are there
    fill(tile, v + keys, begin, end, dim, lane);
    simdgroup_barrier(mem_flags::mem_threadgroup);  // the values are there
    for (uint i = 0; i < FEATURES && lane + 32 * i < dim; ++i) {
      for (uint key = 0; key < min(32u, end - begin); ++key) {
        for (uint h = 0; h < GROUP; ++h) {
          states[h].values[i] += weights[h * 32 + key] * tile[key * (MAX_DIM + 1) + lane + 32 * i];
        }
      }
    }
    simdgroup_barrier(mem_flags::mem_threadgroup);  // the values have been read
  }
  for (uint h = 0; h < GROUP; ++h) {
    const size_t part = (row + h) * threadgroups_per_grid.x + threadgroup_position_in_grid.x;
    leave(maxima, sums, values, states[h], part, dim, lane);
  }
}

// The states of a head's partitions, one after the other. A partition of nothing adds exactly 0. A maximum does not
// round, so all of them are compared first and each partition is rescaled once.
template <typename T>
[[kernel]] void split_kv_combine(
    device const float* maxima [[buffer(0)]],
    device const float* sums [[buffer(1)]],
    device const float* values [[buffer(2)]],
    constant uint& num_partitions [[buffer(3)]],
    constant uint& dim [[buffer(4)]],
    device T* out [[buffer(5)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 threadgroups_per_grid [[threadgroups_per_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]]) {
  const uint lane = thread_index_in_simdgroup;
  const size_t row = size_t(threadgroup_position_in_grid.z) * threadgroups_per_grid.y + threadgroup_position_in_grid.y;
  const size_t first = row * num_partitions;

  float highest = -INFINITY;
  for (uint p = lane; p < num_partitions; p += 32) {
    highest = max(highest, maxima[first + p]);
  }
  highest = simd_max(highest);
  float total = 0.0;
  float sum[FEATURES] = {};
  for (uint p = 0; p < num_partitions; ++p) {
    const float factor = exp_from(maxima[first + p], highest);
    total += sums[first + p] * factor;
    for (uint i = 0; i < FEATURES && lane + 32 * i < dim; ++i) {
      sum[i] += values[(first + p) * dim + lane + 32 * i] * factor;
    }
  }
  for (uint i = 0; i < FEATURES && lane + 32 * i < dim; ++i) {
    out[row * dim + lane + 32 * i] = T(sum[i] / total);
  }
}
