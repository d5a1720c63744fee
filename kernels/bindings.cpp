// kvist._kernels: the C++ primitives as Python functions on mx.array.
// The types mx.array and mx.Stream belong to mlx.core. They are shared through nanobind's domain "mlx", which
// only works when both sides are built with the same nanobind ABI: nanobind 3.x for mlx 0.32.4. A mismatch
// imports well and then refuses every call; kvist.native tries one call at import for that reason.
#include <nanobind/nanobind.h>
#include <nanobind/stl/variant.h>

#include "common/parallel.h"
#include "mlx/version.h"
#include "rms_norm/rms_norm.h"

namespace nb = nanobind;
using namespace nb::literals;

#define KVIST_TEXT_(x) #x
#define KVIST_TEXT(x) KVIST_TEXT_(x)

NB_MODULE(_kernels, m) {
  nb::module_::import_("mlx.core");
  m.doc() = "C++ primitives of Kvist. Use them through kvist.ops, which checks arguments and falls back.";
  m.attr("mlx_version") =
      KVIST_TEXT(MLX_VERSION_MAJOR) "." KVIST_TEXT(MLX_VERSION_MINOR) "." KVIST_TEXT(MLX_VERSION_PATCH);
  m.attr("compiler") = __VERSION__;
  m.def("num_threads", &kvist::num_threads, "Threads that the primitives use (KVIST_THREADS).");
  m.def("rms_norm", &kvist::rms_norm, "x"_a, "weight"_a, "eps"_a, nb::kw_only(), "stream"_a = nb::none(),
        "x / sqrt(mean(x^2) + eps) * weight over the last axis; x (..., D), weight (D,).");
}
