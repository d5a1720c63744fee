#include "common/isa.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "common/errors.h"

namespace kvist {
namespace {

constexpr const char* kNames[] = {"portable", "avx2", "avx512", "avx512vnni", "neon"};

bool runs_here(Isa isa) {
  switch (isa) {
    case Isa::portable:
      return true;
#ifdef KVIST_X86
    case Isa::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    case Isa::avx512:
      return runs_here(Isa::avx2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    case Isa::avx512vnni:
      return runs_here(Isa::avx512) && __builtin_cpu_supports("avx512vnni");
#endif
#ifdef KVIST_NEON
    case Isa::neon:
      return true;  // part of every 64-bit ARM
#endif
    default:
      return false;
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

Isa find(const std::string& name) {
  const auto& names = available_isas();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    fail("isa", "one of " + joined(names), name, "these run on this machine");
  }
  return Isa(std::find(std::begin(kNames), std::end(kNames), name) - std::begin(kNames));
}

Isa first_choice() {
  const char* wanted = std::getenv("KVIST_ISA");
  const auto& names = available_isas();
  const bool usable = wanted && std::find(names.begin(), names.end(), wanted) != names.end();
  return find(usable ? wanted : names.back());
}

std::atomic<Isa>& chosen() {
  static std::atomic<Isa> isa{first_choice()};
  return isa;
}

}  // namespace

const std::vector<std::string>& available_isas() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> found;
    for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::avx512vnni, Isa::neon}) {
      if (runs_here(isa)) found.push_back(kNames[int(isa)]);
    }
    return found;
  }();
  return names;
}

const std::string& isa() {
  static const std::string names[] = {kNames[0], kNames[1], kNames[2], kNames[3], kNames[4]};
  return names[int(chosen().load())];
}

void set_isa(const std::string& name) { chosen().store(find(name)); }

Isa current_isa() { return chosen().load(); }

}  // namespace kvist
