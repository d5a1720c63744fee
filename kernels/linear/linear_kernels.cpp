#include "linear/linear_kernels.h"

#include "common/isa_table.h"

KVIST_ISA_TABLE(LinearKernels, linear)

namespace kvist {

const LinearKernels& linear_kernels() { return *linear_table(current_isa()); }

}  // namespace kvist
