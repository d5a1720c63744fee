#include "softmax/softmax.h"

#include <memory>

#include "common/elementwise_kernels.h"
#include "common/float_type.h"
#include "common/parallel.h"
#include "mlx/allocator.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/ops.h"

namespace kvist {

constexpr int64_t kElementsPerPiece = 1 << 14;

mx::array softmax(const mx::array& x, mx::StreamOrDevice where) {
  const auto stream = cpu_stream("softmax", where);
  need_float("softmax", "x", x);
  if (x.ndim() < 1) fail("softmax", "x with at least one axis", "a scalar");
  return mx::array(x.shape(), x.dtype(), std::make_shared<Softmax>(stream), {rows_side_by_side(x, stream)});
}

void Softmax::eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) {
  const auto& x = inputs[0];
  auto& out = outputs[0];
  if (x.is_donatable()) out.copy_shared_buffer(x);
  else out.set_data(mx::allocator::malloc(out.nbytes()));
  if (out.size() == 0) return;
  auto& encoder = mx::cpu::get_command_encoder(stream());
  encoder.set_input_array(x);
  encoder.set_output_array(out);
  encoder.dispatch([type = float_type(x.dtype()), source = x.data<char>(), target = out.data<char>(),
                    count = int64_t(x.shape(-1)), rows = int64_t(x.size()) / x.shape(-1)] {
    const int64_t bytes = count * size_of(type);
    parallel_rows(rows, kElementsPerPiece / count + 1, [&](int64_t begin, int64_t end) {
      std::unique_ptr<float[]> scratch(new float[(count + 15) / 16 * 16]);
      for (int64_t row = begin; row < end; ++row) {
        elementwise_kernels().softmax(type, source + row * bytes, target + row * bytes, count, scratch.get());
      }
    });
  });
}

std::vector<mx::array> Softmax::formula(const std::vector<mx::array>& inputs) {
  return {mx::softmax(inputs[0], -1, /* precise= */ true, stream())};
}

}  // namespace kvist
