// MLX's floating dtypes as an enum that needs no MLX header.
#pragma once

#include "common/float16.h"
#include "mlx/dtype.h"

namespace kvist {

inline Float float_type(mlx::core::Dtype dtype) {
  if (dtype == mlx::core::float32) return Float::float32;
  return dtype == mlx::core::float16 ? Float::float16 : Float::bfloat16;
}

}  // namespace kvist
