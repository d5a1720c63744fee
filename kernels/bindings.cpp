// kvist._kernels: the C++ primitives as Python functions on mx.array.
// The types mx.array and mx.Stream belong to mlx.core. They are shared through nanobind's domain "mlx", which
// only works when both sides are built with the same nanobind ABI: nanobind 3.x for mlx 0.32.4. A mismatch
// imports well and then refuses every call; kvist.native tries one call at import for that reason.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "attention/attention.h"
#include "common/huge_pages.h"
#include "common/isa.h"
#include "common/parallel.h"
#include "decoder/decoder.h"
#include "exp/exp.h"
#include "linear/linear.h"
#include "mlx/version.h"
#include "norm_rope/norm_rope.h"
#include "rms_norm/rms_norm.h"
#include "softmax/softmax.h"
#include "swiglu/swiglu.h"

namespace nb = nanobind;
namespace mx = mlx::core;
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
  m.def("use_huge_pages", &kvist::use_huge_pages, "arrays"_a, nb::call_guard<nb::gil_scoped_release>(),
        "Move their memory onto large pages; bytes that are.");
  m.def("rms_norm", &kvist::rms_norm, "x"_a, "weight"_a, "eps"_a, nb::kw_only(), "stream"_a = nb::none(),
        "x / sqrt(mean(x^2) + eps) * weight over the last axis; x (..., D), weight (D,).");
  m.def("isa", &kvist::isa, "Instruction set of the vector kernels (KVIST_ISA, else the best of this machine).");
  m.def("isas", &kvist::available_isas, "Instruction sets that run on this machine, the best one last.");
  m.def("set_isa", &kvist::set_isa, "name"_a, "Use another instruction set from now on.");
  m.def(
      "linear",
      [](const mx::array& x, const std::vector<mx::array>& weights, const std::vector<mx::array>& scales,
         const std::vector<mx::array>& biases, int group_size, int bits, bool batch_invariant, int activation_bits,
         mx::StreamOrDevice stream) {
        return kvist::linear(x, weights, scales, biases, {group_size, bits, {batch_invariant, activation_bits}}, stream);
      },
      "x"_a, "weights"_a, "scales"_a, "biases"_a, nb::kw_only(), "group_size"_a = 0, "bits"_a = 0,
      "batch_invariant"_a = false, "activation_bits"_a = 0, "stream"_a = nb::none(),
      "[x W^T for each W]; x (..., K), W (N, K), or packed (N, K * bits / 32) with scales and biases.");
  m.def("attention", &kvist::attention, "q"_a, "k"_a, "v"_a, "scale"_a, "causal"_a, nb::kw_only(),
        "lengths"_a = nb::none(), "block_table"_a = nb::none(), "stream"_a = nb::none(),
        "softmax(q k^T scale) v; q (B, H, L, D), k and v (B, Hkv, S, .), or (num_blocks, Hkv, block_size, .).");
  m.def("swiglu", &kvist::swiglu, "gate"_a, "up"_a, nb::kw_only(), "stream"_a = nb::none(), "silu(gate) * up.");
  m.def("exp", &kvist::exp, "x"_a, nb::kw_only(), "stream"_a = nb::none(), "exp(x), elementwise.");
  m.def("softmax", &kvist::softmax, "x"_a, nb::kw_only(), "stream"_a = nb::none(), "Softmax over the last axis.");
  m.def(
      "norm_rope",
      [](const mx::array& q, const mx::array& k, const mx::array& v, const mx::array& wavelengths,
         const std::vector<mx::array>& norm_weights, const std::optional<mx::array>& offsets,
         const std::vector<mx::array>& cache, int head_dim, int offset, float eps, mx::StreamOrDevice stream) {
        return kvist::norm_rope(q, k, v, wavelengths, norm_weights, offsets, cache, {head_dim, offset, eps}, stream);
      },
      "q"_a, "k"_a, "v"_a, "wavelengths"_a, "norm_weights"_a, "offsets"_a, "cache"_a, nb::kw_only(), "head_dim"_a,
      "offset"_a = 0, "eps"_a = 1e-6f, "stream"_a = nb::none(),
      "[q, keys, values] after RMSNorm, rotation and the write into the cache; q (B, L, H * D).");
  m.def("decoder_seconds", &kvist::decoder_seconds, "Of each kind of step of decoder_step, since the last call.");
  m.def(
      "decoder_step",
      [](const mx::array& x, const mx::array& wavelengths, const mx::array& last_norm,
         const std::vector<mx::array>& arrays, const std::vector<mx::array>& caches,
         const std::vector<std::pair<int, int>>& formats, int head_dim, int offset, float eps, float qk_eps, float scale,
         bool qk_norm, bool batch_invariant, int activation_bits, mx::StreamOrDevice stream) {
        kvist::DecoderOptions options{head_dim, offset, eps, qk_eps, scale, qk_norm, {}};
        for (const auto& [group_size, bits] : formats) {
          options.formats.push_back({group_size, bits, {batch_invariant, bits ? activation_bits : 0}});
        }
        return kvist::decoder_step(x, wavelengths, last_norm, arrays, caches, std::move(options), stream);
      },
      "x"_a, "wavelengths"_a, "last_norm"_a, "arrays"_a, "caches"_a, nb::kw_only(), "formats"_a, "head_dim"_a,
      "offset"_a, "eps"_a, "qk_eps"_a, "scale"_a, "qk_norm"_a, "batch_invariant"_a = false, "activation_bits"_a = 0,
      "stream"_a = nb::none(), "[hidden states, caches] after all layers of a decoder; see kernels/decoder/decoder.h.");
}
