// What our primitives have in common: they run on the CPU, and their derivatives and batching are those of the
// same formula written in MLX operations.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "common/errors.h"
#include "mlx/primitives.h"
#include "mlx/utils.h"

namespace kvist {

namespace mx = mlx::core;

class CpuPrimitive : public mx::Primitive {
 public:
  explicit CpuPrimitive(mx::Stream stream) : mx::Primitive(stream) {}

  // The same values in MLX operations. Throws where an op has none.
  virtual std::vector<mx::array> formula(const std::vector<mx::array>& inputs) = 0;

  void eval_gpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override;
  std::vector<mx::array> jvp(const std::vector<mx::array>& primals, const std::vector<mx::array>& tangents,
                             const std::vector<int>& argnums) override;
  std::vector<mx::array> vjp(const std::vector<mx::array>& primals, const std::vector<mx::array>& cotangents,
                             const std::vector<int>& argnums, const std::vector<mx::array>& outputs) override;
  std::pair<std::vector<mx::array>, std::vector<int>> vmap(const std::vector<mx::array>& inputs,
                                                           const std::vector<int>& axes) override;

 private:
  struct Varying {
    std::function<std::vector<mx::array>(const std::vector<mx::array>&)> function;
    std::vector<mx::array> arguments;
  };
  Varying varying(const std::vector<mx::array>& primals, const std::vector<int>& argnums);
};

// ---- checks of arguments: each throws std::invalid_argument `[where] need ..., got ...` -------------------

mx::Stream cpu_stream(const char* where, mx::StreamOrDevice where_to_run);
void need_float(const char* where, const char* name, const mx::array& array);  // float32, float16 or bfloat16
std::string text(const mx::Shape& shape);

// `array` with its rows side by side, without a node in the graph when it is so already.
mx::array rows_side_by_side(const mx::array& array, mx::Stream stream);

// Whether an input of a primitive with several outputs may be written in place: `input` stands once among its inputs,
// and nobody else holds it. mx::array::is_donatable never says so, because each of the outputs holds all inputs.
bool may_write(const mx::array& input, size_t outputs);

// Where the rows along the last axis start, for any strides.
struct RowLayout {
  mx::Shape shape;      // of the leading axes
  mx::Strides strides;  // in elements
  int64_t last_stride;

  explicit RowLayout(const mx::array& array)
      : shape(array.shape().begin(), array.shape().end() - 1),
        strides(array.strides().begin(), array.strides().end() - 1),
        last_stride(array.shape(-1) == 1 ? 1 : array.strides().back()) {}

  int64_t offset(int64_t row) const {
    int64_t sum = 0;
    for (int axis = int(shape.size()) - 1; axis >= 0; --axis) {
      sum += row % shape[axis] * strides[axis];
      row /= shape[axis];
    }
    return sum;
  }
};

}  // namespace kvist
