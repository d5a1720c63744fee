// Functions of other stages, textures and samplers: the lint knows that they exist, and little more.
#include <metal_stdlib>
using namespace metal;

struct Vertex {
  float4 position [[position]];
  float2 uv [[user(locn0)]];
};
vertex Vertex vertex_main(uint id [[vertex_id]], constant float2* points [[buffer(0)]]) {
  Vertex v;
  v.position = float4(points[id], 0, 1);
  v.uv = points[id];
  return v;
}
fragment half4 fragment_main(Vertex in [[stage_in]], texture2d<half> image [[texture(0)]]) {
  constexpr sampler s(address::clamp_to_edge, filter::linear);
  return image.sample(s, in.uv);
}
kernel void blur(texture2d<float, access::read> in [[texture(0)]], texture2d<float, access::write> out [[texture(1)]],
                 uint2 at [[thread_position_in_grid]]) {
  if (at.x >= out.get_width()) return;
  out.write(in.read(at), at);
}
