// Vector loads by cast, packed vectors, references and a struct.
#include <metal_stdlib>
using namespace metal;

struct Settings {
  packed_float3 scale;
  uint count;
};

inline void scale_by(thread float4& v, packed_float3 s) { v.xyz *= float3(s); }

kernel void vectors(device const float* x [[buffer(0)]], device float* out [[buffer(1)]],
                    constant Settings& settings [[buffer(2)]], device packed_float3* firsts [[buffer(3)]],
                    uint i [[thread_position_in_grid]]) {
  if (i < settings.count) {
    float4 v = ((device const float4*)x)[i];
    scale_by(v, settings.scale);
    *(device float4*)(out + 4 * i) = v;
    firsts[i] = v.xyz;
  }
}
