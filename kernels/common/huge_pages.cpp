#include "common/huge_pages.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <string>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace kvist {
#ifdef __linux__
namespace {

constexpr int kCollapse = 25;  // MADV_COLLAPSE of Linux 6.1, which older headers lack
constexpr auto kFolder = "/sys/kernel/mm/transparent_hugepage/";

// Bytes of a large page; 0: none are to be used.
uintptr_t page_size() {
  std::string choice;
  std::getline(std::ifstream(std::string(kFolder) + "enabled"), choice);  // such as "always [madvise] never"
  if (choice.empty() || choice.find("[never]") != std::string::npos) return 0;
  uintptr_t size = 0;
  std::ifstream(std::string(kFolder) + "hpage_pmd_size") >> size;
  return size;
}

}  // namespace

int64_t use_huge_pages(const std::vector<mlx::core::array>& arrays) {
  const uintptr_t page = page_size();
  if (!page) return 0;
  // By the start of each large page, the bytes of weights in it: they share it with each other, and with what the
  // allocator has put between them.
  std::map<uintptr_t, uintptr_t> used;
  for (const auto& array : arrays) {
    if (!array.is_available() || array.nbytes() == 0) continue;
    auto at = reinterpret_cast<uintptr_t>(array.data<char>());
    for (const uintptr_t end = at + array.data_size() * array.itemsize(); at < end;) {
      const uintptr_t start = at / page * page, behind = std::min(end, start + page);
      used[start] += behind - at;
      at = behind;
    }
  }
  int64_t moved = 0;
  for (const auto& [start, bytes] : used) {
    if (bytes < page / 2) continue;  // would take more memory than it is worth
    // Refused where a page is not all of one kind, or none is free: then it stays as it is.
    if (madvise(reinterpret_cast<void*>(start), page, kCollapse) == 0) moved += int64_t(page);
  }
  return moved;
}
#else
int64_t use_huge_pages(const std::vector<mlx::core::array>&) { return 0; }
#endif

}  // namespace kvist
