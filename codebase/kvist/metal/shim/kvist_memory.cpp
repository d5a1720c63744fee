#include "kvist_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "kvist_report.h"
#include "kvist_scheduler.h"

namespace kvist_emulator {

Region regions[kMaxRegions];
uint32_t region_count = 0;
char* arena = nullptr;
uint32_t slot_shift = 37;  // 32 GB below the data and 96 above: any index of 32 bits into elements of 16 bytes
bool checked = false;

namespace {
uint64_t threadgroup_used = 0;
int variable_region[256];  // by id; 1 + number of the region
size_t page_size() {
  static const size_t size = size_t(sysconf(_SC_PAGESIZE));
  return size;
}
}  // namespace

void reserve_memory(size_t largest) {
  for (; (size_t(1) << slot_shift) >= 4 * largest; --slot_shift) {  // less where the system gives less
    const size_t bytes = size_t(kMaxRegions) << slot_shift;
    void* memory = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) continue;
    arena = static_cast<char*>(memory);
    return;
  }
  give_up("memory for the buffers");
}

// The end of the data is the end of its last page but for alignment: an access past it faults even unchecked.
Region& add_region(const std::string& name, Mode mode, size_t bytes, Layout layout) {
  if (region_count == kMaxRegions) give_up("fewer threadgroup variables");
  const size_t page = page_size(), pages = (bytes + page - 1) / page * page;
  char* const slot = arena + (size_t(region_count) << slot_shift);
  char* const first = slot + (size_t(1) << slot_shift) / 4;
  if (pages > 0 && mprotect(first, pages, PROT_READ | PROT_WRITE) != 0) give_up("memory for the buffers");
  Region& region = regions[region_count++];
  constexpr size_t kAlignment = 32;
  region = Region{name, mode, first + pages - (bytes + kAlignment - 1) / kAlignment * kAlignment, bytes, layout};
  if (mode != Mode::input) memset(first, 0xFF, pages);
  if (checked && mode != Mode::input) shadow_region(region);
  return region;
}

void protect(const char* data, size_t bytes) {
  const size_t page = page_size();
  char* const first = reinterpret_cast<char*>(uintptr_t(data) / page * page);
  mprotect(first, size_t(data - first) + bytes, PROT_READ);
}

void* threadgroup_memory(uint32_t id, const char* name, uint64_t bytes, uint32_t element, uint32_t scalar, Site site,
                         bool counted) {
  if (id >= 256) give_up("fewer threadgroup variables");
  if (variable_region[id] == 0) {
    if (counted) threadgroup_used = (threadgroup_used + 15) / 16 * 16 + bytes;
    if (counted && threadgroup_used > kThreadgroupLimit) {
      Report report;
      report.kind = "threadgroup_memory";
      report.site = site;
      report.size = threadgroup_used;
      report.name = name;
      add(report);
      if (threadgroup_used > (16u << 20)) finish(true);
    }
    const Layout layout{element, scalar, scalar > 0 && scalar < element ? element / scalar : 1};
    add_region(name, Mode::threadgroup, bytes, layout).id = id;
    variable_region[id] = int(region_count);
  }
  return regions[variable_region[id] - 1].data;
}

uint64_t threadgroup_bytes() { return threadgroup_used; }

void begin_threadgroup() {
  for (uint32_t i = 0; i < region_count; ++i) {
    if (regions[i].mode == Mode::threadgroup) memset(regions[i].data, 0xFF, regions[i].bytes);
  }
}

bool is_in(const volatile void* address, char space) {
  const uint32_t slot = slot_of(address);
  if (slot < kMaxRegions) return space == (regions[slot].mode == Mode::threadgroup ? 'g' : spaces[slot]);
  const char* const at = const_cast<const char*>(static_cast<const volatile char*>(address));
  return space == (at >= running.stack && at < running.stack_end ? 't' : 'c');
}

bool allow_stray_page(void* address) {
  static uint32_t allowed = 0;
  if (slot_of(address) == kMaxRegions || ++allowed > 20000) return false;
  const size_t page = page_size();
  char* const first = reinterpret_cast<char*>(uintptr_t(address) / page * page);
  return mprotect(first, page, PROT_READ | PROT_WRITE) == 0;
}

}  // namespace kvist_emulator
