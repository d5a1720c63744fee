/* The parts of the shim. */
#pragma once

/* blas_shim.c: the CBLAS routines as MLX calls them, with 32-bit integers. */

void cblas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a,
                 int lda, const float *b, int ldb, float beta, float *c, int ldc);
void cblas_dgemm(int order, int trans_a, int trans_b, int m, int n, int k, double alpha, const double *a,
                 int lda, const double *b, int ldb, double beta, double *c, int ldc);
void cblas_cgemm(int order, int trans_a, int trans_b, int m, int n, int k, const void *alpha, const void *a,
                 int lda, const void *b, int ldb, const void *beta, void *c, int ldc);
void cblas_zgemm(int order, int trans_a, int trans_b, int m, int n, int k, const void *alpha, const void *a,
                 int lda, const void *b, int ldb, const void *beta, void *c, int ldc);

/* threads.c: what runs between enter and leave has one thread if it is small; afterwards the number that
 * numpy and others had set is back. open_threads returns 0 if this OpenBLAS cannot be asked. */
int open_threads(void *openblas);
int enter(double operations);
void leave(int entered);
