// Weights on large pages, where Linux has them: a product reads each weight once, and with pages of 4 KB it waits for the
// look-up of every next one.
#pragma once

#include <cstdint>
#include <vector>

#include "mlx/array.h"

namespace kvist {

// Moves the memory of arrays whose data is there onto large pages, in place; returns how many bytes lie on them. 0 where
// the system has none, or is told to give none. What the arrays hold, and where, stays as it is.
int64_t use_huge_pages(const std::vector<mlx::core::array>& arrays);

}  // namespace kvist
