// What compiled kernels and the stand-in <metal_stdlib> see of the emulator.
#pragma once

#include <cstdint>

namespace kvist_emulator {

constexpr uint32_t kSimdWidth = 32;  // lanes of a SIMD-group, on every Apple GPU
constexpr uint32_t kSlotBytes = 64;  // the largest value a lane can hand to the others

// What the [[attributes]] of one GPU thread read.
struct Thread {
  uint32_t thread_position_in_grid[3], thread_position_in_threadgroup[3], threadgroup_position_in_grid[3];
  uint32_t threads_per_grid[3], threadgroups_per_grid[3], grid_size[3], grid_origin[3];
  uint32_t threads_per_threadgroup[3], dispatch_threads_per_threadgroup[3];
  uint32_t thread_index_in_threadgroup, thread_index_in_simdgroup, thread_index_in_quadgroup;
  uint32_t simdgroup_index_in_threadgroup, simdgroups_per_threadgroup, dispatch_simdgroups_per_threadgroup;
  uint32_t quadgroup_index_in_threadgroup, quadgroups_per_threadgroup, dispatch_quadgroups_per_threadgroup;
  uint32_t threads_per_simdgroup, thread_execution_width;
};

// Waits until every thread of the threadgroup is at this line.
void barrier(uint32_t flags, uint32_t line);

// The lanes that met at one SIMD-group function; valid until this lane's next meeting.
struct Meeting {
  const unsigned char* slots;  // value of lane i at i * kSlotBytes
  uint32_t active;             // bit i: lane i takes part
  uint32_t lane;               // this one
};
Meeting exchange(const void* value, uint32_t bytes, const char* name, uint32_t line);

// Threadgroup variable number `id` of the kernel: the same memory for every thread of a threadgroup.
void* threadgroup_memory(uint32_t id, uint32_t bytes, uint32_t alignment, uint32_t line);

template <typename T>
T& threadgroup_variable(uint32_t id, uint32_t line = __builtin_LINE()) {
  return *static_cast<T*>(threadgroup_memory(id, sizeof(T), alignof(T), line));
}

// One GPU thread, start to end; generated for each kernel (kvist/metal/entry.py).
void run_thread(void* const* buffers, const Thread& thread);

}  // namespace kvist_emulator
