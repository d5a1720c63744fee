// out = x W^T for 4-bit weights in MLX's affine layout: x (M, K), W (N, K), out (M, N). Eight weights q share a word of
// `packed`, the first in its lowest bits; a group of 32, 64 or 128 along K shares scale and bias: w = scale q + bias.
// T is the type of x and out, S that of scales and biases; sums are in float.
//
// A matrix times few vectors (gemv), what decoding does, is limited by reading W; times many (gemm), what prefill does,
// by how often what was read is used.
//
// Dispatch, threads in x, y, z:
//   linear_gemv_naive      grid (N, M, 1)                                 any threadgroup
//   linear_gemv_simd       grid (32, N, M)                                threadgroup (32, up to 32, 1)
//   linear_gemv_prescaled  grid (32, ceil(N / 4), M)                      threadgroup (32, up to 32, 1)
//   linear_gemm_tiled      grid (16 ceil(N / 16), 16 ceil(M / 16), 1)     threadgroup (16, 16, 1)
//   linear_gemm_matrix     grid (128 ceil(N / 32), ceil(M / 32), 1)       threadgroup (128, 1, 1)
#include <metal_stdlib>
#include <metal_simdgroup_matrix>
using namespace metal;

constant constexpr uint PACKED = 8;  // weights in a word

// 1. One thread an element of the result. Neighbouring threads read words that are a whole row of W apart.
template <typename T, typename S>
[[kernel]] void linear_gemv_naive(
    device const T* x [[buffer(0)]],
    device const uint* packed [[buffer(1)]],
    device const S* scales [[buffer(2)]],
    device const S* biases [[buffer(3)]],
    constant uint& columns [[buffer(4)]],
    constant uint& group_size [[buffer(5)]],
    device T* out [[buffer(6)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint3 threads_per_grid [[threads_per_grid]]) {
  const size_t n = thread_position_in_grid.x, m = thread_position_in_grid.y;
  float sum = 0.0;
  for (uint k = 0; k < columns; ++k) {
    const uint q = packed[(n * columns + k) / PACKED] >> (4 * (k % PACKED)) & 15;
    const size_t group = (n * columns + k) / group_size;
    sum += float(x[m * columns + k]) * (float(scales[group]) * float(q) + float(biases[group]));
  }
  out[m * threads_per_grid.x + n] = T(sum);
}

// 2. One SIMD-group a row of W: its 32 lanes read 32 neighbouring words, and simd_sum adds what they found.
template <typename T, typename S>
[[kernel]] void linear_gemv_simd(
    device const T* x [[buffer(0)]],
    device const uint* packed [[buffer(1)]],
    device const S* scales [[buffer(2)]],
    device const S* biases [[buffer(3)]],
    constant uint& columns [[buffer(4)]],
    constant uint& group_size [[buffer(5)]],
    device T* out [[buffer(6)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint3 threads_per_grid [[threads_per_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]]) {
  const size_t n = thread_position_in_grid.y, m = thread_position_in_grid.z;
  const uint words = columns / PACKED;
  float sum = 0.0;
  for (uint i = thread_index_in_simdgroup; i < words; i += 32) {
    const uint word = packed[n * words + i];
    const size_t group = (n * words + i) * PACKED / group_size;
    const float scale = float(scales[group]), bias = float(biases[group]);
    for (uint j = 0; j < PACKED; ++j) {
      const float weight = scale * float(word >> (4 * j) & 15) + bias;
      sum += float(x[m * columns + i * PACKED + j]) * weight;
    }
  }
  sum = simd_sum(sum);
  if (thread_index_in_simdgroup == 0) {
    out[m * threads_per_grid.y + n] = T(sum);
  }
}

// 3. Less to do for a weight, and less to read for a row.
// - sum x (scale q + bias) = scale (sum x q) + bias (sum x): scale and bias once for eight weights.
// - A nibble need not be shifted down: masked in place it is q times 1, 16, 256 or 4096, so x is divided by that
//   instead, exactly, and once for four rows of W that a SIMD-group takes together.
constant constexpr uint ROWS = 4;

template <typename T, typename S>
[[kernel]] void linear_gemv_prescaled(
    device const T* x [[buffer(0)]],
    device const uint* packed [[buffer(1)]],
    device const S* scales [[buffer(2)]],
    device const S* biases [[buffer(3)]],
    constant uint& num_rows [[buffer(4)]],
    constant uint& columns [[buffer(5)]],
    constant uint& group_size [[buffer(6)]],
    device T* out [[buffer(7)]],
    uint3 thread_position_in_grid [[thread_position_in_grid]],
    uint thread_index_in_simdgroup [[thread_index_in_simdgroup]]) {
  const size_t first = size_t(thread_position_in_grid.y) * ROWS, m = thread_position_in_grid.z;
  const uint rows = min(ROWS, uint(num_rows - first));  // fewer for the last SIMD-group
  const uint words = columns / PACKED;
  float sums[ROWS] = {0.0, 0.0, 0.0, 0.0};
  for (uint i = thread_index_in_simdgroup; i < words; i += 32) {
    float4 low, high;  // of x, for the nibbles of the lower and the upper half of a word
    for (uint j = 0; j < 4; ++j) {
      low[j] = float(x[m * columns + i * PACKED + j]);
      high[j] = float(x[m * columns + i * PACKED + 4 + j]);
    }
    const float total = dot(low, float4(1.0f)) + dot(high, float4(1.0f));
    const float4 prescale = float4(1.0f, 1.0f / 16, 1.0f / 256, 1.0f / 4096);
    low *= prescale;
    high *= prescale;
    for (uint r = 0; r < rows; ++r) {
      const uint word = packed[(first + r) * words + i];
      const float4 lower = float4(uint4(word) & uint4(0x000f, 0x00f0, 0x0f00, 0xf000));
      const float4 upper = float4(uint4(word >> 16) & uint4(0x000f, 0x00f0, 0x0f00, 0xf000));
      const size_t group = ((first + r) * words + i) * PACKED / group_size;
      sums[r] += float(scales[group]) * (dot(low, lower) + dot(high, upper)) + float(biases[group]) * total;
    }
  }
  for (uint r = 0; r < rows; ++r) {
    const float sum = simd_sum(sums[r]);
    if (thread_index_in_simdgroup == 0) {
      out[m * num_rows + first + r] = T(sum);
    }
  }
}

constant constexpr uint STEP = 32;         // columns that a tile covers
constant constexpr uint PITCH = STEP + 1;  // of a row in threadgroup memory: neighbours in a column, other banks

// Eight weights of row n from column k on, to threadgroup memory; zeros behind the last row.
template <typename S>
void unpack(device const uint* packed, device const S* scales, device const S* biases, uint n, uint num_rows, uint k,
            uint columns, uint group_size, threadgroup float* weights) {
  if (n >= num_rows) {
    for (uint j = 0; j < PACKED; ++j) {
      weights[j] = 0.0;
    }
    return;
  }
  const size_t at = size_t(n) * columns + k;
  const uint word = packed[at / PACKED];
  const float scale = float(scales[at / group_size]), bias = float(biases[at / group_size]);
  for (uint j = 0; j < PACKED; ++j) {
    weights[j] = scale * float(word >> (4 * j) & 15) + bias;
  }
}

// 4. A tile of 16 x 16 results a threadgroup: 32 columns of 16 rows of x and of W come to threadgroup memory, each
// weight is made once for 16 rows of x, and each number is used 16 times.
constant constexpr uint TILE = 16;

template <typename T, typename S>
[[kernel]] void linear_gemm_tiled(
    device const T* x [[buffer(0)]],
    device const uint* packed [[buffer(1)]],
    device const S* scales [[buffer(2)]],
    device const S* biases [[buffer(3)]],
    constant uint& num_vectors [[buffer(4)]],
    constant uint& num_rows [[buffer(5)]],
    constant uint& columns [[buffer(6)]],
    constant uint& group_size [[buffer(7)]],
    device T* out [[buffer(8)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint3 thread_position_in_threadgroup [[thread_position_in_threadgroup]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]]) {
  threadgroup float left[TILE * PITCH];
  threadgroup float right[TILE * PITCH];
  const uint m0 = threadgroup_position_in_grid.y * TILE, n0 = threadgroup_position_in_grid.x * TILE;
  const uint ty = thread_position_in_threadgroup.y, tx = thread_position_in_threadgroup.x;
  float sum = 0.0;
  for (uint k = 0; k < columns; k += STEP) {
    for (uint i = thread_index_in_threadgroup; i < TILE * STEP; i += TILE * TILE) {
      const uint r = i / STEP, c = i % STEP;
      left[r * PITCH + c] = m0 + r < num_vectors ? float(x[size_t(m0 + r) * columns + k + c]) : 0.0;
    }
    for (uint i = thread_index_in_threadgroup; i < TILE * STEP / PACKED; i += TILE * TILE) {
      const uint r = i / (STEP / PACKED), c = i % (STEP / PACKED) * PACKED;
      unpack(packed, scales, biases, n0 + r, num_rows, k + c, columns, group_size, right + r * PITCH + c);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles are filled
    for (uint c = 0; c < STEP; ++c) {
      sum += left[ty * PITCH + c] * right[tx * PITCH + c];
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles may be filled again
  }
  if (m0 + ty < num_vectors && n0 + tx < num_rows) {
    out[size_t(m0 + ty) * num_rows + n0 + tx] = T(sum);
  }
}

// 5. A tile of 32 x 32 for four SIMD-groups, each with 16 x 16 of it in four 8 x 8 matrices, which a SIMD-group
// multiplies as a whole: a number in threadgroup memory is read by two SIMD-groups for 32 results, instead of by 16
// threads for 16.
constant constexpr uint BLOCK = 32;

template <typename T, typename S>
[[kernel]] void linear_gemm_matrix(
    device const T* x [[buffer(0)]],
    device const uint* packed [[buffer(1)]],
    device const S* scales [[buffer(2)]],
    device const S* biases [[buffer(3)]],
    constant uint& num_vectors [[buffer(4)]],
    constant uint& num_rows [[buffer(5)]],
    constant uint& columns [[buffer(6)]],
    constant uint& group_size [[buffer(7)]],
    device T* out [[buffer(8)]],
    uint3 threadgroup_position_in_grid [[threadgroup_position_in_grid]],
    uint thread_index_in_threadgroup [[thread_index_in_threadgroup]],
    uint simdgroup_index_in_threadgroup [[simdgroup_index_in_threadgroup]]) {
  threadgroup float left[BLOCK * PITCH];  // rows of x, at the end the results
  threadgroup float right[BLOCK * PITCH];
  const uint m0 = threadgroup_position_in_grid.y * BLOCK, n0 = threadgroup_position_in_grid.x * BLOCK;
  const uint first = thread_index_in_threadgroup, threads = 128;
  const uint y = simdgroup_index_in_threadgroup / 2 * 16, x0 = simdgroup_index_in_threadgroup % 2 * 16;

  simdgroup_float8x8 sums[2][2];
  for (uint i = 0; i < 2; ++i) {
    for (uint j = 0; j < 2; ++j) {
      sums[i][j] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
    }
  }
  for (uint k = 0; k < columns; k += STEP) {
    for (uint i = first; i < BLOCK * STEP; i += threads) {
      const uint r = i / STEP, c = i % STEP;
      left[r * PITCH + c] = m0 + r < num_vectors ? float(x[size_t(m0 + r) * columns + k + c]) : 0.0;
    }
    for (uint i = first; i < BLOCK * STEP / PACKED; i += threads) {
      const uint r = i / (STEP / PACKED), c = i % (STEP / PACKED) * PACKED;
      unpack(packed, scales, biases, n0 + r, num_rows, k + c, columns, group_size, right + r * PITCH + c);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles are filled
    for (uint c = 0; c < STEP; c += 8) {
      simdgroup_float8x8 a[2], b[2];
      for (uint i = 0; i < 2; ++i) {
        simdgroup_load(a[i], left + (y + 8 * i) * PITCH + c, PITCH);
        simdgroup_load(b[i], right + (x0 + 8 * i) * PITCH + c, PITCH, ulong2(0), true);  // transposed
      }
      for (uint i = 0; i < 2; ++i) {
        for (uint j = 0; j < 2; ++j) {
          simdgroup_multiply_accumulate(sums[i][j], a[i], b[j], sums[i][j]);
        }
      }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the tiles may be filled again
  }

  // A matrix is stored whole; only threads can leave out what is behind the edges.
  for (uint i = 0; i < 2; ++i) {
    for (uint j = 0; j < 2; ++j) {
      simdgroup_store(sums[i][j], left + (y + 8 * i) * PITCH + x0 + 8 * j, PITCH);
    }
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);  // the results are there
  for (uint i = first; i < BLOCK * BLOCK; i += threads) {
    const uint m = m0 + i / BLOCK, n = n0 + i % BLOCK;
    if (m < num_vectors && n < num_rows) {
      out[size_t(m) * num_rows + n] = T(left[i / BLOCK * PITCH + i % BLOCK]);
    }
  }
}
