// Valid Metal with much of what a rule could take for a mistake. Nothing here is to be reported.
#include <metal_stdlib>
#include <metal_simdgroup_matrix>
#include <metal_atomic>
using namespace metal;

#define TILE 16
#define LOAD(p, i) ((p)[(i)])
#define instantiate(name, type) \
  template [[host_name("sum_" #name)]] [[kernel]] decltype(sum<type, 4>) sum<type, 4>;

constant float pi = 3.14159f;
constant constexpr int sizes[3] = {1, 2, 3};
static constant constexpr const uint kMask = 0xFFu;
constant bool has_bias [[function_constant(0)]];
constant int width [[function_constant(1)]];
constant bool wide = width > 4;
enum Mode { plain = 0, scaled = 1 };
enum class Kind : uint { a, b };
typedef float4 quad_of_float;
using index_t = uint;
template <typename U>
using pair_of = vec<U, 2>;

struct Params {
  uint n;
  float scale;
  packed_float3 offset;
  int strides[4];
};

struct Bound {
  device float* out;
  constant float* table;
};

struct Complex {
  float re, im;
  Complex(float r, float i) thread : re(r), im(i) {}
  Complex operator*(thread const Complex& o) const thread { return Complex(re * o.re - im * o.im, 0.0f); }
  float norm() const { return re * re + im * im; }
};

template <typename T>
struct Add {
  static constexpr constant T init = T(0);
  template <typename U>
  U operator()(U a, U b) const {
    return a + b;
  }
};

namespace helpers {
template <typename T, int N>
inline T total(const thread T (&values)[N]) {
  T t = 0;
  for (int i = 0; i < N; ++i) t += values[i];
  return t;
}
METAL_FUNC float silu(float x) {
  return x / (1.0f + exp(-x));
}
inline float2 rotate_pair(float2 v, float angle) { return float2(v.x * cos(angle) - v.y * sin(angle), v.y); }
template <typename Op, typename T>
T fold(threadgroup const T* data, uint n, Op op) {
  T t = Op::init;
  for (uint i = 0; i < n; ++i) t = op(t, data[i]);
  return t;
}
inline void swap(thread float& a, thread float& b) {
  float t = a;
  a = b;
  b = t;
}
inline float get(device const float* p, uint i) { return p[i]; }
inline float get(threadgroup const float* p, uint i) { return p[i]; }
inline float get(constant float* p, uint i) { return p[i]; }
}  // namespace helpers

template <int N>
struct Power {
  static int of(int x) { return x * Power<N - 1>::of(x); }
};
template <>
struct Power<0> {
  static int of(int) { return 1; }
};

float last(float x);
float first(float x) { return x * 2; }
float last(float x) { return first(x) + 1; }

template <typename T, int N = 4>
[[kernel, max_total_threads_per_threadgroup(256)]] void sum(const device T* x [[buffer(0)]],
                                                            device T* y [[buffer(1)]],
                                                            constant Params& params [[buffer(2)]],
                                                            constant const int* shape [[buffer(3)]],
                                                            const device T* bias [[buffer(4), function_constant(has_bias)]],
                                                            threadgroup T* scratch [[threadgroup(0)]],
                                                            ushort3 tid [[thread_position_in_threadgroup]],
                                                            uint3 gid [[threadgroup_position_in_grid]],
                                                            const uint lane [[thread_index_in_simdgroup]],
                                                            [[maybe_unused]] uint group [[simdgroup_index_in_threadgroup]]) {
  threadgroup T tile[TILE][TILE + 1], edge[4];
  threadgroup atomic_int counter;
  T own[N];
  for (int i = 0; i < N; i++) {
    own[i] = LOAD(x, gid.x * N + i);
  }
  if (lane == 0) {
    tile[0][0] = own[0];
    edge[0] = own[0];
    atomic_store_explicit(&counter, 0, memory_order_relaxed);
  }
  threadgroup_barrier(mem_flags::mem_threadgroup | mem_flags::mem_device);
  T t = helpers::total(own);
  if (has_bias) t += bias[gid.x];
  const Params local = params;
  t = simd_sum(t) * T(local.scale);
  uint n = local.n;
  while (n-- > 0 && t > T(1)) t *= T(0.5h);
  scratch[lane] = t;
  const device T* p = x + shape[0];
  p += n;
  y[gid.x] = p[0] + tile[0][0] + scratch[0] + (wide ? T(pi) : T(0));
  auto q = x;
  q++;
  y[gid.x] += q[0] * T(tid.x);
}
instantiate(float, float)
instantiate(half, half)

kernel void bound(constant Bound& args [[buffer(0)]], device float* x [[buffer(1)]],
                  uint i [[thread_position_in_grid]]) {
  simdgroup_float8x8 sum, identity(1.0f);
  simdgroup_multiply(sum, identity, identity);
  simdgroup_store(sum, x, 8);
  args.out[i] = args.table[i] > 0.5 ? 1.0 : 0.0;
}

kernel void features(device float4* out [[buffer(0)]], device const Params* all [[buffer(1)]],
                     device atomic_uint* bins [[buffer(2)]], volatile device atomic<float>* acc [[buffer(3)]],
                     constant float (&table)[8] [[buffer(4)]], const device packed_half4* ph [[buffer(5)]],
                     device const uchar4* bytes [[buffer(6)]], device bfloat* bf [[buffer(7)]],
                     uint i [[thread_position_in_grid]], uint size [[threads_per_grid]]) {
  float4 v = float4(1.0f, 2.0f, 3.0f, 4.0f);
  v.xy = v.yx;
  v.zw += float2(table[0], pi);
  float a = 0x1p-3f, b = 1e-5f, c = .5f, d = 1.f;
  helpers::swap(a, b);
  uint u = 0xffu | 0b101u | 1'000u | 7U;
  long big = 1l << 40;
  half h = half(v.x) * 2.0h;
  bf[i] = bfloat(a) + 1.0bf;
  const char letter = 'x';
  uint old = atomic_fetch_add_explicit(&bins[u % 4], 1u, memory_order_relaxed);
  atomic_fetch_add_explicit(acc, a, memory_order_relaxed);
  Complex z(a, b);
  Complex w = z * Complex(1.0f, 0.0f);
  uint4 packed = uint4(bytes[i]);
  float4 f = float4(half4(ph[i])) + as_type<float4>(packed);
  pair_of<float> pr = {a, b};
  quad_of_float qf = select(v, f, bool4(true, false, true, false));
  Mode mode = old > 3 ? scaled : plain;
  switch (mode) {
    case plain: v *= 2; break;
    default: v = -v;
  }
  float3 o = float3(all[i].offset);
  device const int* strides = all[i].strides;
  simdgroup_matrix<float, 8, 8> m = simdgroup_matrix<float, 8, 8>(0.0f);
  thread auto& elements = m.thread_elements();
  elements[0] = helpers::silu(c + d) + first(h) + last(float(letter)) + Power<3>::of(strides[0]);
  thread float* px = &a;
  *px = fast::exp(precise::sqrt(a)) + metal::fma(a, b, c);
  device float* row = reinterpret_cast<device float*>(out) + i;
  row[0] = dot(v, qf) + length(o) + pr.x + elements[0] + w.norm() + float(big) + float(size * sizes[i % 3]);
  out[i] = v * f - float4(helpers::rotate_pair(float2(a, b), c), helpers::get(row, 0), helpers::get(table, 1));
  float values[3] = {a, b, c};
  (void)values;
  static_assert(sizeof(Params) >= 36, "the host packs it so");
  simdgroup_barrier(mem_flags::mem_none);
  out[i].x = simd_shuffle_down(v.x, 4) + simd_broadcast(v.y, 0) + quad_sum(v.z) + (any(v > 0) ? INFINITY : NAN);
}

constant constexpr uint ROWS = 4 * TILE;
constant bool first_index [[function_constant(20)]];

kernel void add(device float* y [[buffer(0)]], device atomic_float* sums [[buffer(1)]],
                const device float4* v [[buffer(2)]], uint i [[thread_position_in_grid]],
                ushort size [[threads_per_threadgroup]]) {
  threadgroup float rows[ROWS][2 * TILE + 1], more[ROWS];
  const int M = 3;
  float own[M], copy[ROWS / 8];
  uint add = 0;
  if (add < 4 && i > 2) y[i] = float(add) + v[i].x;
  for (int bound = 0; bound < 4; bound++) own[bound % M] = copy[bound] = float(bound);
  bool4 b = float4(1.0f) < v[i];
  bool2 c = b.zw;
  b = !b && (v[i] > 2.0f);
  y[i] = b.y || c.x || first_index ? own[0] : own[1];
  float3 w = v[i].xyz;
  packed_float3 p = packed_float3(w * 2.0f);
  w = p;
  w += float3(v[i].xy, 1.0f) + max(w, float3(0.0f)) + select(w, float3(p), w > 1.0f);
  if (all(w > 0.0f) && any(v[i] != 0.0f)) y[i] += w.x;
  device float4* wide = (device float4*)y;
  const device float* narrow = (const device float*)&v[i];
  threadgroup float2* pairs = (threadgroup float2*)more;
  thread float* mine = (thread float*)&own[0];
  pairs[0] = float2(narrow[0], mine[0]);
  wide[i] = float4(rows[0][0] + pairs[0].x);
  atomic_fetch_add_explicit(sums, max3(w.x, w.y, w.z), memory_order_relaxed);
  y[i] += simd_shuffle_and_fill_up(w.x, 0.0f, 1) + clamp(w.y, 0.0f, 1.0f) + atomic_load_explicit(sums, memory_order_relaxed);
}
