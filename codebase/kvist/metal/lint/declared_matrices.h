// float4x4 and its like, included by declarations.h inside the namespace metal.
template <class T, int C, int R>
struct matrix;
template <class T>
struct kvist_matrix { static constexpr int count = kvist_of<T>::count; };
template <class T, int C, int R>
struct kvist_matrix<matrix<T, C, R>> { static constexpr int count = C * R; };
#define KVIST_COLUMNS(C, ...)                                                                                 \
  template <class T, int R>                                                                                   \
  struct matrix<T, C, R> {                                                                                    \
    typedef vec<T, R> column;                                                                                 \
    matrix() = default;                                                                                       \
    constexpr matrix(__VA_ARGS__);                                                                            \
    constexpr explicit matrix(T);                                                                             \
    constexpr matrix(const matrix&) = default;                                                                \
    constexpr matrix(const device matrix&);                                                                   \
    constexpr matrix(constant matrix&);                                                                       \
    constexpr matrix(const threadgroup matrix&);                                                              \
    template <class U>                                                                                        \
    constexpr explicit matrix(matrix<U, C, R>);                                                               \
    template <class A, class B, class... D>                                                                   \
    constexpr matrix(A, B, D...) {                                                                            \
      constexpr int given = kvist_matrix<A>::count + (kvist_matrix<B>::count + ... + kvist_matrix<D>::count); \
      static_assert(given == C * R, "kvist: a matrix from another number of components");                     \
    }                                                                                                         \
    matrix& operator=(const matrix&) = default;                                                               \
    column& operator[](int);                                                                                  \
    constexpr const column& operator[](int) const;                                                            \
    matrix& operator+=(matrix);                                                                               \
    matrix& operator-=(matrix);                                                                               \
    matrix& operator*=(T);                                                                                    \
    matrix& operator*=(matrix<T, C, C>);                                                                      \
    column columns[C];                                                                                        \
  };
KVIST_COLUMNS(2, column, column) KVIST_COLUMNS(3, column, column, column)
KVIST_COLUMNS(4, column, column, column, column)
template <class T, int C, int R> constexpr matrix<T, C, R> operator-(matrix<T, C, R>);
template <class T, int C, int R> constexpr matrix<T, C, R> operator+(matrix<T, C, R>, matrix<T, C, R>);
template <class T, int C, int R> constexpr matrix<T, C, R> operator-(matrix<T, C, R>, matrix<T, C, R>);
template <class T, int C, int R, int K> constexpr matrix<T, K, R> operator*(matrix<T, C, R>, matrix<T, K, C>);
template <class T, int C, int R> constexpr vec<T, R> operator*(matrix<T, C, R>, vec<T, C>);
template <class T, int C, int R> constexpr vec<T, C> operator*(vec<T, R>, matrix<T, C, R>);
template <class T, int C, int R> constexpr matrix<T, C, R> operator*(matrix<T, C, R>, typename kvist_same<T>::type);
template <class T, int C, int R> constexpr matrix<T, C, R> operator*(typename kvist_same<T>::type, matrix<T, C, R>);
template <class T, int C, int R> bool operator==(matrix<T, C, R>, matrix<T, C, R>);
template <class T, int C, int R> bool operator!=(matrix<T, C, R>, matrix<T, C, R>);
template <class T, int C, int R> matrix<T, R, C> transpose(matrix<T, C, R>);
template <class T, int C> T determinant(matrix<T, C, C>);
