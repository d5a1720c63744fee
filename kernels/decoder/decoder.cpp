#include "decoder/decoder.h"

#include <cstring>
#include <tuple>

#include "common/float_type.h"
#include "mlx/allocator.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/transforms.h"

namespace kvist {
namespace {

constexpr auto kWhere = "decoder_step";
constexpr size_t kCaches = 3;  // first input that is a cache

// Where the arrays of one layer stand, in their order.
struct LayerArrays {
  size_t input_norm, post_norm, q_norm, k_norm;  // without qk_norm, the last two mean nothing
  size_t qkv, o, gate_up, down, end;

  LayerArrays(size_t at, const DecoderOptions& options, size_t layer) {
    const auto* formats = &options.formats[4 * layer];
    const auto next = [&](size_t count) { return (at += count) - count; };
    const auto product = [&](int format, size_t weights) { return next(weights * (formats[format].bits ? 3 : 1)); };
    input_norm = next(1), post_norm = next(1);
    q_norm = options.qk_norm ? next(1) : 0, k_norm = options.qk_norm ? next(1) : 0;
    qkv = product(0, 3), o = product(1, 1), gate_up = product(2, 2), down = product(3, 1);
    end = at;
  }
};

void need(const char* what, const mx::array& array, const mx::Shape& shape, mx::Dtype dtype) {
  if (array.shape() != shape) fail(kWhere, std::string(what) + " " + text(shape), text(array.shape()));
  if (array.dtype() != dtype) fail(kWhere, std::string(what) + " of x's dtype", array.dtype());
}

// Throws unless `count` products of K numbers stand at `first`; returns how many columns each has.
std::vector<int> need_products(const std::vector<mx::array>& arrays, size_t first, size_t count, int k,
                               const LinearOptions& format) {
  std::vector<mx::array> parts[3];
  const size_t step = format.bits ? 3 : 1;
  for (size_t i = 0; i < count * step; ++i) parts[i % step].push_back(arrays[first + i]);
  check_weights(kWhere, k, parts[0], parts[1], parts[2], format);
  std::vector<int> columns;
  for (const auto& weight : parts[0]) columns.push_back(weight.shape(0));
  return columns;
}

void need_columns(const char* what, const std::vector<int>& got, const std::vector<int>& wanted) {
  for (size_t i = 0; i < got.size(); ++i) {
    if (got[i] == wanted[i]) continue;
    fail(kWhere, std::string(what) + " with " + std::to_string(wanted[i]) + " columns", got[i]);
  }
}

// Query and KV heads, which the first layer decides.
std::pair<int, int> need_heads(const std::vector<int>& qkv, const DecoderOptions& options) {
  const int heads = qkv[0] / options.head_dim, kv_heads = qkv[1] / options.head_dim;
  if (kv_heads < 1 || heads < kv_heads || heads % kv_heads || heads * options.head_dim != qkv[0] ||
      kv_heads * options.head_dim != qkv[1]) {
    fail(kWhere, "query heads that are a multiple of the KV heads, of " + std::to_string(options.head_dim) + " each",
         std::to_string(qkv[0]) + " and " + std::to_string(qkv[1]) + " columns");
  }
  return {heads, kv_heads};
}

void check(const std::vector<mx::array>& inputs, const std::vector<mx::array>& arrays, const DecoderOptions& options) {
  const auto& x = inputs[0];
  need_float(kWhere, "x", x);
  if (x.ndim() != 3 || x.shape(0) < 1 || x.shape(1) != 1 || x.shape(2) < 1) {
    fail(kWhere, "x (B, 1, E)", text(x.shape()));
  }
  const int batch = x.shape(0), hidden = x.shape(2), dim = options.head_dim;
  if (dim < 2 || dim % 2) fail(kWhere, "an even head_dim", dim);
  if (options.offset < 0) fail(kWhere, "an offset of at least 0", options.offset);
  if (inputs[1].dtype() != mx::float32 || inputs[1].shape() != mx::Shape{dim / 2}) {
    fail(kWhere, "wavelengths (D / 2,) of float32", text(inputs[1].shape()));
  }
  need("last_norm", inputs[2], {hidden}, x.dtype());
  int heads = 0, kv_heads = 0, feed_forward = 0;
  size_t at = 0;
  for (size_t i = 0; i < options.formats.size() / 4; ++i) {
    const LayerArrays layer(at, options, i);
    if (layer.end > arrays.size()) fail(kWhere, "arrays for every layer", arrays.size());
    const auto* formats = &options.formats[4 * i];
    need("input_norm", arrays[layer.input_norm], {hidden}, x.dtype());
    need("post_norm", arrays[layer.post_norm], {hidden}, x.dtype());
    for (const size_t norm : {layer.q_norm, layer.k_norm}) {
      if (options.qk_norm) need("norm of heads", arrays[norm], {dim}, x.dtype());
    }
    const auto qkv = need_products(arrays, layer.qkv, 3, hidden, formats[0]);
    if (i == 0) std::tie(heads, kv_heads) = need_heads(qkv, options);
    need_columns("q, k and v", qkv, {heads * dim, kv_heads * dim, kv_heads * dim});
    need_columns("o", need_products(arrays, layer.o, 1, heads * dim, formats[1]), {hidden});
    const auto gate_up = need_products(arrays, layer.gate_up, 2, hidden, formats[2]);
    if (i == 0) feed_forward = gate_up[0];
    if (feed_forward < 1) fail(kWhere, "gate and up with at least one column", feed_forward);
    need_columns("gate and up", gate_up, {feed_forward, feed_forward});
    need_columns("down", need_products(arrays, layer.down, 1, feed_forward, formats[3]), {hidden});
    for (const size_t c : {kCaches + 2 * i, kCaches + 2 * i + 1}) {
      const auto& keys = inputs[kCaches + 2 * i];
      const int capacity = keys.ndim() == 4 ? keys.shape(2) : 0;
      need("cached keys and values", inputs[c], {batch, kv_heads, capacity, dim}, x.dtype());
      if (capacity > options.offset) continue;
      fail(kWhere, "a cache with room for row " + std::to_string(options.offset), capacity);
    }
    at = layer.end;
  }
  if (at != arrays.size()) fail(kWhere, std::to_string(at) + " arrays of layers", arrays.size());
}

// The arrays with their data there, which that of weights is.
DecoderStep::Arrays ready(const std::vector<mx::array>& arrays, mx::Stream stream) {
  auto all = std::make_shared<std::vector<mx::array>>();
  std::vector<mx::array> pending;
  all->reserve(arrays.size());
  for (const auto& array : arrays) {
    if (array.is_tracer()) fail(kWhere, "inference", "a derivative or a vmap", "run the layers one by one");
    all->push_back(rows_side_by_side(array, stream));
    if (!all->back().is_available()) pending.push_back(all->back());
  }
  if (!pending.empty()) mx::eval(pending);
  return all;
}

}  // namespace

std::vector<mx::array> decoder_step(const mx::array& x, const mx::array& wavelengths, const mx::array& last_norm,
                                    const std::vector<mx::array>& arrays, const std::vector<mx::array>& caches,
                                    DecoderOptions options, mx::StreamOrDevice where) {
  const auto stream = cpu_stream(kWhere, where);
  const size_t layers = caches.size() / 2;
  if (!layers || caches.size() % 2 || options.formats.size() != 4 * layers) {
    fail(kWhere, "keys, values and 4 formats for each of one layer or more",
         std::to_string(caches.size()) + " caches, " + std::to_string(options.formats.size()) + " formats");
  }
  std::vector<mx::array> inputs{x, wavelengths, last_norm};
  inputs.insert(inputs.end(), caches.begin(), caches.end());
  check(inputs, arrays, options);
  for (auto& input : inputs) input = rows_side_by_side(input, stream);
  std::vector<mx::Shape> shapes{x.shape()};
  for (const auto& cache : caches) shapes.push_back(cache.shape());
  const std::vector<mx::Dtype> dtypes(shapes.size(), x.dtype());
  auto primitive = std::make_shared<DecoderStep>(stream, std::move(options), ready(arrays, stream));
  return mx::array::make_arrays(std::move(shapes), dtypes, std::move(primitive), inputs);
}

void DecoderStep::eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) {
  const size_t count = (outputs.size() - 1) / 2;
  const auto& arrays = *arrays_;
  const auto weights = [&](size_t first, size_t number, int64_t k, const LinearOptions& format) {
    std::vector<Weights> views;
    const size_t step = format.bits ? 3 : 1;
    for (size_t i = 0; i < number; ++i) views.push_back(view_weights(&arrays[first + i * step], format, k));
    return views;
  };
  auto& encoder = mx::cpu::get_command_encoder(stream());
  struct Copy {
    const void* from;
    void* to;
    size_t bytes;
  };
  std::vector<Copy> copies;
  outputs[0].set_data(mx::allocator::malloc(outputs[0].nbytes()));
  copies.push_back({inputs[0].data<void>(), outputs[0].data<void>(), outputs[0].nbytes()});
  for (size_t i = 1; i < outputs.size(); ++i) {
    const auto& cache = inputs[kCaches + i - 1];
    if (may_write(cache, outputs.size())) {
      outputs[i].copy_shared_buffer(cache);  // nobody else holds it: write the new row in place
    } else {
      outputs[i].set_data(mx::allocator::malloc(outputs[i].nbytes()));
      copies.push_back({cache.data<void>(), outputs[i].data<void>(), outputs[i].nbytes()});
    }
  }
  DecoderSizes sizes{};
  sizes.type = float_type(inputs[0].dtype());
  sizes.batch = inputs[0].shape(0), sizes.hidden = inputs[0].shape(2), sizes.head_dim = options_.head_dim;
  sizes.kv_heads = outputs[1].shape(1), sizes.offset = options_.offset;
  sizes.eps = options_.eps, sizes.qk_eps = options_.qk_eps, sizes.scale = options_.scale;
  sizes.wavelengths = inputs[1].data<float>();
  std::vector<DecoderLayer> layers;
  for (size_t i = 0, at = 0; i < count; ++i) {
    const LayerArrays in(at, options_, i);
    const auto* formats = &options_.formats[4 * i];
    sizes.heads = arrays[in.qkv].shape(0) / options_.head_dim, sizes.feed_forward = arrays[in.gate_up].shape(0);
    DecoderLayer layer{};
    layer.input_norm = arrays[in.input_norm].data<void>(), layer.post_norm = arrays[in.post_norm].data<void>();
    layer.q_norm = options_.qk_norm ? arrays[in.q_norm].data<void>() : nullptr;
    layer.k_norm = options_.qk_norm ? arrays[in.k_norm].data<void>() : nullptr;
    layer.qkv = weights(in.qkv, 3, sizes.hidden, formats[0]);
    layer.o = weights(in.o, 1, sizes.heads * sizes.head_dim, formats[1]);
    layer.gate_up = weights(in.gate_up, 2, sizes.hidden, formats[2]);
    layer.down = weights(in.down, 1, sizes.feed_forward, formats[3]);
    for (int p = 0; p < 4; ++p) layer.products[p] = formats[p].products;
    layer.keys = outputs[1 + 2 * i].data<void>(), layer.values = outputs[2 + 2 * i].data<void>();
    layer.capacity = outputs[1 + 2 * i].shape(2);
    layers.push_back(std::move(layer));
    at = in.end;
  }
  for (const auto& input : inputs) encoder.set_input_array(input);
  for (auto& output : outputs) encoder.set_output_array(output);
  encoder.dispatch([sizes, layers = std::move(layers), copies = std::move(copies), last_norm = inputs[2].data<void>(),
                    x = outputs[0].data<void>(), arrays = arrays_ /* alive until then */] {
    for (const auto& copy : copies) std::memcpy(copy.to, copy.from, copy.bytes);
    decode(sizes, layers, last_norm, x);
  });
}

std::vector<mx::array> DecoderStep::formula(const std::vector<mx::array>&) {
  fail(kWhere, "inference", "a derivative or a vmap", "run the layers one by one");
}

bool DecoderStep::is_equivalent(const mx::Primitive& other) const {
  return this == &other;  // arrays are not compared
}

}  // namespace kvist
