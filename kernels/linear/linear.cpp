#include "linear/linear.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "common/float_type.h"
#include "common/parallel.h"
#include "mlx/allocator.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/ops.h"

namespace kvist {
namespace {

Format format_of(const mx::array& weight, const LinearOptions& options) {
  if (options.bits == 2) return Format::affine2;
  if (options.bits == 4) return Format::affine4;
  if (options.bits == 8) return Format::affine8;
  if (weight.dtype() == mx::float32) return Format::float32;
  return weight.dtype() == mx::float16 ? Format::float16 : Format::bfloat16;
}

}  // namespace

Weights view_weights(const mx::array* input, const LinearOptions& options, int64_t k) {
  Weights w{};
  w.data = input[0].data<void>();
  w.format = format_of(input[0], options);
  w.group = options.group_size;
  w.n = input[0].shape(0);
  w.k = k;
  if (options.bits) {
    w.scales = input[1].data<void>();
    w.biases = input[2].data<void>();
    w.scale_type = float_type(input[1].dtype());
  }
  return w;
}

namespace {

struct Task {
  std::vector<Weights> weights;
  std::vector<void*> out;
  RowLayout layout;  // of x
  const char* x;
};

// x W^T for each of the weights: every row of x, then every column of the results.
void multiply(Products& products, const char* x, Float type, const RowLayout& layout, int64_t m, int64_t k) {
  const int64_t size = size_of(type);
  parallel_rows(m, (1 << 15) / (k + 1) + 1, [&](int64_t begin, int64_t end) {
    std::unique_ptr<char[]> gathered(layout.last_stride == 1 ? nullptr : new char[k * size]);
    for (int64_t row = begin; row < end; ++row) {
      const char* at = x + layout.offset(row) * size;
      if (gathered) {
        for (int64_t i = 0; i < k; ++i) std::memcpy(&gathered[i * size], at + i * layout.last_stride * size, size_t(size));
        at = gathered.get();
      }
      products.set_row(row, at);
    }
  });
  const int64_t per_piece = products.columns_per_piece(), pieces = (products.columns() + per_piece - 1) / per_piece;
  parallel_rows(pieces, 1, [&](int64_t begin, int64_t end) {
    products.compute(begin * per_piece, std::min(end * per_piece, products.columns()));
  });
}

}  // namespace

void check_weights(const char* where, int64_t k, const std::vector<mx::array>& weights,
                   const std::vector<mx::array>& scales, const std::vector<mx::array>& biases,
                   const LinearOptions& options) {
  const int rounded = options.products.activation_bits;
  if (rounded != 0 && rounded != 8 && rounded != 16) fail(where, "activation_bits 0, 8 or 16", rounded);
  if (weights.empty()) fail(where, "at least one weight", "none");
  if (!options.bits) {
    if (rounded) fail(where, "quantized weights for rounded activations", weights[0].dtype());
    for (const auto& w : weights) {
      need_float(where, "weight", w);
      if (w.ndim() != 2 || w.shape(1) != k) {
        fail(where, "weight (N, " + std::to_string(k) + ") for x with K=" + std::to_string(k), text(w.shape()));
      }
      if (w.dtype() != weights[0].dtype()) fail(where, "weights of one dtype", w.dtype());
    }
    return;
  }
  const int bits = options.bits, group = options.group_size;
  if (bits != 2 && bits != 4 && bits != 8) fail(where, "bits 2, 4 or 8", bits, "implementation=\"mlx\" takes more");
  if (group != 32 && group != 64 && group != 128) fail(where, "group_size 32, 64 or 128", group);
  if (scales.size() != weights.size() || biases.size() != weights.size()) {
    fail(where, "scales and biases for each weight", std::to_string(scales.size()) + " and " +
                                                         std::to_string(biases.size()) + " for " +
                                                         std::to_string(weights.size()));
  }
  if (k % group) fail(where, "K that is a multiple of group_size " + std::to_string(group), k);
  for (size_t i = 0; i < weights.size(); ++i) {
    const auto& w = weights[i];
    if (w.dtype() != mx::uint32) fail(where, "quantized weight of uint32", w.dtype());
    if (w.ndim() != 2 || int64_t(w.shape(1)) * 32 != k * bits) {
      fail(where, "weight (N, " + std::to_string(k * bits / 32) + ") for K=" + std::to_string(k), text(w.shape()));
    }
    for (const auto* part : {&scales[i], &biases[i]}) {
      need_float(where, part == &scales[i] ? "scales" : "biases", *part);
      const mx::Shape wanted{w.shape(0), int(k / group)};
      if (part->shape() != wanted) fail(where, "scales and biases " + text(wanted), text(part->shape()));
      if (part->dtype() != scales[0].dtype()) fail(where, "scales and biases of one dtype", part->dtype());
    }
  }
}

std::vector<mx::array> linear(const mx::array& x, const std::vector<mx::array>& weights,
                              const std::vector<mx::array>& scales, const std::vector<mx::array>& biases,
                              LinearOptions options, mx::StreamOrDevice where) {
  const auto stream = cpu_stream("linear", where);
  need_float("linear", "x", x);
  if (x.ndim() < 1) fail("linear", "x with at least one axis", "a scalar");
  if (x.shape(-1) < 1) fail("linear", "x with a last axis of at least 1", text(x.shape()));
  check_weights("linear", x.shape(-1), weights, scales, biases, options);
  std::vector<mx::array> inputs{x};
  std::vector<mx::Shape> shapes;
  for (size_t i = 0; i < weights.size(); ++i) {
    inputs.push_back(rows_side_by_side(weights[i], stream));
    if (options.bits) {
      inputs.push_back(rows_side_by_side(scales[i], stream));
      inputs.push_back(rows_side_by_side(biases[i], stream));
    }
    shapes.push_back(x.shape());
    shapes.back().back() = weights[i].shape(0);
  }
  const std::vector<mx::Dtype> dtypes(weights.size(), x.dtype());
  return mx::array::make_arrays(std::move(shapes), dtypes, std::make_shared<Linear>(stream, options), inputs);
}

void Linear::eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) {
  const auto& x = inputs[0];
  const int64_t k = x.shape(-1), m = int64_t(x.size()) / k;
  const size_t step = options_.bits ? 3 : 1;
  std::vector<Weights> weights;
  std::vector<void*> out;
  int64_t columns = 0;
  auto& encoder = mx::cpu::get_command_encoder(stream());
  for (size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].set_data(mx::allocator::malloc(outputs[i].nbytes()));
    encoder.set_output_array(outputs[i]);
    out.push_back(outputs[i].data<void>());
    weights.push_back(view_weights(&inputs[1 + i * step], options_, k));
    columns += weights.back().n;
  }
  for (const auto& input : inputs) encoder.set_input_array(input);
  if (m == 0 || columns == 0) return;
  // By one pointer: the task is copied on its way to the thread that runs it.
  auto task = std::make_shared<Task>(Task{std::move(weights), std::move(out), RowLayout(x), x.data<char>()});
  encoder.dispatch([task = std::move(task), options = options_.products, type = float_type(x.dtype()), m, k] {
    Products products(std::move(task->weights), options, type, m);
    products.write_to(std::move(task->out));
    multiply(products, task->x, type, task->layout, m, k);
  });
}

std::vector<mx::array> Linear::formula(const std::vector<mx::array>& inputs) {
  const auto s = stream();
  const auto& x = inputs[0];
  std::vector<mx::array> outputs;
  for (size_t i = 1; i < inputs.size(); i += options_.bits ? 3 : 1) {
    const auto wide = mx::astype(x, mx::float32, s);
    const auto product =
        options_.bits
            ? mx::quantized_matmul(wide, inputs[i], mx::astype(inputs[i + 1], mx::float32, s),
                                   mx::astype(inputs[i + 2], mx::float32, s), true, options_.group_size,
                                   options_.bits, "affine", s)
            : mx::matmul(wide, mx::transpose(mx::astype(inputs[i], mx::float32, s), s), s);
    outputs.push_back(mx::astype(product, x.dtype(), s));
  }
  return outputs;
}

std::pair<std::vector<mx::array>, std::vector<int>> Linear::vmap(const std::vector<mx::array>& inputs,
                                                                 const std::vector<int>& axes) {
  for (size_t i = 1; i < axes.size(); ++i) {
    if (axes[i] >= 0) fail("linear", "one set of weights under vmap", "weights that are mapped over");
  }
  const size_t step = options_.bits ? 3 : 1;
  std::vector<mx::array> parts[3];
  for (size_t i = 1; i < inputs.size(); ++i) parts[(i - 1) % step].push_back(inputs[i]);
  const auto x = mx::moveaxis(inputs[0], axes[0], 0, stream());  // one more axis of rows
  auto outputs = linear(x, parts[0], parts[1], parts[2], options_, stream());
  return {outputs, std::vector<int>(outputs.size(), 0)};
}

bool Linear::is_equivalent(const mx::Primitive& other) const {
  const auto* same = dynamic_cast<const Linear*>(&other);
  return same != nullptr && same->options_ == options_;
}

std::vector<mx::Shape> Linear::output_shapes(const std::vector<mx::array>& inputs) {
  std::vector<mx::Shape> shapes;
  for (size_t i = 1; i < inputs.size(); i += options_.bits ? 3 : 1) {
    shapes.push_back(inputs[0].shape());
    shapes.back().back() = inputs[i].shape(0);
  }
  return shapes;
}

}  // namespace kvist
