// Buffers and threadgroup variables, each in a slot of its own in one large reserved range of addresses. An address
// tells at once which buffer was meant, however far outside of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "kvist_runtime.h"

namespace kvist_emulator {

constexpr uint32_t kThreadgroupLimit = 32768;  // bytes, on every Apple GPU
constexpr uint32_t kMaxRegions = 160;

enum class Mode : uint8_t { input, output, inout, threadgroup };

// Who did one kind of access to a granule last and when (0: nobody), and one of those before from whom a later access
// may be apart though it is not from the last. The frames are the low halves of the addresses of those accesses.
struct Trace {
  uint64_t last, other;
  uint32_t last_frame, other_frame;
};

// Shadow of one granule of memory, for the race and initialisation checks (kvist_shadow.cpp).
struct Cell {
  Trace read;
  uint64_t write;
  uint32_t write_frame;
};

// The same for atomic accesses, by Atomic. Kept apart: a thread's own atomic access must not hide its plain one.
struct AtomicCell {
  Trace by[4];
};

struct Region {
  std::string name;
  Mode mode;
  char* data;
  size_t bytes;
  Layout layout;
  uint64_t read_bytes, written_bytes;
  Cell* cells;              // nullptr for inputs and unchecked programs
  AtomicCell* atomic_cells;  // nullptr before the first atomic access
  uint32_t granule_shift;
  uint32_t id;  // of a threadgroup variable
};

extern Region regions[kMaxRegions];
extern uint32_t region_count;
extern char* arena;
extern uint32_t slot_shift;
extern bool checked;

// Reserves the address range; the largest buffer has `largest` bytes.
void reserve_memory(size_t largest);
// Filled with ones (NaN in every float type).
Region& add_region(const std::string& name, Mode mode, size_t bytes, Layout layout);

void protect(const char* data, size_t bytes);  // writes to it fault

uint64_t threadgroup_bytes();  // used so far by all threadgroup variables
void begin_threadgroup();      // threadgroup memory holds ones again

inline uint32_t slot_of(const volatile void* address) {
  const uintptr_t slot = (uintptr_t(address) - uintptr_t(arena)) >> slot_shift;
  return slot < region_count ? uint32_t(slot) : kMaxRegions;
}

// Makes the page around an address outside of its buffer usable, so that a checked run can go on after it has been
// reported. False when there have been too many.
bool allow_stray_page(void* address);

// Allocates shadow cells of one scalar each.
void shadow_region(Region& region);
// Checks and records one access. `how`: 0 plain, else 1 + Atomic.
void shadow_access(Region& region, size_t offset, uint32_t bytes, bool write, uint32_t how, uintptr_t frame);
// Reports the elements of outputs that nobody wrote.
void check_unwritten(bool finished);

}  // namespace kvist_emulator
