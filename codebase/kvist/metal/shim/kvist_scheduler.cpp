// The scheduler. Each GPU thread runs as a fiber until it waits at a barrier or a SIMD-group function or ends;
// then the next one runs. A SIMD-group function happens when no lane of the SIMD-group can run on without it; a
// barrier when no thread of the threadgroup can. In between nothing is interrupted, so a missing barrier shows as
// a thread that reads before another has written, and which thread that is depends on the order.
#include "kvist_scheduler.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "kvist_fiber.h"
#include "kvist_memory.h"
#include "kvist_report.h"

namespace kvist_emulator {

Counters counters;
Running running;

namespace {

constexpr size_t kStackSlot = kStackGuard + kStackBytes;

enum class State { ready, at_simd_function, at_barrier, done };

struct Fiber {
  void* stack_pointer;
  State state;
  const char* waits_for;  // name of the function, and
  Site site;              // the call where it waits
  uint32_t flags;         // mem_flags of that call
  Needs needs;            // lanes that it is for
  uint32_t path;          // the calls that it is in
  Site left;              // the `return;` that it went through since its last meeting or barrier
  Thread thread;
};

struct SimdGroup {
  uint32_t first, lanes;  // indices into fibers
  uint32_t active;        // lanes in the meeting that happened last
  uint32_t threadgroup_epoch, device_epoch;  // simdgroup_barriers passed, by mem_flags
  alignas(64) unsigned char brought[kSimdWidth][kSlotBytes];
  alignas(64) unsigned char met[kSimdWidth][kSlotBytes];  // a copy: lanes may already bring their next value
  alignas(64) unsigned char result[kSlotBytes];
  bool has_result;
};

Dispatch dispatch;
uint32_t group_counts[3];
std::vector<Fiber> fibers;
std::vector<SimdGroup> simdgroups;
Fiber* current = nullptr;
void* scheduler_stack_pointer = nullptr;
char* stacks = nullptr;
uint32_t max_threads = 0;
uint64_t random_state = 0;

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

// What the memory checks see of `fiber`.
void set_running(const Fiber& fiber) {
  const SimdGroup& group = simdgroups[fiber.thread.simdgroup_index_in_threadgroup];
  running.thread = fiber.thread.thread_index_in_threadgroup;
  running.simd_threadgroup_epoch = group.threadgroup_epoch;
  running.simd_device_epoch = group.device_epoch;
  running.stack = stacks + running.thread * kStackSlot + kStackGuard;
  running.stack_end = running.stack + kStackBytes;
}

void back_to_scheduler() { kvist_switch(&current->stack_pointer, scheduler_stack_pointer); }

void fiber_body() {
  run_thread(dispatch.buffers, current->thread);
  running.in_kernel = false;
  current->state = State::done;
  back_to_scheduler();
  __builtin_unreachable();
}

void resume(Fiber& fiber) {
  current = &fiber;
  set_running(fiber);
  running.in_kernel = true;
  kvist_switch(&scheduler_stack_pointer, fiber.stack_pointer);
  running.in_kernel = false;
  current = nullptr;
}

void allocate_stacks() {
  const size_t bytes = max_threads * kStackSlot;
  void* memory = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) give_up("memory for the stacks of threads");
  stacks = static_cast<char*>(memory);
  for (uint32_t i = 0; i < max_threads; ++i) {
    if (mprotect(stacks + i * kStackSlot + kStackGuard, kStackBytes, PROT_READ | PROT_WRITE) != 0) give_up("memory for the stacks of threads");
  }
}

// ---- meetings -------------------------------------------------------------------------------------------

bool before(Site a, Site b) { return a.line < b.line || (a.line == b.line && a.column < b.column); }

bool same_place(Site a, Site b) {
  return a.line == b.line && a.column == b.column && (a.file == b.file || strcmp(a.file, b.file) == 0);
}

// Whether a lane that is not at the function `at` is elsewhere by mistake: it skipped the function, or waits at
// another place. Returning early, before the function, is a way to take no part.
bool astray(const Fiber& missing, const Fiber& at) {
  if (missing.state != State::done) return true;
  return missing.left.line == 0 || (missing.left.line > at.site.line && strcmp(missing.left.file, at.site.file) == 0);
}

void check_meeting(const SimdGroup& group, const Fiber& at) {
  if (at.needs == Needs::any) return;
  const Fiber* missing = nullptr;
  uint32_t expected = 0;
  for (uint32_t lane = 0; lane < group.lanes; ++lane) {
    const Fiber& fiber = fibers[group.first + lane];
    const bool here = group.active >> lane & 1;
    const bool wanted = at.needs == Needs::simdgroup || (group.active >> (lane & ~3u) & 15u);
    if (!here && wanted && missing == nullptr && astray(fiber, at)) missing = &fiber;
    expected += here || (wanted && (fiber.state != State::done || astray(fiber, at)));
  }
  if (missing == nullptr) return;
  Report report;
  report.kind = "divergent_simd";
  report.site = at.site;
  report.name = at.waits_for;
  report.arrived = uint32_t(__builtin_popcount(group.active));
  report.expected = expected;
  report.has_thread = report.has_other = true;
  report.group = report.other_group = running.group;
  report.thread = at.thread.thread_index_in_threadgroup;
  report.other_thread = missing->thread.thread_index_in_threadgroup;
  if (missing->state != State::done) report.other_site = missing->site;
  add(report);
}

// Lets the lanes meet that wait at the first place of the text. Lanes further down have left a loop or branch that the others
// are still in, and wait for them, as on hardware that reconverges.
void meet(SimdGroup& group) {
  const Fiber* at = nullptr;
  for (uint32_t lane = 0; lane < group.lanes; ++lane) {
    const Fiber& fiber = fibers[group.first + lane];
    if (fiber.state == State::at_simd_function && (at == nullptr || before(fiber.site, at->site))) at = &fiber;
  }
  group.active = 0;
  group.has_result = false;
  for (uint32_t lane = 0; lane < group.lanes; ++lane) {
    const Fiber& fiber = fibers[group.first + lane];
    const bool here = fiber.state == State::at_simd_function && same_place(fiber.site, at->site) &&
                      fiber.path == at->path && strcmp(fiber.waits_for, at->waits_for) == 0;
    if (here) group.active |= 1u << lane;
  }
  if (checked && group.active != (group.lanes == 32 ? ~0u : (1u << group.lanes) - 1)) check_meeting(group, *at);
  for (uint32_t lane = 0; lane < group.lanes; ++lane) {
    if (!(group.active >> lane & 1)) continue;
    memcpy(group.met[lane], group.brought[lane], kSlotBytes);
    fibers[group.first + lane].state = State::ready;
  }
  group.threadgroup_epoch += at->flags >> 1 & 1;
  group.device_epoch += at->flags & 1;
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
    const bool here =
        fibers[i].state == State::at_barrier && same_place(fibers[i].site, at->site) && fibers[i].path == at->path;
    arrived += here;
    if (!here && elsewhere == nullptr) elsewhere = &fibers[i];
  }
  if (elsewhere != nullptr) {
    Report report;
    report.kind = "divergent_barrier";
    report.site = at->site;
    report.arrived = arrived;
    report.expected = threads;
    report.has_thread = report.has_other = true;
    report.group = report.other_group = running.group;
    report.thread = at->thread.thread_index_in_threadgroup;
    report.other_thread = elsewhere->thread.thread_index_in_threadgroup;
    report.other_site = elsewhere->state == State::done ? elsewhere->left : elsewhere->site;
    report.other_access = elsewhere->state == State::done ? "return" : "barrier";
    add(report);
    finish(true);
  }
  for (uint32_t i = 0; i < threads; ++i) fibers[i].state = State::ready;
  running.threadgroup_epoch += at->flags >> 1 & 1;
  running.device_epoch += at->flags & 1;
  ++running.barriers;
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
    fiber.left = Site{};
    fiber.path = 0;
    fiber.stack_pointer = new_fiber(stacks + (i + 1) * kStackSlot, fiber_body);
  }
}

void run_threadgroup(uint32_t threads) {
  static std::vector<uint32_t> groups;
  const uint32_t count = (threads + kSimdWidth - 1) / kSimdWidth;
  for (uint32_t i = 0; i < count; ++i) {
    simdgroups[i].first = i * kSimdWidth;
    simdgroups[i].lanes = std::min(kSimdWidth, threads - i * kSimdWidth);
    simdgroups[i].threadgroup_epoch = simdgroups[i].device_epoch = 0;
  }
  running.threadgroup_epoch = running.device_epoch = running.barriers = 0;
  begin_threadgroup();
  do {
    arrange(groups, count);
    for (const uint32_t i : groups) run_simdgroup(simdgroups[i]);
  } while (open_barrier(threads));
  counters.threads += threads;
  counters.simdgroups += count;
  ++counters.threadgroups;
}

}  // namespace

void run(const Dispatch& request) {
  dispatch = request;
  random_state = request.seed;
  uint32_t* const groups = group_counts;
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
    running.group = i;
    start_threads(position, groups, size);
    run_threadgroup(size[0] * size[1] * size[2]);
  }
}

namespace {
void wait(State state, const char* name, uint32_t flags, Needs needs, Site site) {
  current->state = state;
  current->waits_for = name;
  current->flags = flags;
  current->needs = needs;
  current->site = site;
  current->left = Site{};
  back_to_scheduler();
}
}  // namespace

void barrier(uint32_t flags, Site site) {
  wait(State::at_barrier, "threadgroup_barrier", flags, Needs::simdgroup, site);
}

void simdgroup_barrier(uint32_t flags, Site site) {
  wait(State::at_simd_function, "simdgroup_barrier", flags, Needs::simdgroup, site);
}

Meeting exchange(const void* value, uint32_t bytes, const char* name, Needs needs, Site site) {
  SimdGroup& group = simdgroups[current->thread.simdgroup_index_in_threadgroup];
  const uint32_t lane = current->thread.thread_index_in_simdgroup;
  if (bytes > 0) memcpy(group.brought[lane], value, bytes);
  wait(State::at_simd_function, name, 0, needs, site);
  return {group.met[0], group.active, lane, group.result, &group.has_result};
}

uint32_t enter(uint32_t place) {
  const uint32_t before = current->path;
  current->path = (before + place + 1) * 0x9e3779b1u;
  return before;
}

void go_back(uint32_t path) { current->path = path; }

uint32_t lane() { return current->thread.thread_index_in_simdgroup; }

void leave(Site site) { current->left = site; }

void inactive_lane(uint32_t lane, const char* name, Site site) {
  if (!checked) return;
  Report report;
  report.kind = "inactive_lane";
  report.site = site;
  report.name = name;
  report.size = lane;
  add(report);
}

void group_position(uint32_t group, uint32_t out[3]) {
  const uint32_t* n = group_counts;
  out[0] = group % n[0], out[1] = group / n[0] % n[1], out[2] = group / (n[0] * n[1]);
}

void grid_position(uint32_t group, uint32_t thread, uint32_t out[3]) {
  uint32_t at[3], size[3];
  group_position(group, at);
  for (int axis = 0; axis < 3; ++axis) {
    size[axis] = std::min(dispatch.threadgroup[axis], dispatch.grid[axis] - at[axis] * dispatch.threadgroup[axis]);
  }
  const uint32_t local[3] = {thread % size[0], thread / size[0] % size[1], thread / (size[0] * size[1])};
  for (int axis = 0; axis < 3; ++axis) out[axis] = at[axis] * dispatch.threadgroup[axis] + local[axis];
}

bool is_stack_guard(const void* address) {
  const char* at = static_cast<const char*>(address);
  if (stacks == nullptr || at < stacks || at >= stacks + max_threads * kStackSlot) return false;
  return size_t(at - stacks) % kStackSlot < kStackGuard;
}

}  // namespace kvist_emulator
