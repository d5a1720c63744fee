// The scheduler. Each GPU thread runs as a fiber until it waits at a barrier or a SIMD-group function or ends;
// then the next one runs. A SIMD-group function happens when no lane of the SIMD-group can run on without it; a
// barrier when no thread of the threadgroup can. In between nothing is interrupted, so a missing barrier shows as
// a thread that reads before another has written, and which thread that is depends on the order.
#include "kvist_scheduler.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <vector>

#include "kvist_fiber.h"

namespace kvist_emulator {
namespace {

constexpr size_t kStackSlot = kStackGuard + kStackBytes;

enum class State { ready, at_simd_function, at_barrier, done };

struct Fiber {
  void* stack_pointer;
  State state;
  const char* waits_for;  // name of the function, and
  uint32_t line;          // line of the call where it waits
  Thread thread;
};

struct SimdGroup {
  uint32_t first, lanes;  // indices into fibers
  uint32_t active;        // lanes in the meeting that happened last
  alignas(64) unsigned char brought[kSimdWidth][kSlotBytes];
  alignas(64) unsigned char met[kSimdWidth][kSlotBytes];  // a copy: lanes may already bring their next value
};

struct Variable {
  uint32_t offset, bytes;
};

Dispatch dispatch;
Counters counters;
std::vector<Fiber> fibers;
std::vector<SimdGroup> simdgroups;
std::vector<Variable> variables;  // threadgroup variables by id
Fiber* current = nullptr;
void* scheduler_stack_pointer = nullptr;
char* stacks = nullptr;
uint32_t max_threads = 0;
uint64_t random_state = 0;
alignas(64) char threadgroup_arena[kThreadgroupMemory];

// ---- order ----------------------------------------------------------------------------------------------

uint64_t random_number() {  // splitmix64
  uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void arrange(std::vector<uint32_t>& indices, uint32_t count) {
  indices.resize(count);
  std::iota(indices.begin(), indices.end(), 0u);
  if (dispatch.order == Order::reverse) std::reverse(indices.begin(), indices.end());
  if (dispatch.order == Order::random) {
    for (uint32_t i = count; i > 1; --i) std::swap(indices[i - 1], indices[random_number() % i]);
  }
}

// ---- fibers ---------------------------------------------------------------------------------------------

void back_to_scheduler() { kvist_switch(&current->stack_pointer, scheduler_stack_pointer); }

void fiber_body() {
  run_thread(dispatch.buffers, current->thread);
  current->state = State::done;
  back_to_scheduler();
  __builtin_unreachable();
}

void resume(Fiber& fiber) {
  current = &fiber;
  kvist_switch(&scheduler_stack_pointer, fiber.stack_pointer);
  current = nullptr;
}

void allocate_stacks() {
  const size_t bytes = max_threads * kStackSlot;
  void* memory = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) fail("memory", 0);
  stacks = static_cast<char*>(memory);
  for (uint32_t i = 0; i < max_threads; ++i) {
    if (mprotect(stacks + i * kStackSlot + kStackGuard, kStackBytes, PROT_READ | PROT_WRITE) != 0) fail("memory", 0);
  }
}

// ---- meetings -------------------------------------------------------------------------------------------

// Lets the lanes meet that wait at the lowest line. Lanes further down have left a loop or branch that the others
// are still in, and wait for them, as on hardware that reconverges.
void meet(SimdGroup& group) {
  const Fiber* at = nullptr;
  for (uint32_t lane = 0; lane < group.lanes; ++lane) {
    const Fiber& fiber = fibers[group.first + lane];
    if (fiber.state == State::at_simd_function && (at == nullptr || fiber.line < at->line)) at = &fiber;
  }
  const char* const name = at->waits_for;
  const uint32_t line = at->line;
  group.active = 0;
  for (uint32_t lane = 0; lane < group.lanes; ++lane) {
    Fiber& fiber = fibers[group.first + lane];
    if (fiber.state != State::at_simd_function || fiber.line != line || strcmp(fiber.waits_for, name) != 0) continue;
    group.active |= 1u << lane;
    memcpy(group.met[lane], group.brought[lane], kSlotBytes);
    fiber.state = State::ready;
  }
  ++counters.simd_operations;
}

// Runs the lanes of one SIMD-group until each waits at a barrier or is done.
void run_simdgroup(SimdGroup& group) {
  static std::vector<uint32_t> lanes;
  for (;;) {
    bool waiting = false;
    arrange(lanes, group.lanes);
    for (const uint32_t lane : lanes) {
      Fiber& fiber = fibers[group.first + lane];
      if (fiber.state == State::ready) resume(fiber);
      waiting |= fiber.state == State::at_simd_function;
    }
    if (!waiting) return;
    meet(group);
  }
}

// Every thread waits at a barrier or is done. True: the barrier opened. False: all are done.
bool open_barrier(uint32_t threads) {
  const Fiber* at = nullptr;
  uint32_t arrived = 0;
  for (uint32_t i = 0; i < threads; ++i) {
    if (fibers[i].state == State::at_barrier && at == nullptr) at = &fibers[i];
  }
  if (at == nullptr) return false;
  const Fiber* elsewhere = nullptr;
  for (uint32_t i = 0; i < threads; ++i) {
    const bool here = fibers[i].state == State::at_barrier && fibers[i].line == at->line;
    arrived += here;
    if (!here && elsewhere == nullptr) elsewhere = &fibers[i];
  }
  if (elsewhere != nullptr) {
    char more[160];
    snprintf(more, sizeof more, "\"arrived\": %u, \"threads\": %u, \"other\": %u, \"other_line\": %u", arrived, threads,
             elsewhere->thread.thread_index_in_threadgroup, elsewhere->state == State::done ? 0 : elsewhere->line);
    const uint32_t line = at->line;
    current = const_cast<Fiber*>(at);
    fail("divergent_barrier", line, more);
  }
  for (uint32_t i = 0; i < threads; ++i) fibers[i].state = State::ready;
  ++counters.barriers;
  return true;
}

// ---- a threadgroup ---------------------------------------------------------------------------------------

void start_threads(const uint32_t position[3], const uint32_t groups[3], const uint32_t size[3]) {
  const uint32_t threads = size[0] * size[1] * size[2];
  for (uint32_t i = 0; i < threads; ++i) {
    Fiber& fiber = fibers[i];
    Thread& t = fiber.thread;
    const uint32_t local[3] = {i % size[0], i / size[0] % size[1], i / (size[0] * size[1])};
    for (int axis = 0; axis < 3; ++axis) {
      t.thread_position_in_threadgroup[axis] = local[axis];
      t.threadgroup_position_in_grid[axis] = position[axis];
      t.thread_position_in_grid[axis] = position[axis] * dispatch.threadgroup[axis] + local[axis];
      t.threads_per_grid[axis] = t.grid_size[axis] = dispatch.grid[axis];
      t.threadgroups_per_grid[axis] = groups[axis];
      t.grid_origin[axis] = 0;
      t.threads_per_threadgroup[axis] = size[axis];
      t.dispatch_threads_per_threadgroup[axis] = dispatch.threadgroup[axis];
    }
    t.thread_index_in_threadgroup = i;
    t.thread_index_in_simdgroup = i % kSimdWidth;
    t.simdgroup_index_in_threadgroup = i / kSimdWidth;
    t.simdgroups_per_threadgroup = (threads + kSimdWidth - 1) / kSimdWidth;
    t.dispatch_simdgroups_per_threadgroup = (max_threads + kSimdWidth - 1) / kSimdWidth;
    t.thread_index_in_quadgroup = i % 4;
    t.quadgroup_index_in_threadgroup = i / 4;
    t.quadgroups_per_threadgroup = (threads + 3) / 4;
    t.dispatch_quadgroups_per_threadgroup = (max_threads + 3) / 4;
    t.threads_per_simdgroup = t.thread_execution_width = kSimdWidth;
    fiber.state = State::ready;
    fiber.stack_pointer = new_fiber(stacks + (i + 1) * kStackSlot, fiber_body);
  }
}

void run_threadgroup(uint32_t threads) {
  static std::vector<uint32_t> groups;
  const uint32_t count = (threads + kSimdWidth - 1) / kSimdWidth;
  for (uint32_t i = 0; i < count; ++i) {
    simdgroups[i].first = i * kSimdWidth;
    simdgroups[i].lanes = std::min(kSimdWidth, threads - i * kSimdWidth);
  }
  memset(threadgroup_arena, 0xFF, sizeof threadgroup_arena);  // NaN in every float type: unwritten memory shows
  do {
    arrange(groups, count);
    for (const uint32_t i : groups) run_simdgroup(simdgroups[i]);
  } while (open_barrier(threads));
  counters.threads += threads;
  counters.simdgroups += count;
  ++counters.threadgroups;
}

}  // namespace

Counters run(const Dispatch& request) {
  dispatch = request;
  random_state = request.seed;
  uint32_t groups[3];
  for (int axis = 0; axis < 3; ++axis) {
    dispatch.threadgroup[axis] = std::min(dispatch.threadgroup[axis], dispatch.grid[axis]);  // as MLX does
    groups[axis] = (dispatch.grid[axis] + dispatch.threadgroup[axis] - 1) / dispatch.threadgroup[axis];
  }
  max_threads = dispatch.threadgroup[0] * dispatch.threadgroup[1] * dispatch.threadgroup[2];
  fibers.resize(max_threads);
  simdgroups.resize((max_threads + kSimdWidth - 1) / kSimdWidth);
  allocate_stacks();
  std::vector<uint32_t> order;
  arrange(order, groups[0] * groups[1] * groups[2]);
  for (const uint32_t i : order) {
    const uint32_t position[3] = {i % groups[0], i / groups[0] % groups[1], i / (groups[0] * groups[1])};
    uint32_t size[3];  // groups at the edge of the grid are smaller
    for (int axis = 0; axis < 3; ++axis) {
      size[axis] = std::min(dispatch.threadgroup[axis], dispatch.grid[axis] - position[axis] * dispatch.threadgroup[axis]);
    }
    start_threads(position, groups, size);
    run_threadgroup(size[0] * size[1] * size[2]);
  }
  return counters;
}

void barrier(uint32_t, uint32_t line) {
  current->state = State::at_barrier;
  current->waits_for = "threadgroup_barrier";
  current->line = line;
  back_to_scheduler();
}

Meeting exchange(const void* value, uint32_t bytes, const char* name, uint32_t line) {
  SimdGroup& group = simdgroups[current->thread.simdgroup_index_in_threadgroup];
  const uint32_t lane = current->thread.thread_index_in_simdgroup;
  if (bytes > 0) memcpy(group.brought[lane], value, bytes);
  current->state = State::at_simd_function;
  current->waits_for = name;
  current->line = line;
  back_to_scheduler();
  return {group.met[0], group.active, lane};
}

void* threadgroup_memory(uint32_t id, uint32_t bytes, uint32_t alignment, uint32_t line) {
  if (variables.size() <= id) variables.resize(id + 1, Variable{0, 0});
  Variable& variable = variables[id];
  if (variable.bytes == 0) {
    const uint64_t align = std::max(alignment, 16u);
    const uint64_t offset = (counters.threadgroup_bytes + align - 1) / align * align;
    if (offset + bytes > kThreadgroupMemory) {
      char more[80];
      snprintf(more, sizeof more, "\"bytes\": %llu", static_cast<unsigned long long>(offset + bytes));
      fail("threadgroup_memory", line, more);
    }
    variable = {uint32_t(offset), bytes};
    counters.threadgroup_bytes = offset + bytes;
  }
  return threadgroup_arena + variable.offset;
}

const Thread* current_thread() { return current == nullptr ? nullptr : &current->thread; }

bool is_stack_guard(const void* address) {
  const char* at = static_cast<const char*>(address);
  if (stacks == nullptr || at < stacks || at >= stacks + max_threads * kStackSlot) return false;
  return size_t(at - stacks) % kStackSlot < kStackGuard;
}

}  // namespace kvist_emulator
