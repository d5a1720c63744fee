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
 * A small matmul stays on one thread: OpenBLAS's threads meet at barriers, and when the cores are shared with
 * other work each barrier waits for a time slice (measured: 128x256x256 falls from 84 to 0.6 GFLOP/s).
 *
 * Where MLX was loaded first, rebind.c points its calls here afterwards. macOS needs none of this: there MLX
 * uses Accelerate.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "blas_shim.h"

typedef int64_t blas_int; /* OpenBLAS in numpy is built with the 64-bit interface */

typedef void (*sgemm_fn)(int, int, int, blas_int, blas_int, blas_int, float, const float *, blas_int,
                         const float *, blas_int, float, float *, blas_int);
typedef void (*dgemm_fn)(int, int, int, blas_int, blas_int, blas_int, double, const double *, blas_int,
                         const double *, blas_int, double, double *, blas_int);
typedef void (*xgemm_fn)(int, int, int, blas_int, blas_int, blas_int, const void *, const void *, blas_int,
                         const void *, blas_int, const void *, void *, blas_int);

static void *openblas = NULL; /* set by kvist_blas_shim_open; NULL = look in the global scope */
static sgemm_fn sgemm = NULL;
static dgemm_fn dgemm = NULL;
static xgemm_fn cgemm = NULL;
static xgemm_fn zgemm = NULL;

/* Below this many floating-point operations, a few milliseconds of one core, a matmul runs on one thread.
 * The shape alone decides, never the load: the number of threads can change the last bits. */
#define THREADING_PAYS 256e6

static int (*get_num_threads)(void) = NULL;
static void (*set_num_threads)(int) = NULL;
static pthread_mutex_t small_lock = PTHREAD_MUTEX_INITIALIZER;
static int small_running = 0; /* small matmuls under way, from any number of threads */
static int num_threads_before = 1;

static void *find(const char *name) { return dlsym(openblas ? openblas : RTLD_DEFAULT, name); }

static void *need(const char *name) {
  void *symbol = find(name);
  if (symbol == NULL) {
    fprintf(stderr, "[blas] need %s of OpenBLAS, got no such symbol. hint: use the wheel of numpy\n", name);
    abort(); /* called from inside MLX: there is nobody to return an error to */
  }
  return symbol;
}

/* Resolves every routine from the OpenBLAS at `path`. Returns 1, or 0 if the file or a routine is missing. */
int kvist_blas_shim_open(const char *path) {
  openblas = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (openblas == NULL) return 0;
  sgemm = (sgemm_fn)find("scipy_cblas_sgemm64_");
  dgemm = (dgemm_fn)find("scipy_cblas_dgemm64_");
  cgemm = (xgemm_fn)find("scipy_cblas_cgemm64_");
  zgemm = (xgemm_fn)find("scipy_cblas_zgemm64_");
  get_num_threads = (int (*)(void))find("scipy_openblas_get_num_threads64_");
  set_num_threads = (void (*)(int))find("scipy_openblas_set_num_threads64_");
  return sgemm && dgemm && cgemm && zgemm && get_num_threads && set_num_threads;
}

/* One thread from enter to leave; afterwards the number that numpy and others had set is back. */
static int enter(double operations) {
  if (operations >= THREADING_PAYS || set_num_threads == NULL) return 0;
  pthread_mutex_lock(&small_lock);
  if (small_running++ == 0) {
    num_threads_before = get_num_threads();
    if (num_threads_before > 1) set_num_threads(1);
  }
  pthread_mutex_unlock(&small_lock);
  return 1;
}

static void leave(int entered) {
  if (!entered) return;
  pthread_mutex_lock(&small_lock);
  if (--small_running == 0 && num_threads_before > 1) set_num_threads(num_threads_before);
  pthread_mutex_unlock(&small_lock);
}

/* Below: the CBLAS interface as MLX calls it, with 32-bit integers. The function pointers are only ever set
 * to one value, so two threads that resolve one at the same time do no harm. */

void cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a,
                 int lda, const float *b, int ldb, float beta, float *c, int ldc) {
  if (sgemm == NULL) sgemm = (sgemm_fn)need("scipy_cblas_sgemm64_");
  int entered = enter(2.0 * m * n * k);
  sgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  leave(entered);
}

void cblas_dgemm(int order, int trans_a, int trans_b, int m, int n, int k, double alpha, const double *a,
                 int lda, const double *b, int ldb, double beta, double *c, int ldc) {
  if (dgemm == NULL) dgemm = (dgemm_fn)need("scipy_cblas_dgemm64_");
  int entered = enter(2.0 * m * n * k);
  dgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  leave(entered);
}

void cblas_cgemm(int order, int trans_a, int trans_b, int m, int n, int k, const void *alpha, const void *a,
                 int lda, const void *b, int ldb, const void *beta, void *c, int ldc) {
  if (cgemm == NULL) cgemm = (xgemm_fn)need("scipy_cblas_cgemm64_");
  int entered = enter(8.0 * m * n * k);
  cgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  leave(entered);
}

void cblas_zgemm(int order, int trans_a, int trans_b, int m, int n, int k, const void *alpha, const void *a,
                 int lda, const void *b, int ldb, const void *beta, void *c, int ldc) {
  if (zgemm == NULL) zgemm = (xgemm_fn)need("scipy_cblas_zgemm64_");
  int entered = enter(8.0 * m * n * k);
  zgemm(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  leave(entered);
}
