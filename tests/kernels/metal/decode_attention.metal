// Attention of one query, D = 64: keys in turns to four SIMD-groups, whose softmax states are merged.
#include <metal_stdlib>
using namespace metal;

kernel void decode_attention(device const float* q [[buffer(0)]], device const float* k [[buffer(1)]],
    device const float* v [[buffer(2)]], device float* o [[buffer(3)]],
    constant uint& keys [[buffer(4)]], uint lane [[thread_index_in_simdgroup]],
    uint sg [[simdgroup_index_in_threadgroup]], uint sgs [[simdgroups_per_threadgroup]]) {
  constexpr uint D = 64;
  threadgroup float part[4][D];
  threadgroup float maxima[4], totals[4];
  float2 query(q[2 * lane], q[2 * lane + 1]);
  float m = -INFINITY, l = 0;
  float2 acc = 0;
  for (uint j = sg; j < keys; j += sgs) {
    float2 key(k[j * D + 2 * lane], k[j * D + 2 * lane + 1]);
    float score = simd_sum(dot(query, key)) * 0.125f;
    float next = max(m, score);
    float fix = exp(m - next), w = exp(score - next);
    l = l * fix + w;
    acc = acc * fix + w * float2(v[j * D + 2 * lane], v[j * D + 2 * lane + 1]);
    m = next;
  }
  part[sg][2 * lane] = acc.x;
  part[sg][2 * lane + 1] = acc.y;
  if (lane == 0) { maxima[sg] = m; totals[sg] = l; }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  if (sg == 0) {
    float best = -INFINITY;
    for (uint s = 0; s < sgs; ++s) best = max(best, maxima[s]);
    float total = 0;
    float2 sum = 0;
    for (uint s = 0; s < sgs; ++s) {
      float w = exp(maxima[s] - best);
      total += w * totals[s];
      sum += w * float2(part[s][2 * lane], part[s][2 * lane + 1]);
    }
    o[2 * lane] = sum.x / total;
    o[2 * lane + 1] = sum.y / total;
  }
}
