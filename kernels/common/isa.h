// Which instruction set the vector kernels use: the best one of this machine, chosen at run time.
#pragma once

#include <string>
#include <vector>

namespace kvist {

// Names that this build has and this machine can run, the best one last: of "portable", "avx2", "avx512",
// "avx512vnni" on x86-64 and "portable", "neon" on 64-bit ARM.
const std::vector<std::string>& available_isas();

// The one in use: KVIST_ISA if it is set and available, else the best.
const std::string& isa();

// Use another one from now on. Throws std::invalid_argument on a name that is not available.
void set_isa(const std::string& name);

// Index of the current one in kAllIsas, to pick from a table of kernels.
enum class Isa { portable, avx2, avx512, avx512vnni, neon };
Isa current_isa();

}  // namespace kvist
