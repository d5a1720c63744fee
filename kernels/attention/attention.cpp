#include "attention/attention.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "common/float_type.h"
#include "common/parallel.h"
#include "common/strided.h"
#include "mlx/allocator.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/fast.h"
#include "mlx/ops.h"

namespace kvist {
namespace {

constexpr int64_t kMultiplicationsPerPiece = 1 << 18;  // less is not worth a thread

// Whether sequence b may be computed: its length fits and each of its blocks exists.
bool fits(const AttentionArgs& a, int64_t b) {
  const int64_t keys = a.lengths ? a.lengths[b] : a.keys;
  if (keys < 0 || keys > (a.table ? a.table_width * a.block_size : a.keys)) return false;
  if (a.table == nullptr) return true;
  for (int64_t block = 0; block * a.block_size < keys; ++block) {
    const int32_t id = a.table[b * a.table_width + block];
    if (id < 0 || id >= a.num_blocks) return false;
  }
  return true;
}

void fill_with_nan(const AttentionArgs& a, int64_t b) {
  const int64_t count = a.heads * a.length * a.value_dim, size = size_of(a.q_type);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto half = a.q_type == Float::float16 ? uint16_t(from_float<float16_t>(nan)) : uint16_t(0x7fc0);
  char* out = static_cast<char*>(a.out) + b * count * size;
  for (int64_t i = 0; i < count; ++i, out += size) {
    if (size == 4) std::memcpy(out, &nan, 4);
    else std::memcpy(out, &half, 2);
  }
}

void attend(const AttentionArgs& a) {
  const auto& kernels = attention_kernels();
  std::vector<char> good(a.batch);
  for (int64_t b = 0; b < a.batch; ++b) {
    good[b] = fits(a, b);
    if (!good[b]) fill_with_nan(a, b);
  }
  const int64_t rows = a.heads / a.kv_heads * a.length, tiles = (rows + kQueryTile - 1) / kQueryTile;
  const int64_t keys = a.table ? a.table_width * a.block_size : a.keys;
  const int64_t work = std::min<int64_t>(rows, kQueryTile) * keys * (a.dim + a.value_dim);
  const int64_t grain = kMultiplicationsPerPiece / std::max<int64_t>(work, 1) + 1;
  parallel_rows(a.batch * a.kv_heads * tiles, grain, [&](int64_t begin, int64_t end) {
    std::unique_ptr<float[]> scratch(new float[attention_scratch(a)]);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t tile = i % tiles, head = i / tiles % a.kv_heads, b = i / tiles / a.kv_heads;
      const int64_t first = tile * kQueryTile, count = std::min<int64_t>(kQueryTile, rows - first);
      if (good[b]) kernels.tile(a, b, head, first, count, scratch.get());
    }
  });
}

void check(const mx::array& q, const mx::array& k, const mx::array& v, bool causal,
           const std::optional<mx::array>& lengths, const std::optional<mx::array>& table) {
  constexpr auto where = "attention";
  const std::pair<const char*, const mx::array*> named[] = {{"q", &q}, {"k", &k}, {"v", &v}};
  for (const auto& [name, array] : named) {
    need_float(where, name, *array);
    if (array->ndim() != 4) fail(where, std::string(name) + " with 4 axes", text(array->shape()));
  }
  if (k.dtype() != v.dtype()) fail(where, "k and v of one dtype", v.dtype());
  for (int axis = 0; axis < 3; ++axis) {
    if (k.shape(axis) != v.shape(axis)) fail(where, "k and v alike but for the last axis", text(v.shape()));
  }
  if (q.shape(3) != k.shape(3) || q.shape(3) < 1) fail(where, "q and k with one head_dim", text(k.shape()));
  if (v.shape(3) < 1) fail(where, "v with a head_dim of at least 1", text(v.shape()));
  if (k.shape(1) < 1 || q.shape(1) % k.shape(1)) {
    fail(where, "query heads that are a multiple of the KV heads " + std::to_string(k.shape(1)), q.shape(1));
  }
  if (lengths && (lengths->dtype() != mx::int32 || lengths->shape() != mx::Shape{q.shape(0)})) {
    fail(where, "lengths (B,) of int32", text(lengths->shape()));
  }
  if (table) {
    if (!lengths) fail(where, "lengths beside a block_table", "none");
    if (table->dtype() != mx::int32 || table->ndim() != 2 || table->shape(0) != q.shape(0)) {
      fail(where, "block_table (B, W) of int32", text(table->shape()));
    }
    if (k.shape(2) < 1) fail(where, "blocks of at least 1 token", text(k.shape()));
    return;
  }
  if (q.shape(0) != k.shape(0)) fail(where, "q and k with one batch", text(k.shape()));
  if (causal && q.shape(2) > k.shape(2)) fail(where, "no more queries than keys under a causal mask", q.shape(2));
}

}  // namespace

mx::array attention(const mx::array& q, const mx::array& k, const mx::array& v, float scale, bool causal,
                    const std::optional<mx::array>& lengths, const std::optional<mx::array>& block_table,
                    mx::StreamOrDevice where) {
  const auto stream = cpu_stream("attention", where);
  check(q, k, v, causal, lengths, block_table);
  std::vector<mx::array> inputs{q, k, v};
  if (lengths) inputs.push_back(rows_side_by_side(*lengths, stream));
  if (block_table) inputs.push_back(rows_side_by_side(*block_table, stream));
  auto shape = q.shape();
  shape.back() = v.shape(3);
  auto primitive =
      std::make_shared<Attention>(stream, scale, causal, lengths.has_value(), block_table.has_value());
  return mx::array(std::move(shape), q.dtype(), std::move(primitive), std::move(inputs));
}

void Attention::eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) {
  const auto &q = inputs[0], &k = inputs[1], &v = inputs[2];
  auto& out = outputs[0];
  out.set_data(mx::allocator::malloc(out.nbytes()));
  auto& encoder = mx::cpu::get_command_encoder(stream());
  for (const auto& input : inputs) encoder.set_input_array(input);
  encoder.set_output_array(out);
  if (out.size() == 0) return;
  AttentionArgs a{};
  a.out = out.data<void>();
  a.q_type = float_type(q.dtype()), a.kv_type = float_type(k.dtype());
  a.batch = q.shape(0), a.heads = q.shape(1), a.length = q.shape(2), a.dim = q.shape(3);
  a.kv_heads = k.shape(1), a.keys = k.shape(2), a.value_dim = v.shape(3);
  a.scale = scale_, a.causal = causal_;
  if (has_lengths_) a.lengths = inputs[3].data<int32_t>();
  if (paged_) {
    a.table = inputs[4].data<int32_t>();
    a.table_width = inputs[4].shape(1), a.num_blocks = k.shape(0), a.block_size = k.shape(2);
  }
  encoder.dispatch([a, q = Strided(q), k = Strided(k), v = Strided(v)]() mutable {
    a.q = q.rows(a.q_stride), a.k = k.rows(a.k_stride), a.v = v.rows(a.v_stride);
    attend(a);
  });
}

std::vector<mx::array> Attention::formula(const std::vector<mx::array>& inputs) {
  if (has_lengths_) fail("attention", "no lengths and no block_table in a derivative", "them", "use dense keys");
  const auto dtype = inputs[0].dtype();
  return {mx::fast::scaled_dot_product_attention(
      inputs[0], mx::astype(inputs[1], dtype, stream()), mx::astype(inputs[2], dtype, stream()), scale_,
      causal_ ? "causal" : "", {}, {}, false, stream())};
}

bool Attention::is_equivalent(const mx::Primitive& other) const {
  const auto* same = dynamic_cast<const Attention*>(&other);
  return same != nullptr && same->scale_ == scale_ && same->causal_ == causal_ &&
         same->has_lengths_ == has_lengths_ && same->paged_ == paged_;
}

}  // namespace kvist
