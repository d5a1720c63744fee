// Softmax over the last axis: out = exp(x - max) / sum(exp(x - max)), five times, each time with less to do.
//
// Dispatch: softmax_naive takes one thread a row: grid (rows, 1, 1). The others take one threadgroup a row: grid
// (threads, rows, 1), threadgroup (threads, 1, 1), threads at most 1024.
#include <metal_stdlib>
using namespace metal;

constant constexpr uint MAX_SIMDGROUPS = 32;  // 1024 threads in groups of 32
constant constexpr uint PER_THREAD = 4;       // neighbours that one thread takes at once

// exp(x - highest), and 0 where nothing but -infinity has been seen: -inf - -inf would be NaN.
float exp_from(float x, float highest) {
  return highest == -INFINITY ? 0.0 : metal::precise::exp(x - highest);
}

// 1. One thread does a row, in three passes: the maximum, the sum, the quotients. Neighbouring threads read
// addresses a whole row apart, and a batch of one row keeps one thread busy.
template <typename T>
[[kernel]] void softmax_naive(
    device const T* x [[buffer(0)]],
    constant uint& dim [[buffer(1)]],
    device T* out [[buffer(2)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]]) {
  const size_t row = size_t(thread_position_in_grid.x) * dim;
  float highest = -INFINITY;
  for (uint i = 0; i < dim; ++i) {
    highest = max(highest, float(x[row + i]));
  }
  float total = 0.0;
  for (uint i = 0; i < dim; ++i) {
    total += exp_from(float(x[row + i]), highest);
  }
  for (uint i = 0; i < dim; ++i) {
    out[row + i] = T(exp_from(float(x[row + i]), highest) / total);
  }
}

// 2. One threadgroup does a row. Maximum and sum cross the 32 lanes of a SIMD-group without memory; the values of the
// SIMD-groups meet in threadgroup memory, once for the maximum and once for the sum.
template <typename T>
[[kernel]] void softmax_simd(
    device const T* x [[buffer(0)]],
    constant uint& dim [[buffer(1)]],
    device T* out [[buffer(2)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint3 threads_per_threadgroup [[threads_per_threadgroup]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup float maxima[MAX_SIMDGROUPS];
  threadgroup float sums[MAX_SIMDGROUPS];
  const size_t row = size_t(threadgroup_position_in_grid.y) * dim;
  const uint first = thread_index_in_threadgroup, stride = threads_per_threadgroup.x;
  const uint lane = thread_index_in_simdgroup, group = simdgroup_index_in_threadgroup;

  float highest = -INFINITY;
  for (uint i = first; i < dim; i += stride) {
    highest = max(highest, float(x[row + i]));
  }
  highest = simd_max(highest);
  if (lane == 0) {
    maxima[group] = highest;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);  // every maximum is there
  highest = simd_max(lane < simdgroups_per_threadgroup ? maxima[lane] : -INFINITY);

  float total = 0.0;
  for (uint i = first; i < dim; i += stride) {
    total += exp_from(float(x[row + i]), highest);
  }
  total = simd_sum(total);
  if (lane == 0) {
    sums[group] = total;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);  // every sum is there
  total = simd_sum(lane < simdgroups_per_threadgroup ? sums[lane] : 0.0);

  for (uint i = first; i < dim; i += stride) {
    out[row + i] = T(exp_from(float(x[row + i]), highest) / total);
  }
}

// What is known of some of the numbers: their maximum, and the sum of exp(x - maximum). Two such states merge into
// that of both: the sum with the smaller maximum is scaled down to the larger one.
// (Milakov and Gimelshein 2018, Online normalizer calculation for softmax, section 3.1, equation 4)
struct State {
  float highest;
  float total;
};

// The state with one more number.
State add(State state, float value) {
  const float highest = max(state.highest, value);
  const float total = state.total * exp_from(state.highest, highest) + exp_from(value, highest);
  return State{highest, total};
}

// The state of all lanes of a SIMD-group.
State simd_merge(State state) {
  const float highest = simd_max(state.highest);
  return State{highest, simd_sum(state.total * exp_from(state.highest, highest))};
}

// The state of all threads of a threadgroup. Maxima and sums travel together, so one barrier is enough.
State threadgroup_merge(State state, threadgroup float* maxima, threadgroup float* sums, uint lane, uint group,
                        uint groups) {
  state = simd_merge(state);
  if (lane == 0) {
    maxima[group] = state.highest;
    sums[group] = state.total;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);  // every state is there
  const bool used = lane < groups;
  return simd_merge(State{used ? maxima[lane] : -INFINITY, used ? sums[lane] : 0.0f});
}

// 3. Maximum and sum in one pass: the row is read twice instead of three times, with one barrier instead of two.
template <typename T>
[[kernel]] void softmax_online(
    device const T* x [[buffer(0)]],
    constant uint& dim [[buffer(1)]],
    device T* out [[buffer(2)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint3 threads_per_threadgroup [[threads_per_threadgroup]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup float maxima[MAX_SIMDGROUPS];
  threadgroup float sums[MAX_SIMDGROUPS];
  const size_t row = size_t(threadgroup_position_in_grid.y) * dim;
  const uint first = thread_index_in_threadgroup, stride = threads_per_threadgroup.x;

  State state = State{-INFINITY, 0.0f};
  for (uint i = first; i < dim; i += stride) {
    state = add(state, float(x[row + i]));
  }
  state = threadgroup_merge(state, maxima, sums, thread_index_in_simdgroup, simdgroup_index_in_threadgroup,
                            simdgroups_per_threadgroup);
  for (uint i = first; i < dim; i += stride) {
    out[row + i] = T(exp_from(float(x[row + i]), state.highest) / state.total);
  }
}

// 4. Up to 4096 elements fit into the registers of a threadgroup: four neighbours a thread, one wide load. The row is
// read once, and each element needs one exp: from the thread's own maximum first, scaled to that of the row at the end.
template <typename T>
[[kernel]] void softmax_registers(
    device const T* x [[buffer(0)]],
    constant uint& dim [[buffer(1)]],
    device T* out [[buffer(2)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup float maxima[MAX_SIMDGROUPS];
  threadgroup float sums[MAX_SIMDGROUPS];
  const size_t row = size_t(threadgroup_position_in_grid.y) * dim;
  const uint first = thread_index_in_threadgroup * PER_THREAD;

  float values[PER_THREAD];
  float own = -INFINITY;  // the maximum of this thread's values
  for (uint j = 0; j < PER_THREAD; ++j) {
    values[j] = first + j < dim ? float(x[row + first + j]) : -INFINITY;
    own = max(own, values[j]);
  }
  float total = 0.0;
  for (uint j = 0; j < PER_THREAD; ++j) {
    values[j] = exp_from(values[j], own);
    total += values[j];
  }
  const State all = threadgroup_merge(State{own, total}, maxima, sums, thread_index_in_simdgroup,
                                      simdgroup_index_in_threadgroup, simdgroups_per_threadgroup);
  const float scale = exp_from(own, all.highest) / all.total;
  for (uint j = 0; j < PER_THREAD && first + j < dim; ++j) {
    out[row + first + j] = T(values[j] * scale);
  }
}

// 5. A row of any length, four neighbours at a time: the running sum is rescaled once for four elements, where version
// 3 does it for each.
template <typename T>
[[kernel]] void softmax_looped(
    device const T* x [[buffer(0)]],
    constant uint& dim [[buffer(1)]],
    device T* out [[buffer(2)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint3 threads_per_threadgroup [[threads_per_threadgroup]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]],
    uint simdgroups_per_threadgroup [[simdgroups_per_threadgroup]]) {
  threadgroup float maxima[MAX_SIMDGROUPS];
  threadgroup float sums[MAX_SIMDGROUPS];
  const size_t row = size_t(threadgroup_position_in_grid.y) * dim;
  const uint first = thread_index_in_threadgroup * PER_THREAD;
  const uint stride = threads_per_threadgroup.x * PER_THREAD;

  State state = State{-INFINITY, 0.0f};
  for (uint i = first; i < dim; i += stride) {
    float values[PER_THREAD];
    float highest = state.highest;
    for (uint j = 0; j < PER_THREAD; ++j) {
      values[j] = i + j < dim ? float(x[row + i + j]) : -INFINITY;
      highest = max(highest, values[j]);
    }
    state.total *= exp_from(state.highest, highest);
    state.highest = highest;
    for (uint j = 0; j < PER_THREAD; ++j) {
      state.total += exp_from(values[j], highest);
    }
  }
  state = threadgroup_merge(state, maxima, sums, thread_index_in_simdgroup, simdgroup_index_in_threadgroup,
                            simdgroups_per_threadgroup);
  for (uint i = first; i < dim; i += stride) {
    for (uint j = 0; j < PER_THREAD && i + j < dim; ++j) {
      out[row + i + j] = T(exp_from(float(x[row + i + j]), state.highest) / state.total);
    }
  }
}
