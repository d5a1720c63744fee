// Declarations of <metal_stdlib> for clang -fsyntax-only: address spaces that clang tells apart, vectors as
// extended vectors, and the functions whose arguments say an address space. Nothing here is ever compiled.
#pragma once
#define device __attribute__((address_space(1)))
#define constant const __attribute__((address_space(2)))
#define threadgroup __attribute__((address_space(3)))
#define thread
#define kernel
#define vertex
#define fragment
#define METAL_FUNC inline
#define METAL_CONST static constant constexpr
#define __METAL_VERSION__ 310
#define __METAL__ 1
#define INFINITY __builtin_inff()
#define HUGE_VALF __builtin_inff()
#define NAN __builtin_nanf("")
#define MAXFLOAT 3.402823466e+38f
#define FLT_MAX 3.402823466e+38f
#define FLT_MIN 1.175494351e-38f
#define FLT_EPSILON 1.192092896e-07f
#define HALF_MAX ((half)65504.0f)
#define HALF_MIN ((half)6.103515625e-5f)
#define INT_MAX 2147483647
#define INT_MIN (-2147483647 - 1)
#define UINT_MAX 4294967295u
#define SHRT_MAX 32767
#define USHRT_MAX 65535
#define CHAR_BIT 8
#define CHAR_MAX 127
#define UCHAR_MAX 255
#define LONG_MAX 9223372036854775807
#define ULONG_MAX 18446744073709551615ul
#define M_E_F 2.71828182845904523536f
#define M_LOG2E_F 1.44269504088896340736f
#define M_LOG10E_F 0.434294481903251827651f
#define M_LN2_F 0.693147180559945309417f
#define M_LN10_F 2.30258509299404568402f
#define M_PI_F 3.14159265358979323846f
#define M_PI_2_F 1.57079632679489661923f
#define M_PI_4_F 0.785398163397448309616f
#define M_1_PI_F 0.318309886183790671538f
#define M_2_PI_F 0.636619772367581343076f
#define M_SQRT2_F 1.41421356237309504880f
#define M_SQRT1_2_F 0.707106781186547524401f
#define M_PI_H ((half)3.14159f)

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef signed char int8_t;
typedef unsigned char uint8_t;
typedef short int16_t;
typedef unsigned short uint16_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long int64_t;
typedef unsigned long uint64_t;
typedef _Float16 half;
typedef __bf16 bfloat;

#define KVIST_VECTORS(T)                                   \
  typedef T T##2 __attribute__((ext_vector_type(2)));      \
  typedef T T##3 __attribute__((ext_vector_type(3)));      \
  typedef T T##4 __attribute__((ext_vector_type(4)));      \
  typedef T packed_##T##2 __attribute__((ext_vector_type(2))); \
  typedef T packed_##T##3 __attribute__((ext_vector_type(3))); \
  typedef T packed_##T##4 __attribute__((ext_vector_type(4)));
KVIST_VECTORS(bool) KVIST_VECTORS(char) KVIST_VECTORS(uchar) KVIST_VECTORS(short) KVIST_VECTORS(ushort)
KVIST_VECTORS(int) KVIST_VECTORS(uint) KVIST_VECTORS(long) KVIST_VECTORS(ulong) KVIST_VECTORS(half)
KVIST_VECTORS(bfloat) KVIST_VECTORS(float)
// Of <simd/simd.h>.
#define KVIST_SIMD(T)                                                                         \
  typedef T simd_##T##1;                                                                      \
  typedef T##2 simd_##T##2, simd_packed_##T##2, vector_##T##2;                                \
  typedef T##3 simd_##T##3, simd_packed_##T##3, vector_##T##3;                                \
  typedef T##4 simd_##T##4, simd_packed_##T##4, vector_##T##4;
KVIST_SIMD(char) KVIST_SIMD(uchar) KVIST_SIMD(short) KVIST_SIMD(ushort) KVIST_SIMD(int) KVIST_SIMD(uint)
KVIST_SIMD(long) KVIST_SIMD(ulong) KVIST_SIMD(half) KVIST_SIMD(float)

namespace metal {
using ::half;
template <class T, int N>
using vec = T __attribute__((ext_vector_type(N)));
template <class T, int N>
using packed_vec = T __attribute__((ext_vector_type(N)));
template <class T>
T kvist_make(...);  // a vector from its pieces
template <class T>
struct remove_reference { using type = T; };
template <class T>
struct remove_reference<T&> { using type = T; };

enum class mem_flags : uint { mem_none = 0, mem_device = 1, mem_threadgroup = 2, mem_texture = 4,
                              mem_threadgroup_imageblock = 8, mem_object_data = 16 };
constexpr mem_flags operator|(mem_flags a, mem_flags b) { return mem_flags(uint(a) | uint(b)); }
enum memory_order { memory_order_relaxed, memory_order_seq_cst };
enum thread_scope { thread_scope_thread, thread_scope_simdgroup, thread_scope_threadgroup, thread_scope_device };
void threadgroup_barrier(mem_flags, thread_scope = thread_scope_threadgroup);
void simdgroup_barrier(mem_flags, thread_scope = thread_scope_simdgroup);

template <class T, int R, int C>
struct simdgroup_matrix {
  simdgroup_matrix() = default;
  explicit simdgroup_matrix(T);
  vec<T, 2>& thread_elements();
  const vec<T, 2>& thread_elements() const;
};
typedef simdgroup_matrix<half, 8, 8> simdgroup_half8x8;
typedef simdgroup_matrix<float, 8, 8> simdgroup_float8x8;
typedef simdgroup_matrix<bfloat, 8, 8> simdgroup_bfloat8x8;
template <class T, int R = 8, int C = 8>
simdgroup_matrix<T, R, C> make_filled_simdgroup_matrix(T);
template <class T, int R = 8, int C = 8>
simdgroup_matrix<T, R, C> make_diagonal_simdgroup_matrix(T);
#define KVIST_LOAD(S)                                                                                         \
  template <class T>                                                                                          \
  void simdgroup_load(simdgroup_matrix<T, 8, 8>&, const S T*, ulong = 8, ulong2 = 0, bool = false);           \
  template <class T>                                                                                          \
  void simdgroup_store(simdgroup_matrix<T, 8, 8>, S T*, ulong = 8, ulong2 = 0, bool = false);
KVIST_LOAD(device) KVIST_LOAD(threadgroup)
template <class D, class A, class B, class C>
void simdgroup_multiply_accumulate(simdgroup_matrix<D, 8, 8>&, const simdgroup_matrix<A, 8, 8>&,
                                   const simdgroup_matrix<B, 8, 8>&, const simdgroup_matrix<C, 8, 8>&);
template <class D, class A, class B>
void simdgroup_multiply(simdgroup_matrix<D, 8, 8>&, const simdgroup_matrix<A, 8, 8>&,
                        const simdgroup_matrix<B, 8, 8>&);

template <class T>
struct atomic {
 private:
  T value;
};
typedef atomic<int> atomic_int;
typedef atomic<uint> atomic_uint;
typedef atomic<bool> atomic_bool;
typedef atomic<float> atomic_float;
typedef atomic<ulong> atomic_ulong;
template <class T>
struct kvist_same { typedef T type; };  // not deduced: an int may be added to an atomic<uint>
#define KVIST_ATOMIC(S)                                                                                       \
  template <class T>                                                                                          \
  T atomic_load_explicit(const volatile S atomic<T>*, memory_order);                                          \
  template <class T>                                                                                          \
  void atomic_store_explicit(volatile S atomic<T>*, typename kvist_same<T>::type, memory_order);              \
  template <class T>                                                                                          \
  bool atomic_compare_exchange_weak_explicit(volatile S atomic<T>*, T*, typename kvist_same<T>::type,         \
                                             memory_order, memory_order);                                     \
  KVIST_FETCH(S, exchange) KVIST_FETCH(S, fetch_add) KVIST_FETCH(S, fetch_sub) KVIST_WHOLE(S, fetch_max)      \
  KVIST_WHOLE(S, fetch_min) KVIST_WHOLE(S, fetch_and) KVIST_WHOLE(S, fetch_or) KVIST_WHOLE(S, fetch_xor)
#define KVIST_FETCH(S, name) \
  template <class T>         \
  T atomic_##name##_explicit(volatile S atomic<T>*, typename kvist_same<T>::type, memory_order);
template <class T>
struct kvist_is_float { static constexpr bool value = false; };
template <>
struct kvist_is_float<float> { static constexpr bool value = true; };
#define KVIST_WHOLE(S, name)                                                                                  \
  template <class T>                                                                                          \
  T atomic_##name##_explicit(volatile S atomic<T>*, typename kvist_same<T>::type, memory_order) {             \
    static_assert(!kvist_is_float<T>::value, "atomic_float has no atomic_" #name "_explicit");                \
    return T();                                                                                               \
  }
KVIST_ATOMIC(device) KVIST_ATOMIC(threadgroup)
void atomic_thread_fence(mem_flags, memory_order, thread_scope = thread_scope_device);

template <class To, class From>
To as_type(From from) {
  static_assert(sizeof(To) == sizeof(From), "as_type: the sizes differ");
  return To();
}
template <class T>
struct numeric_limits {
  static constexpr T max();
  static constexpr T min();
  static constexpr T lowest();
  static constexpr T infinity();
  static constexpr T quiet_NaN();
  static constexpr T epsilon();
};

// Functions of values: what they return is what matters.
template <bool B, class T = void>
struct enable_if {};
template <class T>
struct enable_if<true, T> { typedef T type; };
template <bool B, class T = void>
using enable_if_t = typename enable_if<B, T>::type;
template <bool B, class T, class F>
struct conditional { typedef T type; };
template <class T, class F>
struct conditional<false, T, F> { typedef F type; };
template <bool B, class T, class F>
using conditional_t = typename conditional<B, T, F>::type;
template <class T, T V>
struct integral_constant { static constexpr T value = V; };
template <bool B>
using bool_constant = integral_constant<bool, B>;
typedef bool_constant<true> true_type;
typedef bool_constant<false> false_type;
template <class A, class B>
struct is_same : false_type {};
template <class A>
struct is_same<A, A> : true_type {};
template <class A, class B>
constexpr bool is_same_v = is_same<A, B>::value;
#define KVIST_1(name)       \
  float name(float);        \
  half name(half);          \
  template <class T>        \
  T name(T);
#define KVIST_2(name)         \
  float name(float, float);   \
  half name(half, half);      \
  template <class T>          \
  T name(T, T);
#define KVIST_3(name)                \
  float name(float, float, float);   \
  half name(half, half, half);       \
  template <class T>                 \
  T name(T, T, T);
#define KVIST_MATH                                                                                            \
  KVIST_1(acos) KVIST_1(acosh) KVIST_1(asin) KVIST_1(asinh) KVIST_1(atan) KVIST_1(atanh) KVIST_1(ceil)        \
  KVIST_1(cos) KVIST_1(cosh) KVIST_1(cospi) KVIST_1(exp) KVIST_1(exp2) KVIST_1(exp10) KVIST_1(fabs)           \
  KVIST_1(floor) KVIST_1(fract) KVIST_1(log) KVIST_1(log2) KVIST_1(log10) KVIST_1(rint) KVIST_1(round)        \
  KVIST_1(rsqrt) KVIST_1(sin) KVIST_1(sinh) KVIST_1(sinpi) KVIST_1(sqrt) KVIST_1(tan) KVIST_1(tanh)           \
  KVIST_1(tanpi) KVIST_1(trunc) KVIST_1(saturate) KVIST_1(sign) KVIST_2(atan2) KVIST_2(copysign)              \
  KVIST_2(divide) KVIST_2(fdim) KVIST_2(fmax) KVIST_2(fmin) KVIST_2(fmod) KVIST_2(nextafter) KVIST_2(pow)     \
  KVIST_2(powr) KVIST_2(step) KVIST_3(fma) KVIST_3(smoothstep)
KVIST_MATH
namespace fast { KVIST_MATH }
namespace precise { KVIST_MATH }
#define KVIST_INTEGERS(T) T max(T, T); T min(T, T); T clamp(T, T, T); T max3(T, T, T); T min3(T, T, T); T abs(T);
KVIST_INTEGERS(char) KVIST_INTEGERS(uchar) KVIST_INTEGERS(short) KVIST_INTEGERS(ushort) KVIST_INTEGERS(int)
KVIST_INTEGERS(uint) KVIST_INTEGERS(long) KVIST_INTEGERS(ulong) KVIST_INTEGERS(half) KVIST_INTEGERS(bfloat)
KVIST_INTEGERS(float)
template <class T> T max(T, T);
template <class T> T min(T, T);
template <class T> T clamp(T, T, T);
template <class T> T abs(T);
template <class T, class U> T mix(T, T, U);
template <class T, class U> T select(T, T, U);
template <class T> bool isnan(T);
template <class T> bool isinf(T);
template <class T> bool isfinite(T);
template <class T> bool any(T);
template <class T> bool all(T);
template <class T> auto dot(T a, T b) { return a.x; }
template <class T> auto length(T a) { return a.x; }
template <class T> T normalize(T);
template <class T> T cross(T, T);
template <class T> T popcount(T);
template <class T> T clz(T);
template <class T> T ctz(T);
template <class T> T reverse_bits(T);
template <class T> T mulhi(T, T);
template <class T> T mul24(T, T);
template <class T> T mad24(T, T, T);
template <class T> T rotate(T, T);
template <class T> T extract_bits(T, uint, uint);
template <class T> T insert_bits(T, T, uint, uint);
#define KVIST_GROUP(name) template <class T> T simd_##name(T); template <class T> T quad_##name(T);
KVIST_GROUP(sum) KVIST_GROUP(product) KVIST_GROUP(max) KVIST_GROUP(min) KVIST_GROUP(and) KVIST_GROUP(or)
KVIST_GROUP(xor) KVIST_GROUP(broadcast_first) KVIST_GROUP(prefix_inclusive_sum)
KVIST_GROUP(prefix_exclusive_sum) KVIST_GROUP(prefix_inclusive_product) KVIST_GROUP(prefix_exclusive_product)
#define KVIST_LANE(name) template <class T> T simd_##name(T, ushort); template <class T> T quad_##name(T, ushort);
KVIST_LANE(shuffle) KVIST_LANE(shuffle_xor) KVIST_LANE(shuffle_up) KVIST_LANE(shuffle_down)
KVIST_LANE(shuffle_rotate_up) KVIST_LANE(shuffle_rotate_down) KVIST_LANE(broadcast)
#define KVIST_FILL(name)                                              \
  template <class T> T simd_##name(T, T, ushort, ushort = 32);        \
  template <class T> T quad_##name(T, T, ushort, ushort = 4);
KVIST_FILL(shuffle_and_fill_up) KVIST_FILL(shuffle_and_fill_down)
bool simd_all(bool);
bool simd_any(bool);
bool simd_is_first();
bool quad_all(bool);
bool quad_any(bool);
bool quad_is_first();
template <class T, size_t N>
struct array {
  T& operator[](size_t);
  const T& operator[](size_t) const;
  static constexpr size_t size() { return N; }
  T kvist_elements[N];
};
}  // namespace metal
using metal::as_type;
