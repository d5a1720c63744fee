// RMSNorm of one row; see rms_norm.h.
#pragma once

#include <cstdint>

#include "common/float16.h"

namespace kvist {

// out = x / sqrt(mean(x^2) + eps) * weight, all (D) of `type`; the quotient is rounded to `type` before the weight is
// applied. out may be x.
void rms_norm_row(Float type, const void* x, const void* weight, void* out, int64_t dim, float eps);

}  // namespace kvist
