#include "common/elementwise_kernels.h"

#include "common/isa_table.h"

KVIST_ISA_TABLE(ElementwiseKernels, elementwise)

namespace kvist {

const ElementwiseKernels& elementwise_kernels() { return *elementwise_table(current_isa()); }

}  // namespace kvist
