/* OpenBLAS under MLX, on Linux.
 *
 * Why: the Linux wheel of MLX links the *reference* BLAS, plain loops on one thread. Its libmlx.so calls
 * cblas_sgemm, cblas_dgemm and cblas_cgemm by name, and the dynamic linker takes the first definition it
 * finds in the global scope. The numpy wheel carries a full OpenBLAS, but under other names
 * (scipy_cblas_sgemm64_) and with 64-bit integers. This library is the missing translation: loaded with
 * RTLD_GLOBAL before mlx.core, its names win, and each call is passed on to OpenBLAS.
 *
 * Why dlsym and no link-time dependency: the OpenBLAS file has a hash in its name and lies somewhere in
 * site-packages. Nothing of numpy is needed to compile this file, and kvist.blas asks at run time, with
 * kvist_blas_shim_open, whether everything is there *before* it makes these names global. So a numpy
 * without such an OpenBLAS means "MLX as it is", never an unresolved symbol in the middle of a matmul.
 *
 * Two things are done on the way. A product with one row or one column goes to OpenBLAS's gemv, which reads
 * the matrix once, where its gemm would copy it first: this is every linear layer of a decode step. And small
 * products stay on one thread (threads.c).
 *
 * Where MLX was loaded first, rebind.c points its calls here afterwards. macOS needs none of this: there MLX
 * uses Accelerate.
 */
#define _GNU_SOURCE
#include "blas_shim.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t blas_int; /* OpenBLAS in numpy is built with the 64-bit interface */

typedef void (*sgemm_fn)(int, int, int, blas_int, blas_int, blas_int, float, const float *, blas_int,
                         const float *, blas_int, float, float *, blas_int);
typedef void (*dgemm_fn)(int, int, int, blas_int, blas_int, blas_int, double, const double *, blas_int,
                         const double *, blas_int, double, double *, blas_int);
typedef void (*xgemm_fn)(int, int, int, blas_int, blas_int, blas_int, const void *, const void *, blas_int,
                         const void *, blas_int, const void *, void *, blas_int);
typedef void (*sgemv_fn)(int, int, blas_int, blas_int, float, const float *, blas_int, const float *,
                         blas_int, float, float *, blas_int);

enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 };

static sgemm_fn sgemm = NULL;
static dgemm_fn dgemm = NULL;
static xgemm_fn cgemm = NULL;
static xgemm_fn zgemm = NULL;
static sgemv_fn sgemv = NULL;

/* Resolves every routine from the OpenBLAS at `path`. Returns 1, or 0 if the file or a routine is missing. */
int kvist_blas_shim_open(const char *path) {
  void *openblas = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (openblas == NULL) return 0;
  sgemm = (sgemm_fn)dlsym(openblas, "scipy_cblas_sgemm64_");
  dgemm = (dgemm_fn)dlsym(openblas, "scipy_cblas_dgemm64_");
  cgemm = (xgemm_fn)dlsym(openblas, "scipy_cblas_cgemm64_");
  zgemm = (xgemm_fn)dlsym(openblas, "scipy_cblas_zgemm64_");
  sgemv = (sgemv_fn)dlsym(openblas, "scipy_cblas_sgemv64_");
  return sgemm && dgemm && cgemm && zgemm && sgemv && open_threads(openblas);
}

/* c (1, n) = alpha a (1, k) op(b) + beta c, or c (m, 1) = alpha op(a) b (k, 1) + beta c, all row-major. The
 * strides say where the next element of a row or column of one is. Returns 0 for any other product. */
static int with_sgemv(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a,
                      int lda, const float *b, int ldb, float beta, float *c, int ldc) {
  if (order != ROW_MAJOR || (m != 1 && n != 1)) return 0;
  if (m == 1) {
    int stride = trans_a == NO_TRANS ? 1 : lda;
    if (trans_b == NO_TRANS) sgemv(order, TRANS, k, n, alpha, b, ldb, a, stride, beta, c, 1);
    else sgemv(order, NO_TRANS, n, k, alpha, b, ldb, a, stride, beta, c, 1);
  } else {
    int stride = trans_b == NO_TRANS ? ldb : 1;
    if (trans_a == NO_TRANS) sgemv(order, NO_TRANS, m, k, alpha, a, lda, b, stride, beta, c, ldc);
    else sgemv(order, TRANS, k, m, alpha, a, lda, b, stride, beta, c, ldc);
  }
  return 1;
}

/* Below: the CBLAS interface as MLX calls it, with 32-bit integers. */

void cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a,
                 int lda, const float *b, int ldb, float beta, float *c, int ldc) {
  int entered = enter(2.0 * m * n * k);
  if (!with_sgemv(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc))
    sgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  leave(entered);
}

void cblas_dgemm(int order, int trans_a, int trans_b, int m, int n, int k, double alpha, const double *a,
                 int lda, const double *b, int ldb, double beta, double *c, int ldc) {
  int entered = enter(2.0 * m * n * k);
  dgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  leave(entered);
}

void cblas_cgemm(int order, int trans_a, int trans_b, int m, int n, int k, const void *alpha, const void *a,
                 int lda, const void *b, int ldb, const void *beta, void *c, int ldc) {
  int entered = enter(8.0 * m * n * k);
  cgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  leave(entered);
}

void cblas_zgemm(int order, int trans_a, int trans_b, int m, int n, int k, const void *alpha, const void *a,
                 int lda, const void *b, int ldb, const void *beta, void *c, int ldc) {
  int entered = enter(8.0 * m * n * k);
  zgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  leave(entered);
}
