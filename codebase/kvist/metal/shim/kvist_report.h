// What went wrong, collected while the kernel runs and written out as JSON at its end.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kvist_runtime.h"

namespace kvist_emulator {

constexpr int kFrames = 12;

struct Report {
  const char* kind = "";
  Site site{};                     // where known; else by the addresses of the call stack
  uintptr_t frames[kFrames] = {};  // innermost first
  bool has_thread = false, has_other = false;
  uint32_t group = 0, thread = 0, other_group = 0, other_thread = 0;
  uint32_t other_frame = 0;  // address of the other access
  const char* other_access = nullptr;
  bool other_flags = false;  // each time a threadgroup_barrier stood between the two, but with other mem_flags
  const char* access = nullptr;  // "read", "write", "atomic"
  int region = -1;               // of memory.h
  int64_t index = 0;             // element
  uint32_t within = 0;           // byte of the element
  uint64_t size = 0;             // bytes of the access, or of what is too large
  uint32_t arrived = 0, expected = 0;
  Site other_site{};
  const char* name = nullptr;  // of a function
  uint64_t count = 1;
};

// Adds it, or counts it to an equal one (same kind, place, buffer and scope of the two threads). Fills in who runs and the call stack.
void add(Report report);
// For a crash: with the call stack of the signal's context.
void add_at(Report report, uintptr_t pc, uintptr_t frame_pointer);

size_t report_count();

// Writes outputs and the JSON, and ends the process. `fatal`: the dispatch could not be finished.
[[noreturn]] void finish(bool fatal);
// Ends the process because of something that is no fault of the kernel.
[[noreturn]] void give_up(const char* why);

// In kvist_main.cpp: writes the output buffers back.
void save_outputs();

}  // namespace kvist_emulator
