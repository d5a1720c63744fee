// Finds races and uninitialised reads. Every granule of memory that a kernel may write has cells that say who did each
// kind of access to it last, and in which interval between barriers. Two accesses by different threads, one of
// them a write, race unless a barrier with the right mem_flags stands between them: threadgroup_barrier inside a
// threadgroup, simdgroup_barrier inside a SIMD-group, nothing between threadgroups.
//
// Threads run one after the other here, but what is compared are intervals, not times: a race is found in whichever
// order the threads happen to run.
#include <cstdlib>
#include <cstring>

#include "kvist_memory.h"
#include "kvist_report.h"
#include "kvist_scheduler.h"

namespace kvist_emulator {
namespace {

// group + 1: 22 bits | thread: 10 | barriers: 16 | simdgroup barriers: 12 | barriers with any mem_flags: 4
struct Stamp {
  uint64_t bits;
  uint32_t group() const { return uint32_t(bits >> 42) - 1; }
  uint32_t thread() const { return uint32_t(bits >> 32) & 1023; }
  uint32_t epoch() const { return uint32_t(bits >> 16) & 65535; }
  uint32_t simd_epoch() const { return uint32_t(bits >> 4) & 4095; }
  uint32_t barriers() const { return uint32_t(bits) & 15; }
};

Stamp now(bool in_threadgroup) {
  const Running& r = running;
  const uint32_t epoch = in_threadgroup ? r.threadgroup_epoch : r.device_epoch;
  const uint32_t simd = in_threadgroup ? r.simd_threadgroup_epoch : r.simd_device_epoch;
  return {uint64_t((r.group + 1) & 0x3fffff) << 42 | uint64_t(r.thread & 1023) << 32 | uint64_t(epoch & 65535) << 16 |
          uint64_t(simd & 4095) << 4 | (r.barriers & 15)};
}

// How much lies between the access `then` and `me`, later: 0 nobody, or ordered before, or oneself; 1 another lane of
// the SIMD-group in the same interval; 2 another SIMD-group in the same interval; 3 another threadgroup. All but 0 race.
uint32_t distance(uint64_t then_bits, Stamp me, bool in_threadgroup) {
  const Stamp then{then_bits};
  if (then.bits == 0) return 0;
  if ((then.bits ^ me.bits) >> 42) return in_threadgroup ? 0 : 3;  // threadgroup memory of another group is other memory
  if (then.epoch() != me.epoch() || then.thread() == me.thread()) return 0;
  if (then.thread() / kSimdWidth != me.thread() / kSimdWidth) return 2;
  return then.simd_epoch() == me.simd_epoch() ? 1 : 0;
}

// Of the accesses before, the one at the greatest distance is kept beside the newest: whoever comes later and is
// apart from any of them is apart from one of these two. (From the newest, unless it is close to that one itself.)
void record(Trace& trace, Stamp me, uintptr_t frame, bool in_threadgroup) {
  if ((trace.last ^ me.bits) >> 32 &&
      distance(trace.last, me, in_threadgroup) >= distance(trace.other, me, in_threadgroup)) {
    trace.other = trace.last;
    trace.other_frame = trace.last_frame;
  }
  trace.last = me.bits;
  trace.last_frame = uint32_t(frame);
}

void race(const char* kind, const Region& region, size_t offset, uint32_t bytes, const char* access, uint64_t then_bits,
          uint32_t frame, const char* other_access) {
  const Stamp then{then_bits}, me = now(region.mode == Mode::threadgroup);
  Report report;
  report.kind = kind;
  report.region = int(&region - regions);
  report.index = int64_t(offset / region.layout.element);
  report.within = uint32_t(offset % region.layout.element);
  report.size = bytes;
  report.access = access;
  report.has_other = true;
  report.other_group = then.group();
  report.other_thread = then.thread();
  report.other_frame = frame;
  report.other_access = other_access;
  report.other_flags = then.group() == running.group && then.barriers() != me.barriers();
  add(report);
}

void uninitialised(const Region& region, size_t offset, uint32_t bytes) {
  Report report;
  report.kind = "uninitialized_read";
  report.region = int(&region - regions);
  report.index = int64_t(offset / region.layout.element);
  report.within = uint32_t(offset % region.layout.element);
  report.size = bytes;
  report.access = "read";
  add(report);
}

constexpr int kLoad = int(Atomic::load), kStore = int(Atomic::store), kCompare = int(Atomic::compare_exchange);
const char* const kAtomicNames[] = {"load", "store", "update", "update"};

// Whether two atomic accesses of threadgroup memory without an order are a mistake: a load or store among updates.
// A loop around compare_exchange loads first and copes with whatever it gets.
bool mixed(int a, int b) {
  if (a == b || (a > kStore && b > kStore)) return false;
  return a == kStore || b == kStore || (a != kCompare && b != kCompare);
}

// One access to be checked against those recorded.
struct Access {
  const Region& region;
  size_t offset;
  uint32_t bytes;
  bool write;
  uint32_t how;  // 0 plain, else 1 + Atomic
  bool in_threadgroup;
  Stamp me;

  bool races(const char* kind, const char* mine, uint64_t then, uint32_t frame, const char* other) const {
    if (distance(then, me, in_threadgroup) == 0) return false;
    race(kind, region, offset, bytes, mine, then, frame, other);
    return true;
  }
  bool races(const char* kind, const char* mine, const Trace& trace, const char* other) const {
    return races(kind, mine, trace.last, trace.last_frame, other) ||
           races(kind, mine, trace.other, trace.other_frame, other);
  }
  bool here(uint64_t then) const { return then && !(in_threadgroup && (then ^ me.bits) >> 42); }
  bool written(const Cell& cell, const AtomicCell* atomics) const {
    bool any = here(cell.write);
    for (int k = kStore; atomics && k <= kCompare; ++k) any |= here(atomics->by[k].last);
    return any;
  }
};

// Reports one race of this access, if there is any.
bool find_race(const Access& a, const Cell& cell, const AtomicCell* atomics) {
  const char* const mine = a.how ? "atomic" : a.write ? "write" : "read";
  if (a.races("data_race", mine, cell.write, cell.write_frame, "write")) return true;
  if (atomics && !a.how) {
    for (int k = kStore; k <= kCompare; ++k) {
      if (a.races("data_race", mine, atomics->by[k], "atomic")) return true;
    }
  }
  if (a.write && a.races("data_race", mine, cell.read, "read")) return true;
  if (atomics && a.write && !a.how && a.races("data_race", mine, atomics->by[kLoad], "atomic")) return true;
  if (!atomics || !a.how || !a.in_threadgroup) return false;
  for (const int k : {kStore, int(Atomic::modify), kCompare, kLoad}) {
    const int own = int(a.how) - 1;
    if (mixed(own, k) && a.races("atomic_race", kAtomicNames[own], atomics->by[k], kAtomicNames[k])) return true;
  }
  return false;
}

template <typename T>
T* new_cells(size_t count) {
  T* const made = static_cast<T*>(calloc(count, sizeof(T)));
  if (made == nullptr) give_up("memory for the checks");
  return made;
}

size_t cell_count(const Region& region) { return (region.bytes >> region.granule_shift) + 2; }

template <typename T>
void spread(T*& cells, size_t count, size_t times) {
  if (cells == nullptr) return;
  T* const fresh = new_cells<T>(count * times);
  for (size_t i = 0; i < count; ++i) {
    for (size_t k = 0; k < times; ++k) fresh[i * times + k] = cells[i];
  }
  free(cells);
  cells = fresh;
}

// Smaller granules, for an access that a cell of now could not tell from its neighbour's.
void refine(Region& region, uint32_t shift) {
  const size_t times = size_t(1) << (region.granule_shift - shift), count = cell_count(region);
  spread(region.cells, count, times);
  spread(region.atomic_cells, count, times);
  region.granule_shift = shift;
}

}  // namespace

void shadow_region(Region& region) {
  region.granule_shift = uint32_t(__builtin_ctz(region.layout.scalar ? region.layout.scalar : 1));
  if (region.granule_shift > 3) region.granule_shift = 3;
  region.cells = new_cells<Cell>(cell_count(region));
}

void shadow_access(Region& region, size_t offset, uint32_t bytes, bool write, uint32_t how, uintptr_t frame) {
  while (region.granule_shift && ((offset | bytes) & ((size_t(1) << region.granule_shift) - 1))) {
    refine(region, uint32_t(__builtin_ctzll(offset | bytes)));
  }
  if (how && region.atomic_cells == nullptr) region.atomic_cells = new_cells<AtomicCell>(cell_count(region));
  const size_t first = offset >> region.granule_shift, last = (offset + bytes - 1) >> region.granule_shift;
  const bool in_threadgroup = region.mode == Mode::threadgroup;
  const bool reads = !write || (how && int(how) - 1 > kStore);  // an update reads what it changes
  Access access{region, 0, bytes, write, how, in_threadgroup, now(in_threadgroup)};
  bool told = false;  // one report an access
  for (size_t i = first; i <= last; ++i) {
    Cell& cell = region.cells[i];
    AtomicCell* const atomics = region.atomic_cells ? region.atomic_cells + i : nullptr;
    access.offset = i << region.granule_shift;
    if (!told && reads && region.mode != Mode::inout && !access.written(cell, atomics)) {
      uninitialised(region, access.offset, bytes);
      told = true;
    }
    told = told || find_race(access, cell, atomics);
    if (how) {
      record(atomics->by[how - 1], access.me, frame, in_threadgroup);
    } else if (write) {
      cell.write = access.me.bits;
      cell.write_frame = uint32_t(frame);
    } else {
      record(cell.read, access.me, frame, in_threadgroup);
    }
  }
}

// Whether anyone wrote the granule, in whichever way.
static bool ever_written(const Region& region, size_t i) {
  if (region.cells[i].write) return true;
  if (region.atomic_cells == nullptr) return false;
  const Trace* const by = region.atomic_cells[i].by;
  return by[kStore].last || by[int(Atomic::modify)].last || by[kCompare].last;
}

void check_unwritten(bool finished) {
  if (!finished) return;
  for (uint32_t r = 0; r < region_count; ++r) {
    Region& region = regions[r];
    if (region.mode != Mode::output || region.cells == nullptr) continue;
    const Layout& layout = region.layout;
    const size_t elements = region.bytes / layout.element;
    size_t missing = 0, first = 0;
    for (size_t i = 0; i < elements; ++i) {
      size_t written = 0, scalars = layout.element / layout.scalar;
      for (size_t k = 0; k < scalars; ++k) {
        const size_t offset = i * layout.element + k * layout.scalar;
        written += ever_written(region, offset >> region.granule_shift);
      }
      if (written >= (layout.lanes ? layout.lanes : 1)) continue;
      if (missing++ == 0) first = i;
    }
    if (missing == 0) continue;
    Report report;
    report.kind = "unwritten_output";
    report.region = int(r);
    report.index = int64_t(first);
    report.arrived = uint32_t(elements - missing);
    report.expected = uint32_t(elements);
    add(report);
  }
}

}  // namespace kvist_emulator
