// Functions of values, included by declarations.h inside the namespace metal: what they take and return.
// Scalars go to the overloads for float and half, so that whole numbers, and half beside float, are ambiguous as
// they are in Metal. The result for the rest: a vector with vectors of its type and scalars; bfloat.
template <bool Fractions, class... A>
struct kvist_common {};
template <bool V, class T>
struct kvist_if {};
template <class T>
struct kvist_if<true, T> { typedef T type; };
template <class T>
constexpr bool kvist_is_vector = (kvist_of<T>::count > 1);
template <bool Fractions, class T>
constexpr bool kvist_fits = kvist_of<T>::kind == 0 || kvist_of<T>::kind == 2 || !Fractions;
template <class T>
constexpr bool kvist_open = kvist_is_vector<T> || kvist_of<T>::kind == 0 || is_same_v<T, bfloat>;
template <class A, class B>
constexpr bool kvist_mixed = kvist_open<A> || kvist_open<B>;
template <class A, class B>
constexpr bool kvist_together = is_same_v<A, B> || !kvist_is_vector<A> || !kvist_is_vector<B>;
template <class A, class B>
using kvist_wider = conditional_t<kvist_is_vector<A> || (!kvist_is_vector<B> && kvist_of<A>::kind == 0), A,
                                  conditional_t<kvist_is_vector<B> || kvist_of<B>::kind == 0 || is_same_v<A, B>,
                                                B, float>>;
template <bool F, class A>
struct kvist_common<F, A> : kvist_if<kvist_open<A> && kvist_fits<F, A>, A> {};
template <bool F, class A, class B>
struct kvist_common<F, A, B>
    : kvist_if<kvist_mixed<A, B> && kvist_together<A, B> && kvist_fits<F, kvist_wider<A, B>>, kvist_wider<A, B>> {};
template <bool F, class A, class B, class C>
struct kvist_common<F, A, B, C>
    : kvist_if<(kvist_mixed<A, B> || kvist_mixed<B, C>) && kvist_together<A, B> && kvist_together<B, C> &&
                   kvist_together<A, C> && kvist_fits<F, kvist_wider<kvist_wider<A, B>, C>>,
               kvist_wider<kvist_wider<A, B>, C>> {};
#define KVIST_ANY_1(F, name) template <class A> typename kvist_common<F, A>::type name(A);
#define KVIST_ANY_2(F, name) template <class A, class B> typename kvist_common<F, A, B>::type name(A, B);
#define KVIST_ANY_3(F, name) \
  template <class A, class B, class C> typename kvist_common<F, A, B, C>::type name(A, B, C);
#define KVIST_1(name) float name(float); half name(half); KVIST_ANY_1(true, name)
#define KVIST_2(name) float name(float, float); half name(half, half); KVIST_ANY_2(true, name)
#define KVIST_3(name) float name(float, float, float); half name(half, half, half); KVIST_ANY_3(true, name)
#define KVIST_OUT(name, S)                 \
  float name(float, S float&);             \
  half name(half, S half&);                \
  template <class A>                       \
  typename kvist_common<true, A>::type name(A, S A&);
#define KVIST_MATH                                                                                            \
  KVIST_1(acos) KVIST_1(acosh) KVIST_1(asin) KVIST_1(asinh) KVIST_1(atan) KVIST_1(atanh) KVIST_1(ceil)        \
  KVIST_1(cos) KVIST_1(cosh) KVIST_1(cospi) KVIST_1(exp) KVIST_1(exp2) KVIST_1(exp10) KVIST_1(fabs)           \
  KVIST_1(floor) KVIST_1(fract) KVIST_1(log) KVIST_1(log2) KVIST_1(log10) KVIST_1(rint) KVIST_1(round)        \
  KVIST_1(rsqrt) KVIST_1(sin) KVIST_1(sinh) KVIST_1(sinpi) KVIST_1(sqrt) KVIST_1(tan) KVIST_1(tanh)           \
  KVIST_1(tanpi) KVIST_1(trunc) KVIST_1(saturate) KVIST_1(sign) KVIST_2(atan2) KVIST_2(copysign)              \
  KVIST_2(divide) KVIST_2(fdim) KVIST_2(fmax) KVIST_2(fmin) KVIST_2(fmod) KVIST_2(nextafter) KVIST_2(pow)     \
  KVIST_2(powr) KVIST_2(step) KVIST_3(fma) KVIST_3(mix) KVIST_3(smoothstep) KVIST_3(fmax3) KVIST_3(fmin3)                  \
  KVIST_3(fmedian3) KVIST_OUT(modf, thread) KVIST_OUT(sincos, thread)
KVIST_MATH
template <class T, class E> T frexp(T, thread E&);
template <class T, class E> T ldexp(T, E);
template <class T> auto ilogb(T);
#define KVIST_INTEGERS(T)                                                                                     \
  T max(T, T); T min(T, T); T clamp(T, T, T); T max3(T, T, T); T min3(T, T, T); T median3(T, T, T); T abs(T);
KVIST_INTEGERS(char) KVIST_INTEGERS(uchar) KVIST_INTEGERS(short) KVIST_INTEGERS(ushort) KVIST_INTEGERS(int)
KVIST_INTEGERS(uint) KVIST_INTEGERS(long) KVIST_INTEGERS(ulong) KVIST_INTEGERS(half) KVIST_INTEGERS(bfloat)
KVIST_INTEGERS(float)
#define KVIST_ALL                                                                                             \
  KVIST_ANY_2(false, max) KVIST_ANY_2(false, min) KVIST_ANY_3(false, clamp) KVIST_ANY_3(false, max3)          \
  KVIST_ANY_3(false, min3) KVIST_ANY_3(false, median3) KVIST_ANY_1(false, abs)
KVIST_ALL
#undef KVIST_1
#undef KVIST_2
#undef KVIST_3
#undef KVIST_OUT
#define KVIST_1(name) using metal::name;
#define KVIST_2(name) using metal::name;
#define KVIST_3(name) using metal::name;
#define KVIST_OUT(name, S) using metal::name;
#define KVIST_THERE                                                                                           \
  KVIST_MATH KVIST_1(abs) KVIST_1(clamp) KVIST_1(max) KVIST_1(max3) KVIST_1(median3) KVIST_1(min)             \
  KVIST_1(min3) KVIST_1(frexp) KVIST_1(ldexp) KVIST_1(ilogb)
namespace fast { KVIST_THERE }
namespace precise { KVIST_THERE }
template <class A, class B, class C>
typename kvist_if<is_same_v<A, B> || kvist_is_vector<A> || kvist_is_vector<B>, kvist_wider<A, B>>::type select(A, B, C);
template <class T, int N = kvist_of<T>::count> struct kvist_bools { typedef vec<bool, N> type; };
template <class T> struct kvist_bools<T, 1> { typedef bool type; };
#define KVIST_TELLS(name) template <class T> typename kvist_bools<T>::type name(T);
KVIST_TELLS(isnan) KVIST_TELLS(isinf) KVIST_TELLS(isfinite) KVIST_TELLS(isnormal) KVIST_TELLS(signbit)
template <class T> typename kvist_bools<T>::type isordered(T, T);
template <class T> typename kvist_bools<T>::type isunordered(T, T);
template <class T> constexpr bool is_function_constant_defined(T);
template <class T> bool any(T);
template <class T> bool all(T);
// Of vectors of fractions.
template <class T, class R = T>
using kvist_geometric = typename kvist_if<kvist_of<T>::kind == 0 || (kvist_of<T>::kind == 2 && kvist_is_vector<T>),
                                          R>::type;
template <class T> kvist_geometric<T, typename kvist_of<T>::element> dot(T, T);
template <class T> kvist_geometric<T, typename kvist_of<T>::element> length(T);
template <class T> kvist_geometric<T, typename kvist_of<T>::element> length_squared(T);
template <class T> kvist_geometric<T, typename kvist_of<T>::element> distance(T, T);
template <class T> kvist_geometric<T, typename kvist_of<T>::element> distance_squared(T, T);
template <class T> kvist_geometric<T> normalize(T);
template <class T> kvist_geometric<T> cross(T, T);
template <class T> kvist_geometric<T> reflect(T, T);
template <class T> kvist_geometric<T> refract(T, T, typename kvist_of<T>::element);
template <class T> kvist_geometric<T> faceforward(T, T, T);
#define KVIST_ONE(name) template <class T> T name(T);
#define KVIST_TWO(name) template <class A, class B> kvist_wider<A, kvist_wider<B, A>> name(A, B);
#define KVIST_THREE(name) template <class A, class B, class C> kvist_wider<A, kvist_wider<B, A>> name(A, B, C);
KVIST_ONE(popcount) KVIST_ONE(clz) KVIST_ONE(ctz) KVIST_ONE(reverse_bits)
KVIST_TWO(absdiff) KVIST_TWO(addsat) KVIST_TWO(hadd) KVIST_TWO(mul24) KVIST_TWO(mulhi) KVIST_TWO(rhadd)
KVIST_TWO(rotate) KVIST_TWO(subsat) KVIST_THREE(mad24) KVIST_THREE(madhi) KVIST_THREE(madsat)
template <class T> T extract_bits(T, uint, uint);
template <class T> T insert_bits(T, T, uint, uint);
#define KVIST_PACK(form, P, N)                     \
  P pack_float_to_##form(vec<float, N>);           \
  vec<float, N> unpack_##form##_to_float(P);       \
  P pack_half_to_##form(vec<half, N>);             \
  vec<half, N> unpack_##form##_to_half(P);
KVIST_PACK(snorm4x8, uint, 4) KVIST_PACK(unorm4x8, uint, 4) KVIST_PACK(snorm2x16, uint, 2)
KVIST_PACK(unorm2x16, uint, 2) KVIST_PACK(unorm10a2, uint, 4) KVIST_PACK(unorm565, ushort, 3)
KVIST_PACK(srgb_unorm4x8, uint, 4)
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
bool simd_is_helper_thread();
bool quad_all(bool);
bool quad_any(bool);
bool quad_is_first();
bool quad_is_helper_thread();
#define KVIST_VOTE(group)                                                                                     \
  struct group##_vote {                                                                                       \
    typedef ulong vote_t;                                                                                     \
    constexpr group##_vote(vote_t = 0);                                                                       \
    explicit operator vote_t() const;                                                                         \
    bool all() const;                                                                                         \
    bool any() const;                                                                                         \
  };                                                                                                          \
  group##_vote group##_ballot(bool);                                                                          \
  group##_vote group##_active_threads_mask();
KVIST_VOTE(simd) KVIST_VOTE(quad)
template <class T, size_t N>
struct array {
  T& operator[](size_t);
  const T& operator[](size_t) const;
  static constexpr size_t size() { return N; }
  T kvist_elements[N];
};
