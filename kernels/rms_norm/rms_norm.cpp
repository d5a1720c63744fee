#include "rms_norm/rms_norm.h"

#include <cmath>
#include <sstream>
#include <stdexcept>

#include "common/float_type.h"
#include "common/parallel.h"
#include "mlx/allocator.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/ops.h"
#include "mlx/transforms.h"
#include "rms_norm/rms_norm_row.h"

namespace kvist {
namespace {

// ---- all rows -------------------------------------------------------------------------------------------

struct Layout {
  mx::Shape shape;      // of the leading axes, without the normalised one
  mx::Strides strides;  // in elements
  int64_t last_stride;

  int64_t row_offset(int64_t row) const {
    int64_t offset = 0;
    for (int axis = int(shape.size()) - 1; axis >= 0; --axis) {
      offset += row % shape[axis] * strides[axis];
      row /= shape[axis];
    }
    return offset;
  }
};

constexpr int64_t kElementsPerThread = 1 << 15;  // below this, waking a thread costs more than it saves

template <typename T>
void normalise_rows(const T* x, const Layout& layout, const T* weight, int64_t weight_stride, T* out, int64_t rows,
                    int64_t dim, float eps) {
  std::vector<T> weights(dim);  // side by side
  for (int64_t i = 0; i < dim; ++i) weights[i] = weight[i * weight_stride];
  constexpr auto type = sizeof(T) == 4 ? Float::float32 : std::is_same_v<T, float16_t> ? Float::float16 : Float::bfloat16;
  const int64_t grain = kElementsPerThread / std::max<int64_t>(dim, 1) + 1;
  parallel_rows(rows, grain, [&](int64_t begin, int64_t end) {
    std::vector<T> gathered(layout.last_stride == 1 ? 0 : dim);
    for (int64_t row = begin; row < end; ++row) {
      const T* source = x + layout.row_offset(row);
      if (layout.last_stride != 1) {
        for (int64_t i = 0; i < dim; ++i) gathered[i] = source[i * layout.last_stride];
        source = gathered.data();
      }
      rms_norm_row(type, source, weights.data(), out + row * dim, dim, eps);
    }
  });
}

template <typename T>
void dispatch(const mx::array& x, const mx::array& weight, mx::array& out, float eps, mx::Stream stream) {
  const int64_t dim = x.shape(-1), rows = int64_t(x.size()) / std::max<int64_t>(dim, 1);
  Layout layout{mx::Shape(x.shape().begin(), x.shape().end() - 1),
                mx::Strides(x.strides().begin(), x.strides().end() - 1), dim == 1 ? 1 : x.strides().back()};
  auto& encoder = mx::cpu::get_command_encoder(stream);
  encoder.set_input_array(x);
  encoder.set_input_array(weight);
  encoder.set_output_array(out);
  encoder.dispatch([=, layout = std::move(layout), x = x.data<T>(), w = weight.data<T>(),
                    w_stride = weight.strides(0), out = out.data<T>()] {
    normalise_rows(x, layout, w, w_stride, out, rows, dim, eps);
  });
}

// ---- the same formula in MLX ops, for derivatives ---------------------------------------------------------

mx::array reference(const mx::array& x, const mx::array& weight, float eps, mx::Stream s) {
  const auto wide = mx::astype(x, mx::float32, s);
  const auto mean = mx::mean(mx::square(wide, s), -1, /* keepdims= */ true, s);
  const auto scaled = mx::multiply(wide, mx::rsqrt(mx::add(mean, mx::array(eps), s), s), s);
  return mx::multiply(mx::astype(scaled, x.dtype(), s), weight, s);
}

// ---- errors ---------------------------------------------------------------------------------------------

template <typename Got>
[[noreturn]] void fail(const char* need, const Got& got, const char* hint = "") {
  std::ostringstream message;
  message << "[rms_norm] need " << need << ", got " << got << ".";
  if (*hint) message << " hint: " << hint;
  throw std::invalid_argument(message.str());
}

bool supported(mx::Dtype dtype) { return dtype == mx::float32 || dtype == mx::float16 || dtype == mx::bfloat16; }

std::string text(const mx::Shape& shape) {
  std::ostringstream out;
  out << "(";
  for (size_t i = 0; i < shape.size(); ++i) out << (i ? ", " : "") << shape[i];
  out << (shape.size() == 1 ? ",)" : ")");
  return out.str();
}

void check(const mx::array& x, const mx::array& weight, mx::Stream stream) {
  if (stream.device != mx::Device::cpu) {
    fail("a CPU stream", "a GPU stream", "this is the CPU primitive; on a GPU use implementation=\"mlx\"");
  }
  for (const auto& input : {x, weight}) {
    if (!supported(input.dtype())) fail("float32, float16 or bfloat16", input.dtype());
  }
  if (x.ndim() < 1) fail("x with at least one axis", "a scalar");
  if (weight.ndim() != 1 || weight.shape(0) != x.shape(-1)) {
    fail(("weight (" + std::to_string(x.shape(-1)) + ",) like the last axis of x").c_str(), text(weight.shape()));
  }
}

}  // namespace

mx::array rms_norm(const mx::array& x, const mx::array& weight, float eps, mx::StreamOrDevice where) {
  const auto stream = mx::to_stream(where);
  check(x, weight, stream);
  const auto dtype = x.dtype();
  return mx::array(x.shape(), dtype, std::make_shared<RMSNorm>(stream, eps),
                   {mx::astype(x, dtype, stream), mx::astype(weight, dtype, stream)});
}

void RMSNorm::eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) {
  const auto &x = inputs[0], &weight = inputs[1];
  auto& out = outputs[0];
  if (x.is_donatable() && x.flags().row_contiguous) {
    out.copy_shared_buffer(x);  // nobody else needs x: write each row over itself
  } else {
    out.set_data(mx::allocator::malloc(out.nbytes()));
  }
  if (out.size() == 0) return;
  if (out.dtype() == mx::float32) return dispatch<float>(x, weight, out, eps_, stream());
  if (out.dtype() == mx::float16) return dispatch<float16_t>(x, weight, out, eps_, stream());
  return dispatch<bfloat16_t>(x, weight, out, eps_, stream());
}

void RMSNorm::eval_gpu(const std::vector<mx::array>&, std::vector<mx::array>&) {
  fail("a CPU stream", "a GPU stream", "this is the CPU primitive; on a GPU use implementation=\"mlx\"");
}

std::vector<mx::array> RMSNorm::jvp(const std::vector<mx::array>& primals, const std::vector<mx::array>& tangents,
                                    const std::vector<int>& argnums) {
  std::vector<mx::array> all;
  for (const auto& primal : primals) all.push_back(mx::zeros_like(primal, stream()));
  for (size_t i = 0; i < argnums.size(); ++i) all[argnums[i]] = tangents[i];
  auto formula = [this](const std::vector<mx::array>& in) {
    return std::vector<mx::array>{reference(in[0], in[1], eps_, stream())};
  };
  return mx::jvp(formula, primals, all).second;
}

std::vector<mx::array> RMSNorm::vjp(const std::vector<mx::array>& primals, const std::vector<mx::array>& cotangents,
                                    const std::vector<int>& argnums, const std::vector<mx::array>&) {
  auto formula = [this](const std::vector<mx::array>& in) {
    return std::vector<mx::array>{reference(in[0], in[1], eps_, stream())};
  };
  const auto all = mx::vjp(formula, primals, cotangents).second;
  std::vector<mx::array> wanted;
  for (const int argnum : argnums) wanted.push_back(all[argnum]);
  return wanted;
}

std::pair<std::vector<mx::array>, std::vector<int>> RMSNorm::vmap(const std::vector<mx::array>& inputs,
                                                                  const std::vector<int>& axes) {
  auto x = inputs[0], weight = inputs[1];
  if (axes[1] < 0) {  // the mapped axis of x becomes one more leading axis
    if (axes[0] > 0) x = mx::moveaxis(x, axes[0], 0, stream());
    return {{rms_norm(x, weight, eps_, stream())}, {0}};
  }
  // A weight per example: one broadcast product. Multiplying by a vector of ones first gives the same bits.
  weight = mx::moveaxis(weight, axes[1], 0, stream());
  if (axes[0] >= 0) x = mx::moveaxis(x, axes[0], 0, stream());
  else x = mx::broadcast_to(mx::expand_dims(x, 0, stream()), [&] {
    mx::Shape shape = x.shape();
    shape.insert(shape.begin(), weight.shape(0));
    return shape;
  }(), stream());
  mx::Shape per_example(x.ndim(), 1);
  per_example.front() = weight.shape(0);
  per_example.back() = weight.shape(1);
  const auto ones = mx::ones({weight.shape(1)}, weight.dtype(), stream());
  return {{mx::multiply(rms_norm(x, ones, eps_, stream()), mx::reshape(weight, per_example, stream()), stream())}, {0}};
}

bool RMSNorm::is_equivalent(const mx::Primitive& other) const {
  const auto* same = dynamic_cast<const RMSNorm*>(&other);
  return same != nullptr && same->eps_ == eps_;
}

}  // namespace kvist
