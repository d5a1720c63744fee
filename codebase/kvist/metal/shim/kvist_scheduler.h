// Runs one dispatch: threadgroup after threadgroup, each thread a fiber.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kvist_runtime.h"

namespace kvist_emulator {

constexpr uint32_t kThreadgroupMemory = 32768;  // bytes, on every Apple GPU
constexpr size_t kStackBytes = 256 << 10;  // per thread
constexpr size_t kStackGuard = 1 << 20;    // below each stack; never backed by memory

enum class Order { forward, reverse, random };

struct Counters {
  uint64_t threads = 0, threadgroups = 0, simdgroups = 0;
  uint64_t barriers = 0;         // summed over threadgroups
  uint64_t simd_operations = 0;  // summed over SIMD-groups
  uint64_t threadgroup_bytes = 0;
};

struct Dispatch {
  uint32_t grid[3], threadgroup[3];  // in threads, as in dispatchThreads:threadsPerThreadgroup:
  Order order;
  unsigned long long seed;
  void* const* buffers;
};

Counters run(const Dispatch& dispatch);

// For crash reports: the thread that runs now (nullptr outside kernels), and whether `address` is in the
// guard zone below some thread's stack.
const Thread* current_thread();
bool is_stack_guard(const void* address);

// Ends the process with a message for Python: {"error": kind, "line": line, "thread": ..., <more>}.
[[noreturn]] void fail(const char* kind, uint32_t line, const char* more = "");

}  // namespace kvist_emulator
