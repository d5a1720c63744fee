// The vector code of attention: what it is given, and one table of functions per instruction set.
#pragma once

#include <cstdint>

#include "common/float16.h"
#include "common/isa.h"

namespace kvist {

// q (B, H, L, D), k (B, Hkv, S, D), v (B, Hkv, S, Dv), out (B, H, L, Dv) contiguous. Strides count elements; the
// last axis is contiguous. Paged: k and v are (num_blocks, Hkv, block_size, .), and token s of sequence b lies in
// block table[b, s / block_size].
struct AttentionArgs {
  const void *q, *k, *v;
  void* out;
  Float q_type, kv_type;
  int64_t batch, heads, kv_heads, length, keys, dim, value_dim;
  int64_t q_stride[3], k_stride[3], v_stride[3];  // of sequence (or block), head, token
  const int32_t* lengths;                         // (B,) keys of each sequence; null: all of them have `keys`
  const int32_t* table;                           // (B, table_width); null: dense
  int64_t table_width, block_size, num_blocks;
  float scale;
  bool causal;
};

constexpr int kQueryTile = 8;   // rows of queries that share what is read of keys and values
constexpr int kKeyBlock = 64;   // keys between two corrections of the running maximum, counted from key 0

// Floats of scratch for one call of `tile`.
inline int64_t attention_scratch(const AttentionArgs& a) {
  const int64_t dim = (a.dim + 15) / 16 * 16, value_dim = (a.value_dim + 15) / 16 * 16;
  return kQueryTile * (dim + value_dim + kKeyBlock + 16);
}

struct AttentionKernels {
  // Query rows [first, first + count) of sequence b and KV head h, count <= kQueryTile. Rows number the queries
  // that share this KV head: row = position * (H / Hkv) + head within the group.
  void (*tile)(const AttentionArgs& a, int64_t b, int64_t h, int64_t first, int64_t count, float* scratch);
};

const AttentionKernels& attention_kernels();  // of current_isa()

}  // namespace kvist
