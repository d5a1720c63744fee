// Three reductions twice: once so that the bits of a row depend on how many SIMD-groups share it, once so that they do
// not. How many share a row is chosen by the size of the batch, to keep a GPU busy: so in the first form a request gets
// other bits when it has other company.
//
// The cause is the order of additions. Where G SIMD-groups take a G-th each, G decides where the parts begin. Where
// they take chunks of a fixed size, and the chunks are added one after the other, G decides only who does which chunk.
// (He et al. 2025, Defeating Nondeterminism in LLM Inference)
//
// The other form of the first kernel is rms_norm.metal, with its threads chosen by the number of rows.
#include <metal_stdlib>
using namespace metal;

constant constexpr uint MAX_SIMDGROUPS = 16;

// RMSNorm by chunks of 128. Dispatch: grid (32 G, rows, 1), threadgroup (32 G, 1, 1), G up to 16.
constant constexpr uint PER_LANE = 4;
constant constexpr uint NORM_CHUNK = 32 * PER_LANE;

template <typename T>
[[kernel]] void rms_norm_chunks(
    device const T* x [[buffer(0)]],
    device const T* weight [[buffer(1)]],
    constant float& eps [[buffer(2)]],
    constant uint& dim [[buffer(3)]],
    device T* out [[buffer(4)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint3 threads_per_threadgroup [[threads_per_threadgroup]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup float sums[MAX_SIMDGROUPS];  // of one chunk each
  const size_t row = size_t(threadgroup_position_in_grid.y) * dim;
  const uint lane = thread_index_in_simdgroup, groups = simdgroups_per_threadgroup;

  float total = 0.0;
  for (uint round = 0; round < dim; round += groups * NORM_CHUNK) {
    const uint begin = round + simdgroup_index_in_threadgroup * NORM_CHUNK;
    float sum = 0.0;
    for (uint j = 0; j < PER_LANE; ++j) {
      const uint i = begin + lane * PER_LANE + j;
      const float value = i < dim ? float(x[row + i]) : 0.0;
      sum += value * value;
    }
    sum = simd_sum(sum);  // in an order that does not change
    if (lane == 0) {
      sums[simdgroup_index_in_threadgroup] = sum;
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the sums of this round are there
    for (uint g = 0; g < groups; ++g) {               // chunks behind the end add exactly 0
      total += sums[g];
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // and have been read
  }

  const float scale = metal::precise::rsqrt(total / float(dim) + eps);
  for (uint i = thread_index_in_threadgroup; i < dim; i += threads_per_threadgroup.x) {
    out[row + i] = T(float(x[row + i]) * scale) * weight[i];
  }
}

// One element of a B, over the rows of B from begin to end.
template <typename T>
float dot_range(device const T* a, device const T* b, uint column, uint columns, uint begin, uint end) {
  float sum = 0.0;
  if (column < columns) {
    for (uint k = begin; k < end; ++k) {
      sum += float(a[k]) * float(b[size_t(k) * columns + column]);
    }
  }
  return sum;
}

// Matrix products, a (M, K) times b (K, N). A threadgroup does 32 neighbouring columns of one row, a lane each.
// Dispatch: grid (32 ceil(N / 32), G, M), threadgroup (32, G, 1), G up to 16.

// Split-K: each of G SIMD-groups takes a G-th of K.
template <typename T>
[[kernel]] void matmul_split_k(
    device const T* a [[buffer(0)]],
    device const T* b [[buffer(1)]],
    constant uint& length [[buffer(2)]],
    constant uint& columns [[buffer(3)]],
    device T* out [[buffer(4)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup float sums[MAX_SIMDGROUPS * 32];
  const uint column = thread_position_in_grid.x, lane = thread_index_in_simdgroup;
  const uint groups = simdgroups_per_threadgroup, group = simdgroup_index_in_threadgroup;
  const size_t row = thread_position_in_grid.z;
  const uint part = (length + groups - 1) / groups;
  sums[group * 32 + lane] =
      dot_range(a + row * length, b, column, columns, group * part, min(length, (group + 1) * part));
  threadgroup_barrier(mem_flags::mem_threadgroup);  // every part is there
  if (group == 0 && column < columns) {
    float total = 0.0;
    for (uint g = 0; g < groups; ++g) {
      total += sums[g * 32 + lane];
    }
    out[row * columns + column] = T(total);
  }
}

// Chunks of 32 of K, G at a time, added in their order.
constant constexpr uint CHUNK = 32;

template <typename T>
[[kernel]] void matmul_chunks(
    device const T* a [[buffer(0)]],
    device const T* b [[buffer(1)]],
    constant uint& length [[buffer(2)]],
    constant uint& columns [[buffer(3)]],
    device T* out [[buffer(4)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup float sums[MAX_SIMDGROUPS * 32];
  const uint column = thread_position_in_grid.x, lane = thread_index_in_simdgroup;
  const uint groups = simdgroups_per_threadgroup, group = simdgroup_index_in_threadgroup;
  const size_t row = thread_position_in_grid.z;
  float total = 0.0;
  for (uint round = 0; round < length; round += groups * CHUNK) {
    const uint begin = round + group * CHUNK;
    sums[group * 32 + lane] = dot_range(a + row * length, b, column, columns, begin, min(length, begin + CHUNK));
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the chunks of this round are there
    if (group == 0) {
      for (uint g = 0; g < groups; ++g) {  // chunks behind the end add exactly 0
        total += sums[g * 32 + lane];
      }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // and have been read
  }
  if (group == 0 && column < columns) {
    out[row * columns + column] = T(total);
  }
}

// Attention of q (B, H, L, D) to k, v (B, Hkv, S, D), D up to 128. A threadgroup does one query; `causal`: query l sees
// the keys up to S - L + l. Dispatch: grid (32 G, H L, B), threadgroup (32 G, 1, 1), G up to 16.
constant constexpr uint FEATURES = 4;  // of a lane: lane, lane + 32, ...
constant constexpr uint WIDTH = 32 * FEATURES;

// What a SIMD-group knows of some keys: maximum of the scores, sum of the weights exp(score - maximum), and the values
// times their weights.
struct State {
  float highest;
  float total;
  float values[FEATURES];
};

State nothing() {
  return State{-INFINITY, 0.0f, {0.0f, 0.0f, 0.0f, 0.0f}};
}

float exp_from(float x, float highest) {
  return highest == -INFINITY ? 0.0 : metal::precise::exp(x - highest);
}

// A state of nothing leaves the other one as it is, to the last bit: both factors are exactly 1 and 0.
State merge(State a, State b) {
  const float highest = max(a.highest, b.highest);
  const float left = exp_from(a.highest, highest), right = exp_from(b.highest, highest);
  State both = State{highest, a.total * left + b.total * right, {0.0f, 0.0f, 0.0f, 0.0f}};
  for (uint i = 0; i < FEATURES; ++i) {
    both.values[i] = a.values[i] * left + b.values[i] * right;
  }
  return both;
}

// One query and up to 32 keys from begin to end, a lane each.
template <typename T>
State attend(device const T* query, device const T* keys, device const T* values, uint dim, float scale, uint begin,
             uint end, uint lane) {
  float score = -INFINITY;
  if (begin + lane < end) {
    score = 0.0;
    for (uint d = 0; d < dim; ++d) {
      score += float(query[d]) * float(keys[size_t(begin + lane) * dim + d]);
    }
    score *= scale;
  }
  State state = nothing();
  state.highest = simd_max(score);
  const float weight = exp_from(score, state.highest);
  state.total = simd_sum(weight);
  for (uint key = begin; key < end; ++key) {
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

State get(const threadgroup Shared& shared, uint group, uint lane) {
  State state = State{shared.highest[group], shared.total[group], {0.0f, 0.0f, 0.0f, 0.0f}};
  for (uint i = 0; i < FEATURES; ++i) {
    state.values[i] = shared.values[group * WIDTH + lane + 32 * i];
  }
  return state;
}

// A query that sees no key gets zeros.
template <typename T>
void write(device T* out, State state, uint dim, uint lane) {
  for (uint i = 0; i < FEATURES; ++i) {
    const uint d = lane + 32 * i;
    if (d < dim) {
      out[d] = T(state.total == 0.0f ? 0.0f : state.values[i] / state.total);
    }
  }
}

// Where a threadgroup's query and its keys begin, and how many of them it sees.
struct Place {
  size_t query;
  size_t keys;
  uint visible;
};

Place place_of(uint3 position, uint3 groups, uint num_heads, uint num_kv_heads, uint num_keys, uint dim, bool causal) {
  const uint queries = groups.y / num_heads, head = position.y / queries, query = position.y % queries;
  const uint kv_head = position.z * num_kv_heads + head / (num_heads / num_kv_heads);
  return Place{(size_t(position.z) * groups.y + position.y) * dim, size_t(kv_head) * num_keys * dim,
               causal ? num_keys - queries + query + 1 : num_keys};
}

// Split-KV: each of G SIMD-groups takes a G-th of the keys that are visible.
template <typename T>
[[kernel]] void attention_split_kv(
    device const T* q [[buffer(0)]],
    device const T* k [[buffer(1)]],
    device const T* v [[buffer(2)]],
    constant float& scale [[buffer(3)]],
    constant bool& causal [[buffer(4)]],
    constant uint& num_heads [[buffer(5)]],
    constant uint& num_kv_heads [[buffer(6)]],
    constant uint& num_keys [[buffer(7)]],
    constant uint& dim [[buffer(8)]],
    device T* out [[buffer(9)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 threadgroups_per_grid [[threadgroups_per_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup Shared shared;
  const uint lane = thread_index_in_simdgroup, group = simdgroup_index_in_threadgroup;
  const Place place = place_of(threadgroup_position_in_grid, threadgroups_per_grid, num_heads, num_kv_heads, num_keys,
                               dim, causal);

  const uint part = (place.visible + simdgroups_per_threadgroup - 1) / simdgroups_per_threadgroup;
  const uint end = min(place.visible, (group + 1) * part);
  State state = nothing();
  for (uint begin = group * part; begin < end; begin += 32) {
    const State more =
        attend(q + place.query, k + place.keys, v + place.keys, dim, scale, begin, min(end, begin + 32), lane);
    state = merge(state, more);
  }
  put(shared, state, group, lane);
  threadgroup_barrier(mem_flags::mem_threadgroup);  // every part is there
  if (group == 0) {
    state = nothing();
    for (uint g = 0; g < simdgroups_per_threadgroup; ++g) {
      state = merge(state, get(shared, g, lane));
    }
    write(out + place.query, state, dim, lane);
  }
}

// Chunks of 32 keys, counted from key 0, G at a time, merged in their order.
template <typename T>
[[kernel]] void attention_chunks(
    device const T* q [[buffer(0)]],
    device const T* k [[buffer(1)]],
    device const T* v [[buffer(2)]],
    constant float& scale [[buffer(3)]],
    constant bool& causal [[buffer(4)]],
    constant uint& num_heads [[buffer(5)]],
    constant uint& num_kv_heads [[buffer(6)]],
    constant uint& num_keys [[buffer(7)]],
    constant uint& dim [[buffer(8)]],
    device T* out [[buffer(9)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 threadgroups_per_grid [[threadgroups_per_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup Shared shared;
  const uint lane = thread_index_in_simdgroup, group = simdgroup_index_in_threadgroup;
  const Place place = place_of(threadgroup_position_in_grid, threadgroups_per_grid, num_heads, num_kv_heads, num_keys,
                               dim, causal);

  State all = nothing();
  for (uint round = 0; round < place.visible; round += simdgroups_per_threadgroup * 32) {
    const uint begin = round + group * 32;  // maybe behind the end: then nothing, and it changes nothing
    const uint end = min(place.visible, begin + 32);
    put(shared, attend(q + place.query, k + place.keys, v + place.keys, dim, scale, begin, end, lane), group, lane);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the chunks of this round are there
    if (group == 0) {
      for (uint g = 0; g < simdgroups_per_threadgroup; ++g) {
        all = merge(all, get(shared, g, lane));
      }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // and have been read
  }
  if (group == 0) {
    write(out + place.query, all, dim, lane);
  }
}
