#include "attention/attention_kernels.h"

#include "common/isa_table.h"

KVIST_ISA_TABLE(AttentionKernels, attention)

namespace kvist {

const AttentionKernels& attention_kernels() { return *attention_table(current_isa()); }

}  // namespace kvist
