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
#include "../shim/metal_constants"

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
#define KVIST_SIMD(T, U)                                                               \
  typedef U simd_##T##1;                                                               \
  typedef U##2 vector_##T##2, simd_##T##2, simd_packed_##T##2;                         \
  typedef U##3 vector_##T##3, simd_##T##3, simd_packed_##T##3;                         \
  typedef U##4 vector_##T##4, simd_##T##4, simd_packed_##T##4;
KVIST_SIMD(char, char) KVIST_SIMD(uchar, uchar) KVIST_SIMD(short, short) KVIST_SIMD(ushort, ushort)
KVIST_SIMD(int, int) KVIST_SIMD(uint, uint) KVIST_SIMD(long, long) KVIST_SIMD(ulong, ulong)
KVIST_SIMD(half, half) KVIST_SIMD(float, float)

namespace metal {
using ::half;
template <class T, int N>
using vec = T __attribute__((ext_vector_type(N)));
template <class T, int N>
using packed_vec = T __attribute__((ext_vector_type(N)));
// What a type is made of: elements, their type, and 1 for whole numbers, 2 for fractions, 0 for neither.
template <class T>
struct kvist_scalar { static constexpr int kind = 0; };
#define KVIST_KIND(T, K) template <> struct kvist_scalar<T> { static constexpr int kind = K; };
KVIST_KIND(bool, 1) KVIST_KIND(char, 1) KVIST_KIND(signed char, 1) KVIST_KIND(uchar, 1) KVIST_KIND(short, 1)
KVIST_KIND(ushort, 1) KVIST_KIND(int, 1) KVIST_KIND(uint, 1) KVIST_KIND(long, 1) KVIST_KIND(ulong, 1)
KVIST_KIND(long long, 1) KVIST_KIND(unsigned long long, 1)
KVIST_KIND(half, 2) KVIST_KIND(bfloat, 2) KVIST_KIND(float, 2) KVIST_KIND(double, 2)
template <class T>
struct kvist_of { typedef T element; static constexpr int count = 1, kind = kvist_scalar<T>::kind; };
template <class T, int N>
struct kvist_of<T __attribute__((ext_vector_type(N)))> {
  typedef T element;
  static constexpr int count = N, kind = kvist_scalar<T>::kind;
};
// An error of every call, where a static_assert would be one of the first with these types.
#define KVIST_ERROR(condition, text) __attribute__((diagnose_if(condition, "kvist: " text, "error")))
template <class... A>
constexpr int kvist_given = (0 + ... + kvist_of<A>::count);
template <class T, class... A>
constexpr T kvist_make(A...)  // a vector from its pieces
    KVIST_ERROR(sizeof...(A) != 1 && kvist_given<A...> < kvist_of<T>::count, "a vector from too few components")
    KVIST_ERROR(sizeof...(A) != 1 && (kvist_given<A...> > kvist_of<T>::count), "a vector from too many components")
    KVIST_ERROR(sizeof...(A) == 1 && kvist_given<A...> != 1 && kvist_given<A...> != kvist_of<T>::count,
                "a vector of another length") {
  return T();
}
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
template <class T>
struct kvist_atomic { static constexpr bool fetches = true, orders = true; };
template <>
struct kvist_atomic<float> { static constexpr bool fetches = true, orders = false; };
template <>
struct kvist_atomic<ulong> { static constexpr bool fetches = false, orders = false; };
#define KVIST_ATOMIC(S)                                                                                       \
  template <class T>                                                                                          \
  T atomic_load_explicit(const volatile S atomic<T>*, memory_order);                                          \
  template <class T>                                                                                          \
  void atomic_store_explicit(volatile S atomic<T>*, typename kvist_same<T>::type, memory_order);              \
  template <class T>                                                                                          \
  bool atomic_compare_exchange_weak_explicit(volatile S atomic<T>*, typename kvist_same<T>::type*,            \
                                             typename kvist_same<T>::type, memory_order, memory_order);       \
  KVIST_FETCH(S, exchange, fetches) KVIST_FETCH(S, fetch_add, fetches) KVIST_FETCH(S, fetch_sub, fetches)     \
  KVIST_FETCH(S, fetch_max, orders) KVIST_FETCH(S, fetch_min, orders) KVIST_FETCH(S, fetch_and, orders)       \
  KVIST_FETCH(S, fetch_or, orders) KVIST_FETCH(S, fetch_xor, orders)
#define KVIST_FETCH(S, name, allowed)                                                                         \
  template <class T>                                                                                          \
  T atomic_##name##_explicit(volatile S atomic<T>*, typename kvist_same<T>::type, memory_order) {             \
    static_assert(kvist_atomic<T>::allowed, "kvist: this atomic has no atomic_" #name "_explicit");           \
    return T();                                                                                               \
  }
KVIST_ATOMIC(device) KVIST_ATOMIC(threadgroup)
void atomic_max_explicit(volatile device atomic<ulong>*, ulong, memory_order);
void atomic_min_explicit(volatile device atomic<ulong>*, ulong, memory_order);
void atomic_thread_fence(mem_flags, memory_order, thread_scope = thread_scope_device);

template <class To, class From>
To as_type(From from) KVIST_ERROR(sizeof(To) != sizeof(From), "as_type between types of different size");
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
#define KVIST_TRAIT(name)                          \
  template <class T>                               \
  struct name : bool_constant<__##name(T)> {};     \
  template <class T>                               \
  constexpr bool name##_v = __##name(T);
KVIST_TRAIT(is_integral) KVIST_TRAIT(is_floating_point) KVIST_TRAIT(is_arithmetic) KVIST_TRAIT(is_signed)
KVIST_TRAIT(is_unsigned)
template <class T>
using remove_reference_t = typename remove_reference<T>::type;
template <class T>
using remove_const_t = __remove_const(T);
template <class T>
using remove_cv_t = __remove_cv(T);
#include "declared_functions.h"
#include "declared_matrices.h"
}  // namespace metal
#define KVIST_MATRICES(T, C, R)              \
  typedef metal::matrix<T, C, R> T##C##x##R; \
  typedef metal::matrix<T, C, R> matrix_##T##C##x##R, simd_##T##C##x##R;
#define KVIST_ROWS(T, C) KVIST_MATRICES(T, C, 2) KVIST_MATRICES(T, C, 3) KVIST_MATRICES(T, C, 4)
KVIST_ROWS(float, 2) KVIST_ROWS(float, 3) KVIST_ROWS(float, 4) KVIST_ROWS(half, 2) KVIST_ROWS(half, 3)
KVIST_ROWS(half, 4)
using metal::as_type;
