// Runs one dispatch: threadgroup after threadgroup, each thread a fiber.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kvist_runtime.h"

namespace kvist_emulator {

constexpr size_t kStackBytes = 256 << 10;  // per thread
constexpr size_t kStackGuard = 1 << 20;    // below each stack; never backed by memory

enum class Order { forward, reverse, random };

struct Counters {
  uint64_t threads = 0, threadgroups = 0, simdgroups = 0;
  uint64_t barriers = 0;         // summed over threadgroups
  uint64_t simd_operations = 0;  // summed over SIMD-groups
  uint64_t atomic_operations = 0;
};
extern Counters counters;

struct Dispatch {
  uint32_t grid[3], threadgroup[3];  // in threads, as in dispatchThreads:threadsPerThreadgroup:
  Order order;
  unsigned long long seed;
  void* const* buffers;
};

void run(const Dispatch& dispatch);

// Who runs now, and when: what the memory checks compare. Kept up to date by the scheduler.
struct Running {
  bool in_kernel = false;
  uint32_t group = 0;   // number of the threadgroup in the grid
  uint32_t thread = 0;  // index in the threadgroup
  // How many barriers with mem_threadgroup and with mem_device this threadgroup has passed, and how many
  // simdgroup_barriers the SIMD-group.
  uint32_t threadgroup_epoch = 0, device_epoch = 0, simd_threadgroup_epoch = 0, simd_device_epoch = 0;
  uint32_t barriers = 0;  // threadgroup_barriers with any mem_flags
  const char *stack = nullptr, *stack_end = nullptr;
};
extern Running running;

// Position in the grid of a thread of a threadgroup, both by number.
void grid_position(uint32_t group, uint32_t thread, uint32_t out[3]);
void group_position(uint32_t group, uint32_t out[3]);

// Whether `address` is in the guard zone below some thread's stack.
bool is_stack_guard(const void* address);

}  // namespace kvist_emulator
