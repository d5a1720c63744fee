#include "norm_rope/norm_rope.h"

#include <cmath>
#include <cstring>
#include <memory>

#include "common/elementwise_kernels.h"
#include "common/float_type.h"
#include "common/parallel.h"
#include "mlx/allocator.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/ops.h"

namespace kvist {
namespace {

constexpr int64_t kElementsPerPiece = 1 << 14;

// One of q, k and v: (B, L, heads * D) -> (B, heads, capacity, D).
struct Part {
  const char* source;
  char* target;
  int64_t heads, capacity;
  Float target_type;
  const void* weight;  // of the norm; null: neither norm nor rotation follow from this
  Float weight_type;
  bool rotated, at_offset;  // at_offset: written behind the tokens that the target holds already
};

struct Job {
  Part parts[3];
  Float type;
  int64_t batch, length, dim, offset;
  const int32_t* offsets;
  const float* wavelengths;
  float eps;

  static std::unique_ptr<float[]> as_floats(const void* data, Float type, int64_t count) {
    std::unique_ptr<float[]> out(new float[count]);
    for (int64_t i = 0; i < count; ++i) {
      out[i] = type == Float::float32   ? static_cast<const float*>(data)[i]
               : type == Float::float16 ? to_float(static_cast<const float16_t*>(data)[i])
                                        : to_float(static_cast<const bfloat16_t*>(data)[i]);
    }
    return out;
  }

  void run() const {
    std::unique_ptr<float[]> weights[3];
    for (int i = 0; i < 3; ++i) {
      if (parts[i].weight) weights[i] = as_floats(parts[i].weight, parts[i].weight_type, dim);
    }
    const int64_t heads = parts[0].heads + parts[1].heads + parts[2].heads, half = dim / 2;
    parallel_rows(batch * length, kElementsPerPiece / (heads * dim) + 1, [&](int64_t begin, int64_t end) {
      std::unique_ptr<float[]> scratch(new float[(dim + 15) / 16 * 16 + dim]);
      float *const sin = scratch.get() + (dim + 15) / 16 * 16, *const cos = sin + half;
      for (int64_t i = begin; i < end; ++i) {
        const int64_t b = i / length, t = i % length, position = (offsets ? offsets[b] : offset) + t;
        for (int64_t j = 0; j < half; ++j) {
          const float angle = float(position) * (1.0f / wavelengths[j]);
          sin[j] = std::sin(angle), cos[j] = std::cos(angle);
        }
        for (int p = 0; p < 3; ++p) {
          const int64_t row = parts[p].at_offset ? position : t;
          if (row >= 0 && row < parts[p].capacity) {
            token(parts[p], weights[p].get(), b, t, row, cos, sin, scratch.get());
          }
        }
      }
    });
  }

  void token(const Part& part, const float* weight, int64_t b, int64_t t, int64_t row, const float* cos,
             const float* sin, float* scratch) const {
    const auto head = elementwise_kernels().head;
    const int64_t in = size_of(type) * dim, out = size_of(part.target_type) * dim;
    for (int64_t h = 0; h < part.heads; ++h) {
      const char* source = part.source + ((b * length + t) * part.heads + h) * in;
      char* target = part.target + ((b * part.heads + h) * part.capacity + row) * out;
      head(type, source, weight, eps, part.rotated ? cos : nullptr, sin, part.target_type, target, dim, scratch);
    }
  }
};

int num_heads(const mx::array& projected, const NormRopeOptions& options) {
  return projected.shape(2) / options.head_dim;
}

void check(const mx::array& q, const mx::array& k, const mx::array& v, const mx::array& wavelengths,
           const std::vector<mx::array>& norm_weights, const std::optional<mx::array>& offsets,
           const std::vector<mx::array>& cache, const NormRopeOptions& options) {
  constexpr auto where = "norm_rope";
  const int dim = options.head_dim;
  if (dim < 2 || dim % 2) fail(where, "an even head_dim", dim);
  need_float(where, "q", q);
  for (const auto* part : {&q, &k, &v}) {
    if (part->dtype() != q.dtype()) fail(where, "q, k and v of one dtype", part->dtype());
    if (part->ndim() != 3 || part->shape(2) < dim || part->shape(2) % dim) {
      fail(where, "(B, L, heads * " + std::to_string(dim) + ")", text(part->shape()));
    }
    if (part->shape(0) != q.shape(0) || part->shape(1) != q.shape(1)) {
      fail(where, "q, k and v with one batch and length", text(part->shape()));
    }
  }
  if (k.shape() != v.shape()) fail(where, "k and v of one shape", text(v.shape()));
  if (wavelengths.dtype() != mx::float32 || wavelengths.shape() != mx::Shape{dim / 2}) {
    fail(where, "wavelengths (D / 2,) of float32", text(wavelengths.shape()));
  }
  if (!norm_weights.empty() && norm_weights.size() != 2) fail(where, "no or two norm weights", norm_weights.size());
  for (const auto& weight : norm_weights) {
    need_float(where, "norm weight", weight);
    if (weight.shape() != mx::Shape{dim}) fail(where, "norm weights (D,)", text(weight.shape()));
  }
  if (offsets && (offsets->dtype() != mx::int32 || offsets->shape() != mx::Shape{q.shape(0)})) {
    fail(where, "offsets (B,) of int32", text(offsets->shape()));
  }
  if (!cache.empty() && cache.size() != 2) fail(where, "no cache, or keys and values", cache.size());
  for (const auto& buffer : cache) {
    need_float(where, "cache", buffer);
    const mx::Shape wanted{q.shape(0), num_heads(k, options), buffer.ndim() == 4 ? buffer.shape(2) : 0, dim};
    if (buffer.shape() != wanted) fail(where, "cached keys and values (B, Hkv, C, D)", text(buffer.shape()));
    if (buffer.dtype() != cache[0].dtype()) fail(where, "cached keys and values of one dtype", buffer.dtype());
    if (buffer.shape(2) != cache[0].shape(2)) fail(where, "cached keys and values of one length", buffer.shape(2));
    if (!offsets && int64_t(options.offset) + q.shape(1) > buffer.shape(2)) {
      fail(where, "a cache with room for " + std::to_string(int64_t(options.offset) + q.shape(1)) + " tokens", buffer.shape(2));
    }
  }
  if (options.offset < 0) fail(where, "an offset of at least 0", options.offset);
}

}  // namespace

std::vector<mx::array> norm_rope(const mx::array& q, const mx::array& k, const mx::array& v,
                                 const mx::array& wavelengths, const std::vector<mx::array>& norm_weights,
                                 const std::optional<mx::array>& offsets, const std::vector<mx::array>& cache,
                                 NormRopeOptions options, mx::StreamOrDevice where) {
  const auto stream = cpu_stream("norm_rope", where);
  check(q, k, v, wavelengths, norm_weights, offsets, cache, options);
  options.has_norm = !norm_weights.empty(), options.has_offsets = offsets.has_value();
  options.has_cache = !cache.empty();
  std::vector<mx::array> inputs;
  for (const auto* part : {&q, &k, &v, &wavelengths}) inputs.push_back(rows_side_by_side(*part, stream));
  for (const auto& weight : norm_weights) inputs.push_back(rows_side_by_side(weight, stream));
  if (offsets) inputs.push_back(rows_side_by_side(*offsets, stream));
  for (const auto& buffer : cache) inputs.push_back(rows_side_by_side(buffer, stream));
  const int dim = options.head_dim, kv_heads = num_heads(k, options);
  const mx::Shape fresh{q.shape(0), kv_heads, q.shape(1), dim};
  std::vector<mx::Shape> shapes{{q.shape(0), num_heads(q, options), q.shape(1), dim}, fresh, fresh};
  std::vector<mx::Dtype> dtypes(3, q.dtype());
  for (size_t i = 0; i < cache.size(); ++i) shapes[1 + i] = cache[i].shape(), dtypes[1 + i] = cache[i].dtype();
  return mx::array::make_arrays(std::move(shapes), dtypes, std::make_shared<NormRope>(stream, options), inputs);
}

void NormRope::eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) {
  size_t next = 4;
  const size_t norms = options_.has_norm ? (next += 2) - 2 : 0;
  const size_t offsets = options_.has_offsets ? next++ : 0;
  const size_t cache = options_.has_cache ? next : 0;
  auto& encoder = mx::cpu::get_command_encoder(stream());
  Job job{};
  job.type = float_type(inputs[0].dtype());
  job.batch = inputs[0].shape(0), job.length = inputs[0].shape(1), job.dim = options_.head_dim;
  job.offset = options_.offset, job.eps = options_.eps, job.wavelengths = inputs[3].data<float>();
  if (offsets) job.offsets = inputs[offsets].data<int32_t>();
  struct Copy {
    const char* from;
    char* to;
    size_t bytes;
  };
  std::vector<Copy> copies;
  for (int i = 0; i < 3; ++i) {
    auto& out = outputs[i];
    const bool cached = i > 0 && cache;
    if (cached && may_write(inputs[cache + i - 1], outputs.size())) {
      out.copy_shared_buffer(inputs[cache + i - 1]);  // nobody else holds it: write the new rows in place
    } else {
      out.set_data(mx::allocator::malloc(out.nbytes()));
      if (cached) copies.push_back({inputs[cache + i - 1].data<char>(), out.data<char>(), out.nbytes()});
    }
    auto& part = job.parts[i];
    part = {inputs[i].data<char>(), out.data<char>(), out.shape(1), out.shape(2), float_type(out.dtype())};
    part.rotated = i < 2, part.at_offset = cached;
    if (norms && i < 2) {
      part.weight = inputs[norms + i].data<void>();
      part.weight_type = float_type(inputs[norms + i].dtype());
    }
    encoder.set_output_array(out);
  }
  for (const auto& input : inputs) encoder.set_input_array(input);
  encoder.dispatch([job, copies = std::move(copies)] {
    for (const auto& copy : copies) std::memcpy(copy.to, copy.from, copy.bytes);
    job.run();
  });
}

std::vector<mx::array> NormRope::formula(const std::vector<mx::array>&) {
  fail("norm_rope", "inference", "a derivative or a vmap", "use rms_norm and rope");
}

bool NormRope::is_equivalent(const mx::Primitive& other) const {
  const auto* same = dynamic_cast<const NormRope*>(&other);
  return same != nullptr && same->options_ == options_;
}

}  // namespace kvist
