#include "swiglu/swiglu.h"

#include "common/elementwise_kernels.h"
#include "common/float_type.h"
#include "common/parallel.h"
#include "mlx/allocator.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/ops.h"

namespace kvist {

constexpr int64_t kElementsPerPiece = 1 << 14;

mx::array swiglu(const mx::array& gate, const mx::array& up, mx::StreamOrDevice where) {
  const auto stream = cpu_stream("swiglu", where);
  need_float("swiglu", "gate", gate);
  if (gate.shape() != up.shape()) fail("swiglu", "gate and up of one shape", text(gate.shape()) + ", " + text(up.shape()));
  if (gate.dtype() != up.dtype()) fail("swiglu", "gate and up of one dtype", up.dtype());
  return mx::array(gate.shape(), gate.dtype(), std::make_shared<SwiGLU>(stream),
                   {rows_side_by_side(gate, stream), rows_side_by_side(up, stream)});
}

void SwiGLU::eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) {
  const auto &gate = inputs[0], &up = inputs[1];
  auto& out = outputs[0];
  if (gate.is_donatable()) out.copy_shared_buffer(gate);  // each element is read before it is written
  else out.set_data(mx::allocator::malloc(out.nbytes()));
  auto& encoder = mx::cpu::get_command_encoder(stream());
  encoder.set_input_array(gate);
  encoder.set_input_array(up);
  encoder.set_output_array(out);
  encoder.dispatch([type = float_type(gate.dtype()), g = gate.data<char>(), u = up.data<char>(), o = out.data<char>(),
                    count = int64_t(out.size())] {
    const int64_t size = size_of(type);
    // In units of 16 elements, so that a thread's last vector is the whole array's last.
    parallel_rows((count + 15) / 16, kElementsPerPiece / 16, [&](int64_t begin, int64_t end) {
      const int64_t from = begin * 16, to = std::min(end * 16, count);
      elementwise_kernels().swiglu(type, g + from * size, u + from * size, o + from * size, to - from);
    });
  });
}

std::vector<mx::array> SwiGLU::formula(const std::vector<mx::array>& inputs) {
  const auto s = stream();
  const auto gate = mx::astype(inputs[0], mx::float32, s), up = mx::astype(inputs[1], mx::float32, s);
  const auto product = mx::multiply(mx::multiply(gate, mx::sigmoid(gate, s), s), up, s);
  return {mx::astype(product, inputs[0].dtype(), s)};
}

}  // namespace kvist
