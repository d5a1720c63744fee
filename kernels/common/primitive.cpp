#include "common/primitive.h"

#include "mlx/ops.h"
#include "mlx/transforms.h"

namespace {

// The number of holders of an array, which MLX keeps to itself: an explicit instantiation may name private members.
template <auto Member>
struct Holders {
  friend long holders(const mlx::core::array& array) { return (array.*Member).use_count(); }
};
long holders(const mlx::core::array& array);
template struct Holders<&mlx::core::array::array_desc_>;

}  // namespace

namespace kvist {

void CpuPrimitive::eval_gpu(const std::vector<mx::array>&, std::vector<mx::array>&) {
  fail(name(), "a CPU stream", "a GPU stream", "this is the CPU primitive; on a GPU use implementation=\"mlx\"");
}

// The formula of the arguments that vary; the others, which may be whole numbers, stay as they are.
CpuPrimitive::Varying CpuPrimitive::varying(const std::vector<mx::array>& primals, const std::vector<int>& argnums) {
  Varying result;
  for (const int argnum : argnums) result.arguments.push_back(primals[argnum]);
  result.function = [this, primals, argnums](const std::vector<mx::array>& arguments) {
    auto all = primals;
    for (size_t i = 0; i < argnums.size(); ++i) all[argnums[i]] = arguments[i];
    return formula(all);
  };
  return result;
}

std::vector<mx::array> CpuPrimitive::jvp(const std::vector<mx::array>& primals,
                                         const std::vector<mx::array>& tangents, const std::vector<int>& argnums) {
  const auto [function, arguments] = varying(primals, argnums);
  return mx::jvp(function, arguments, tangents).second;
}

std::vector<mx::array> CpuPrimitive::vjp(const std::vector<mx::array>& primals,
                                         const std::vector<mx::array>& cotangents, const std::vector<int>& argnums,
                                         const std::vector<mx::array>&) {
  const auto [function, arguments] = varying(primals, argnums);
  return mx::vjp(function, arguments, cotangents).second;
}

std::pair<std::vector<mx::array>, std::vector<int>> CpuPrimitive::vmap(const std::vector<mx::array>& inputs,
                                                                       const std::vector<int>& axes) {
  auto function = [this](const std::vector<mx::array>& arguments) { return formula(arguments); };
  auto outputs = mx::vmap(function, axes)(inputs);
  std::vector<int> out_axes(outputs.size(), 0);
  return {std::move(outputs), std::move(out_axes)};
}

mx::Stream cpu_stream(const char* where, mx::StreamOrDevice where_to_run) {
  const auto stream = mx::to_stream(where_to_run);
  if (stream.device != mx::Device::cpu) {
    fail(where, "a CPU stream", "a GPU stream", "this is the CPU primitive; on a GPU use implementation=\"mlx\"");
  }
  return stream;
}

void need_float(const char* where, const char* name, const mx::array& array) {
  const auto dtype = array.dtype();
  if (dtype != mx::float32 && dtype != mx::float16 && dtype != mx::bfloat16) {
    fail(where, std::string(name) + " of float32, float16 or bfloat16", dtype);
  }
}

bool may_write(const mx::array& input, size_t outputs) {
  const auto& data = input.data_shared_ptr();
  return holders(input) == long(outputs) && data.use_count() == 1 && data->is_owned();
}

std::string text(const mx::Shape& shape) {
  std::ostringstream out;
  out << "(";
  for (size_t i = 0; i < shape.size(); ++i) out << (i ? ", " : "") << shape[i];
  out << (shape.size() == 1 ? ",)" : ")");
  return out.str();
}

mx::array rows_side_by_side(const mx::array& array, mx::Stream stream) {
  // Flags are known once an array has been evaluated, as weights have.
  const bool known = array.status() != mx::array::Status::unscheduled;
  return known && array.flags().row_contiguous ? array : mx::contiguous(array, false, stream);
}

}  // namespace kvist
