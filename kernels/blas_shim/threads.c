/* One thread for small products.
 *
 * OpenBLAS's threads meet at barriers, and when the cores are shared with other work each barrier waits for a
 * time slice: measured on two busy cores, 128x256x256 falls from 84 to 0.6 GFLOP/s. The shape alone decides,
 * never the load, because the number of threads can change the last bits.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

#include "blas_shim.h"

/* Floating-point operations, a few milliseconds of one core. */
#define THREADING_PAYS 256e6

static int (*get_num_threads)(void) = NULL;
static void (*set_num_threads)(int) = NULL;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int num_running = 0; /* small products under way, from any number of MLX's streams */
static int num_threads_before = 1;

int open_threads(void *openblas) {
  get_num_threads = (int (*)(void))dlsym(openblas, "scipy_openblas_get_num_threads64_");
  set_num_threads = (void (*)(int))dlsym(openblas, "scipy_openblas_set_num_threads64_");
  return get_num_threads && set_num_threads;
}

int enter(double operations) {
  if (operations >= THREADING_PAYS) return 0;
  pthread_mutex_lock(&lock);
  if (num_running++ == 0) {
    num_threads_before = get_num_threads();
    if (num_threads_before > 1) set_num_threads(1);
  }
  pthread_mutex_unlock(&lock);
  return 1;
}

void leave(int entered) {
  if (!entered) return;
  pthread_mutex_lock(&lock);
  if (--num_running == 0 && num_threads_before > 1) set_num_threads(num_threads_before);
  pthread_mutex_unlock(&lock);
}
