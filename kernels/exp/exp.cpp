#include "exp/exp.h"

#include "common/elementwise_kernels.h"
#include "common/float_type.h"
#include "common/parallel.h"
#include "mlx/allocator.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/ops.h"

namespace kvist {

constexpr int64_t kElementsPerPiece = 1 << 13;

mx::array exp(const mx::array& x, mx::StreamOrDevice where) {
  const auto stream = cpu_stream("exp", where);
  need_float("exp", "x", x);
  return mx::array(x.shape(), x.dtype(), std::make_shared<Exp>(stream), {rows_side_by_side(x, stream)});
}

void Exp::eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) {
  const auto& x = inputs[0];
  auto& out = outputs[0];
  if (x.is_donatable()) out.copy_shared_buffer(x);  // each element is read before it is written
  else out.set_data(mx::allocator::malloc(out.nbytes()));
  if (out.size() == 0) return;
  auto& encoder = mx::cpu::get_command_encoder(stream());
  encoder.set_input_array(x);
  encoder.set_output_array(out);
  encoder.dispatch([type = float_type(x.dtype()), from = x.data<char>(), to = out.data<char>(),
                    count = int64_t(out.size())] {
    const int64_t size = size_of(type);
    // In units of 16 elements, so that a thread's last vector is the whole array's last.
    parallel_rows((count + 15) / 16, kElementsPerPiece / 16, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * 16, last = std::min(end * 16, count);
      elementwise_kernels().exp(type, from + first * size, to + first * size, last - first);
    });
  });
}

std::vector<mx::array> Exp::formula(const std::vector<mx::array>& inputs) {
  const auto wide = mx::exp(mx::astype(inputs[0], mx::float32, stream()), stream());
  return {mx::astype(wide, inputs[0].dtype(), stream())};
}

}  // namespace kvist
