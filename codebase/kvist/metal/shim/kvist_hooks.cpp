// The functions that code compiled with -fsanitize=thread calls before each access to memory. Not the sanitizer's own
// runtime: these look the address up among the kernel's buffers and check it.
#include <cstring>

#include "kvist_memory.h"
#include "kvist_report.h"
#include "kvist_scheduler.h"

namespace kvist_emulator {
namespace {

__attribute__((noinline)) void out_of_bounds(const Region& region, ptrdiff_t offset, uint32_t bytes, bool write) {
  Report report;
  report.kind = "out_of_bounds";
  report.region = int(&region - regions);
  const ptrdiff_t element = region.layout.element;
  report.index = (offset >= 0 ? offset : offset - element + 1) / element;
  report.within = uint32_t(offset - report.index * element);
  report.size = bytes;
  report.access = write ? "write" : "read";
  add(report);
}

__attribute__((noinline)) void write_to_input(const Region& region, size_t offset, uint32_t bytes) {
  Report report;
  report.kind = "write_to_input";
  report.region = int(&region - regions);
  report.index = int64_t(offset / region.layout.element);
  report.within = uint32_t(offset % region.layout.element);
  report.size = bytes;
  report.access = "write";
  add(report);
}

// Neither a buffer nor threadgroup memory: the thread's own variables, constant tables of the program, or nonsense.
__attribute__((noinline)) void elsewhere(const char* address, bool write) {
  if (!running.in_kernel || (address >= running.stack && address < running.stack_end)) return;
  if (!write && uintptr_t(address) > 65536) return;  // if nothing is there, it faults
  if (is_stack_guard(address)) return;               // likewise
  Report report;
  report.kind = "wild_pointer";
  report.access = write ? "write" : "read";
  add(report);
  finish(true);
}

inline void access(const volatile void* address, uint32_t bytes, bool write, uint32_t how, uintptr_t frame) {
  const uint32_t slot = slot_of(address);
  if (slot == kMaxRegions) {
    const char* at = const_cast<const char*>(static_cast<const volatile char*>(address));
    if (at < running.stack || at >= running.stack_end) elsewhere(at, write);
    return;
  }
  Region& region = regions[slot];
  const ptrdiff_t offset = static_cast<const volatile char*>(address) - region.data;
  if (offset < 0 || size_t(offset) + bytes > region.bytes) return out_of_bounds(region, offset, bytes, write);
  if (write) region.written_bytes += bytes;
  if (!write || how > 1 + uint32_t(Atomic::store)) region.read_bytes += bytes;
  if (region.mode == Mode::input) {
    if (write) write_to_input(region, size_t(offset), bytes);
    return;
  }
  shadow_access(region, size_t(offset), bytes, write, how, frame);
}

}  // namespace

// What lies beyond is the thread's own too, maybe a return address: the run ends.
void outside(int64_t index, const char* type) {
  Report report;
  report.kind = "out_of_bounds";
  report.index = index;
  report.name = type;
  add(report);
  finish(true);
}

void atomic_access(const volatile void* address, uint32_t bytes, Atomic operation) {
  if (operation != Atomic::load) ++counters.atomic_operations;
  access(address, bytes, operation != Atomic::load, 1 + uint32_t(operation), uintptr_t(__builtin_return_address(0)));
}

}  // namespace kvist_emulator

#define KVIST_HERE uintptr_t(__builtin_return_address(0))
#define KVIST_HOOK(kind, bytes)                                                                                    \
  void __tsan_##kind##read##bytes(void* p) { kvist_emulator::access(p, bytes, false, 0, KVIST_HERE); }             \
  void __tsan_##kind##write##bytes(void* p) { kvist_emulator::access(p, bytes, true, 0, KVIST_HERE); }
#define KVIST_HOOKS(bytes) KVIST_HOOK(, bytes) KVIST_HOOK(unaligned_, bytes) KVIST_HOOK(volatile_, bytes)

// What the compiler leaves for an index outside of an array whose length it knows (-fsanitize=bounds).
struct ArrayType {
  uint16_t kind, information;  // of an integer: twice the logarithm of its bits, and 1 if it has a sign
  char name[1];                // 'float [4]'
};
struct ArrayIndex {
  struct { const char* file; uint32_t line, column; } place;
  const ArrayType *array, *index;
};

extern "C" {
void __ubsan_handle_out_of_bounds(ArrayIndex* what, uintptr_t index) {
  const uint32_t bits = 1u << (what->index->information >> 1);
  const bool sign = what->index->information & 1;
  const int64_t value = sign && bits < 64 ? int64_t(uint64_t(index) << (64 - bits)) >> (64 - bits) : int64_t(index);
  kvist_emulator::outside(value, what->array->name);
}
KVIST_HOOKS(1)
KVIST_HOOKS(2)
KVIST_HOOKS(4)
KVIST_HOOKS(8)
KVIST_HOOKS(16)
void __tsan_read_range(void* p, size_t n) { kvist_emulator::access(p, uint32_t(n), false, 0, KVIST_HERE); }
void __tsan_write_range(void* p, size_t n) { kvist_emulator::access(p, uint32_t(n), true, 0, KVIST_HERE); }
void* __tsan_memcpy(void* to, const void* from, size_t n) {
  kvist_emulator::access(from, uint32_t(n), false, 0, KVIST_HERE);
  kvist_emulator::access(to, uint32_t(n), true, 0, KVIST_HERE);
  return memcpy(to, from, n);
}
void* __tsan_memmove(void* to, const void* from, size_t n) {
  kvist_emulator::access(from, uint32_t(n), false, 0, KVIST_HERE);
  kvist_emulator::access(to, uint32_t(n), true, 0, KVIST_HERE);
  return memmove(to, from, n);
}
void* __tsan_memset(void* to, int value, size_t n) {
  kvist_emulator::access(to, uint32_t(n), true, 0, KVIST_HERE);
  return memset(to, value, n);
}
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
}
