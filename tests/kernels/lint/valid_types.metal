// Valid neighbours of what tests/kernels/lint/invalid.txt holds. Nothing here is to be reported.
#include <metal_stdlib>
#include <simd/simd.h>
using namespace metal;

typedef struct {
  vector_float2 position;
  vector_float4 color;
  simd_packed_float3 normal;
} Vertex;

struct Cell {
  float v;
  void set(float x) device { v = x; }
  float get() const device { return v; }
  float get() const constant { return v; }
  float get() const threadgroup { return v; }
  device float* place() device { return &v; }
  operator float() const device { return v; }
  operator float() const thread { return v; }
};
constant Cell cell = {2};

inline float side(device float* p) { return p[0]; }
inline float side(threadgroup float* p) { return p[1]; }
inline float side(const thread float& p) { return p; }
inline float of_float2(float2 v) { return v.x; }
inline int of_int(int a, int b = 2) { return a + b; }
template <typename T, int N>
struct Pair {
  vec<T, N> first;
  static_assert(sizeof(T) <= 4, "a narrow type");
};
constant constexpr float4 corners[2] = {float4(1, 2, 3, 4), float4(float3(1), 2)};
constant float3x3 turned = float3x3(float3(1, 2, 3), float3(4, 5, 6), float3(7, 8, 9));

kernel void simd_types(device const Vertex* v [[buffer(0)]], device float* o [[buffer(1)]],
                       constant simd_float4x4& m [[buffer(2)]], constant matrix_float3x3& n [[buffer(3)]],
                       device const simd_float4* w [[buffer(4)]], uint i [[thread_position_in_grid]]) {
  simd_float3 c = n * v[i].normal;
  o[i] = v[i].position.x + (m * w[i]).x + (w[i] * m).y + c.z + m[1].x + turned[0][1] + (m * m)[0].x;
}

kernel void vectors_and_scalars(device float* o [[buffer(0)]], device const half4* h [[buffer(1)]],
                                constant bfloat& b [[buffer(2)]], uint i [[thread_position_in_grid]]) {
  int3 a = int3(4.7f);
  float3 f = float3(a) * 2 + 1.0;
  f = 3;
  f.xy *= 2;
  f += float3(int2(1, 2), 3);
  half3 g = half3(f);
  g = (half3)f;
  bool3 less = f < float3(a);
  less = !less;
  bool2 compared = half2(1) == half2(2);
  int2 whole = int2(compared) + int2(uint2(1));
  whole++;
  whole = whole << 1;
  vec<float, 4> v = vec<float, 4>(f, 1);
  float4 braces = {1, 2, 3, 4};
  float4 brackets(1, float2(2), 3);
  float2x2 m = float2x2(1, 0, 0, 1);
  m = m * 2.0f + float2x2(1.0f) - transpose(m);
  v = max(v, 0.0f) + clamp(v, 0.0f, 1.0f) + mix(v, braces, 0.5f) + pow(v, float4(2)) + float4(h[i]);
  float x = max(o[i], 0.0) + pow(o[i], 2) + pow(half(2), half(3)) + sqrt(float(i)) + exp(float(b)) + abs(-2);
  x += select(x, 1.0f, x > 2) + dot(f, f) + length(v) + any(less) + all(isnan(v)) + of_int(1);
  float3 picked = select(f, float3(0), f > 1.0f);
  float whole_part;
  x += modf(x, whole_part) + ldexp(x, 2) + fract(x) + popcount(7u) + clz(ushort(1)) + max(3, 4) + min(3u, i);
  o[i] = x + v[i & 3] + g.x + braces.w + brackets.z + m[1][0] + picked.x + whole.x + less.y + corners[1].w;
}

kernel void methods(device float* o [[buffer(0)]], uint i [[thread_position_in_grid]]) {
  threadgroup Cell shared[2];
  threadgroup float t[2];
  device Cell* s = (device Cell*)o;
  s[i].set(4);
  shared[0].v = 1;
  t[0] = t[1] = 2;
  Pair<half, 2> pair;
  pair.first = half2(1);
  o[i] = s[i].get() + cell.get() + shared[0].get() + *s[i].place() + side(t) + side(o) + of_float2(float2(1));
  static_assert(sizeof(float3) == 16 && sizeof(half2) == 4, "sizes");
  switch (i) {
    case 0: [[fallthrough]];
    case 1: o[i] = pair.first.x; break;
    default: return;
  }
}

kernel void atomics(device atomic_uint* count [[buffer(0)]], device atomic_ulong* most [[buffer(1)]],
                    device atomic_float* sum [[buffer(2)]], uint i [[thread_position_in_grid]]) {
  uint expected = 0;
  while (!atomic_compare_exchange_weak_explicit(count, &expected, 1u, memory_order_relaxed,
                                                memory_order_relaxed)) {
  }
  atomic_max_explicit(most, 3ul, memory_order_relaxed);
  atomic_fetch_add_explicit(sum, 1, memory_order_relaxed);
  atomic_fetch_or_explicit(&count[i], 1, memory_order_relaxed);
  device atomic_uint* next = count + 1;
  next = next + 1;
  atomic_store_explicit(next, 2, memory_order_relaxed);
}

enum Index { input_index = 0, output_index = 1 };
constant constexpr uint kOther = 2;
struct Staged {
  float4 at [[attribute(0)]];
};
kernel void indices(device const float* x [[buffer(input_index)]], device float* o [[buffer(output_index)]],
                    device float* p [[buffer(kOther + 1)]], Staged staged [[stage_in]],
                    uint i [[thread_position_in_grid]]) {
  static constant float local[2] = {1, 2};
  constant float* table = local;
  uchar all = -1;
  uint most = ~0ul;
  long wide = 99999999999;
  threadgroup atomic_uint sums[4];
  threadgroup atomic_uint* sum = sums;
  sum = &sums[1];
  atomic_store_explicit(sum, 0u, memory_order_relaxed);
  if (i == 0) device float* unused = p;
  o[i] = x[i] + table[0] + all + most + wide + staged.at.x;
}

typedef struct {
  half scale;
  uchar bits[4];
} Block;
inline float unpacked(device const Block* b) {
  float scale = b->scale;
  return scale * (b->bits[0] - 8.0f);
}
template <typename T>
kernel void unpack(device const Block* b [[buffer(0)]], device T* o [[buffer(1)]],
                   uint i [[thread_position_in_grid]]) {
  float4x4 m;
  m[0][i & 3] = unpacked(b + i);
  half4x4 narrow = half4x4(m);
  float4 row = (float4)narrow[0];
  bool4 both = (row > 1.0f) && (narrow[1] < half4(2));
  o[i] = T(row.x + fast::exp(row.y) + precise::sqrt(row.z) + both.x + fast::max(row.x, 0.0f));
}
typedef decltype(unpack<half>) unpack_t;
template [[host_name("unpack_half")]] kernel unpack_t unpack<half>;

constant int most_of [[function_constant(0)]];
constant bool has_most = is_function_constant_defined(most_of);
template <typename T, enable_if_t<is_floating_point_v<T>, bool> = true>
inline T halved(T x) {
  static_assert(is_arithmetic<T>::value && !is_integral_v<T>, "a fraction");
  return x / 2;
}
kernel void traits(device float* o [[buffer(0)]], device const half* h [[buffer(1)]],
                   uint i [[thread_position_in_grid]]) {
  remove_cv_t<const float> x = halved(o[i]);
  remove_reference_t<thread float&> y = halved(h[i]);
  o[i] = x + y + has_most;
}

constant float4 corner(1, 2, 3, 4);
inline float4 four(float3 a, float b) { return float4(a, b); }
enum Kind { first, second };
inline float chosen(Kind kind, float x) {
  switch (kind) {
    case first: return x;
    case second: return -x;
  }
}
inline float forever(float x) {
  for (;;) {
    if (x > 2) return x;
    x += 1;
  }
}
template <bool Twice>
inline float maybe_twice(float x) {
  if constexpr (Twice) {
    return 2 * x;
  } else {
    return x;
  }
}
void kernel fractions(device bfloat* o [[buffer(0)]], device float* x [[buffer(1)]],
                      volatile device float* v [[buffer(2)]], uint i [[thread_position_in_grid]]) {
  bfloat a = bfloat(0.5f);
  bfloat b = (bfloat)1.5f;
  a = static_cast<bfloat>(x[0] * 2.0f);
  b = 0.5bf;
  b = 1;
  a += 1.0f;
  a *= x[0];
  bfloat2 both(0.5f, 1.0f);
  float3 grey(1), same(float2(1), 2);
  x[1] = a + b + a * 2.0f + four(grey, 2).w + same.y + corner.z;
  x[2] = chosen(first, x[3]) + forever(x[4]) + maybe_twice<true>(x[5]) + v[i];
  x[3] = grey.x > 1.0f ? x[1] : 2.0f;
  o[i] = a > b ? max(a, b) : both.x;
  o[i + 1] = bfloat(a > 0.5f ? 1.0f : 2.0f);
}
kernel void read_through_a_cast(device uint* o [[buffer(0)]], uint i [[thread_position_in_threadgroup]]) {
  threadgroup atomic_uint count[2];
  if (i < 2) atomic_store_explicit(&count[i], 0u, memory_order_relaxed);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  atomic_fetch_add_explicit(&count[i & 1], 1u, memory_order_relaxed);
  threadgroup_barrier(mem_flags::mem_threadgroup);
  o[i] = ((threadgroup uint*)count)[i & 1] + *(threadgroup uint*)&count[0];
}

constexpr int two_to(int n) { return n == 0 ? 1 : 2 * two_to(n - 1); }
constant constexpr int sixteen = two_to(4);
kernel void powers(device float* o [[buffer(0)]], uint i [[thread_position_in_grid]]) { o[i] = sixteen; }
