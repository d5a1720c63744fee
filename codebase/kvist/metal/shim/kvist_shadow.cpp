// Finds races and uninitialised reads. Every granule of memory that a kernel may write has a cell that says who wrote
// it last and who read it since, and in which interval between barriers. Two accesses by different threads, one of
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

// group + 1: 22 bits | thread: 10 | barriers: 16 | simdgroup barriers: 12 | flags: 4
struct Stamp {
  uint64_t bits;
  uint32_t group() const { return uint32_t(bits >> 42) - 1; }
  uint32_t thread() const { return uint32_t(bits >> 32) & 1023; }
  uint32_t epoch() const { return uint32_t(bits >> 16) & 65535; }
  uint32_t simd_epoch() const { return uint32_t(bits >> 4) & 4095; }
  uint32_t flags() const { return uint32_t(bits) & 15; }
};

// Flags of a write: how it was done (0 plain, else 1 + Atomic). Flags of a read:
constexpr uint32_t kSeveral = 1;     // other lanes of the same SIMD-group read too, in this interval
constexpr uint32_t kManyGroups = 2;  // another SIMD-group read too, in this interval
constexpr uint32_t kElsewhere = 4;   // another threadgroup read too
constexpr uint32_t kAtomicRead = 8;

constexpr uint32_t kStore = 1 + uint32_t(Atomic::store), kModify = 1 + uint32_t(Atomic::modify),
                   kCompare = 1 + uint32_t(Atomic::compare_exchange);

Stamp now(bool in_threadgroup, uint32_t flags) {
  const Running& r = running;
  const uint32_t epoch = in_threadgroup ? r.threadgroup_epoch : r.device_epoch;
  const uint32_t simd = in_threadgroup ? r.simd_threadgroup_epoch : r.simd_device_epoch;
  return {uint64_t((r.group + 1) & 0x3fffff) << 42 | uint64_t(r.thread & 1023) << 32 | uint64_t(epoch & 65535) << 16 |
          uint64_t(simd & 4095) << 4 | flags};
}

// Whether nothing orders the access `then` by somebody else before `me`.
bool apart(Stamp then, Stamp me, bool in_threadgroup) {
  if ((then.bits ^ me.bits) >> 42) return !in_threadgroup;  // threadgroup memory of another group is other memory
  if (then.epoch() != me.epoch() || then.thread() == me.thread()) return false;
  return then.thread() / kSimdWidth != me.thread() / kSimdWidth || then.simd_epoch() == me.simd_epoch();
}

// The same for all the reads that a cell stands for.
bool readers_apart(Stamp then, Stamp me, bool in_threadgroup) {
  if ((then.bits ^ me.bits) >> 42) return !in_threadgroup;
  if ((then.flags() & kElsewhere) && !in_threadgroup) return true;
  if (then.epoch() != me.epoch()) return false;
  if (then.flags() & kManyGroups) return true;
  const bool same_simdgroup = then.thread() / kSimdWidth == me.thread() / kSimdWidth;
  if (same_simdgroup && then.simd_epoch() != me.simd_epoch()) return false;
  return then.thread() != me.thread() || (then.flags() & kSeveral);
}

const char* access_name(bool write, uint32_t how) { return how ? "atomic" : write ? "write" : "read"; }

void race(const char* kind, const Region& region, size_t offset, uint32_t bytes, const char* access, Stamp then,
          uint32_t frame, const char* other_access) {
  Report report;
  report.kind = kind;
  report.region = int(&region - regions);
  report.index = int64_t(offset / region.layout.element);
  report.size = bytes;
  report.access = access;
  report.has_other = true;
  report.other_group = then.group();
  report.other_thread = then.thread();
  report.other_frame = frame;
  report.other_access = other_access;
  add(report);
}

void uninitialised(const Region& region, size_t offset, uint32_t bytes) {
  Report report;
  report.kind = "uninitialized_read";
  report.region = int(&region - regions);
  report.index = int64_t(offset / region.layout.element);
  report.size = bytes;
  report.access = "read";
  add(report);
}

// True: reported something.
bool check_read(const Region& region, Cell& cell, size_t at, uint32_t bytes, uint32_t how, uintptr_t frame) {
  const bool in_threadgroup = region.mode == Mode::threadgroup;
  Stamp me = now(in_threadgroup, how ? kAtomicRead : 0);
  const Stamp wrote{cell.write}, read{cell.read};
  bool told = false;
  const bool never = wrote.bits == 0 || (in_threadgroup && (wrote.bits ^ me.bits) >> 42);
  if (never && region.mode != Mode::inout) {
    uninitialised(region, at, bytes);
    told = true;
  } else if (!never && apart(wrote, me, in_threadgroup)) {
    const uint32_t wrote_how = wrote.flags();
    if (!how || !wrote_how) {
      race("data_race", region, at, bytes, access_name(false, how), wrote, cell.write_frame,
           access_name(true, wrote_how));
      told = true;
    } else if (in_threadgroup && wrote_how != kCompare) {
      race("atomic_race", region, at, bytes, "load", wrote, cell.write_frame, wrote_how == kStore ? "store" : "update");
      told = true;
    }
  }
  if (how && read.bits && !(read.flags() & kAtomicRead)) return told;  // the plain read counts more
  uint32_t flags = me.flags();
  if (read.bits && (how || !(read.flags() & kAtomicRead))) {
    if ((read.bits ^ me.bits) >> 42) {
      flags |= kElsewhere;
    } else {
      flags |= read.flags() & kElsewhere;
      if (read.epoch() == me.epoch()) {
        flags |= read.flags() & kManyGroups;
        if (read.thread() / kSimdWidth != me.thread() / kSimdWidth) flags |= kManyGroups;
        else if (read.simd_epoch() == me.simd_epoch())
          flags |= (read.flags() & kSeveral) | (read.thread() != me.thread() ? kSeveral : 0);
      }
    }
  }
  cell.read = me.bits | flags;
  cell.read_frame = uint32_t(frame);
  return told;
}

bool check_write(const Region& region, Cell& cell, size_t at, uint32_t bytes, uint32_t how, uintptr_t frame) {
  const bool in_threadgroup = region.mode == Mode::threadgroup;
  const Stamp me = now(in_threadgroup, how), wrote{cell.write}, read{cell.read};
  bool told = false;
  if (wrote.bits && apart(wrote, me, in_threadgroup)) {
    const uint32_t other = wrote.flags();
    if (!how || !other) {
      race("data_race", region, at, bytes, access_name(true, how), wrote, cell.write_frame, access_name(true, other));
      told = true;
    } else if (in_threadgroup && (how == kStore) != (other == kStore)) {
      race("atomic_race", region, at, bytes, how == kStore ? "store" : "update", wrote, cell.write_frame,
           other == kStore ? "store" : "update");
      told = true;
    }
  }
  if (!told && read.bits && readers_apart(read, me, in_threadgroup)) {
    const bool atomic_read = read.flags() & kAtomicRead;
    if (!how || !atomic_read) {
      race("data_race", region, at, bytes, access_name(true, how), read, cell.read_frame,
           access_name(false, atomic_read));
      told = true;
    } else if (in_threadgroup && how != kCompare) {
      race("atomic_race", region, at, bytes, how == kStore ? "store" : "update", read, cell.read_frame, "load");
      told = true;
    }
  }
  cell.write = me.bits;
  cell.write_frame = uint32_t(frame);
  return told;
}

// Smaller granules, for an access that a cell of now could not tell from its neighbour's.
void refine(Region& region, uint32_t shift) {
  const size_t times = size_t(1) << (region.granule_shift - shift);
  const size_t old_count = (region.bytes >> region.granule_shift) + 2;
  Cell* const fresh = static_cast<Cell*>(calloc(old_count * times, sizeof(Cell)));
  if (fresh == nullptr) give_up("memory for the checks");
  for (size_t i = 0; i < old_count; ++i) {
    for (size_t k = 0; k < times; ++k) fresh[i * times + k] = region.cells[i];
  }
  free(region.cells);
  region.cells = fresh;
  region.granule_shift = shift;
}

}  // namespace

void shadow_region(Region& region) {
  region.granule_shift = uint32_t(__builtin_ctz(region.layout.scalar ? region.layout.scalar : 1));
  if (region.granule_shift > 3) region.granule_shift = 3;
  const size_t cells = (region.bytes >> region.granule_shift) + 2;
  region.cells = static_cast<Cell*>(calloc(cells, sizeof(Cell)));
  if (region.cells == nullptr) give_up("memory for the checks");
}

void shadow_access(Region& region, size_t offset, uint32_t bytes, bool write, uint32_t how, uintptr_t frame) {
  while (region.granule_shift && ((offset | bytes) & ((size_t(1) << region.granule_shift) - 1))) {
    refine(region, uint32_t(__builtin_ctzll(offset | bytes)));
  }
  const size_t first = offset >> region.granule_shift, last = (offset + bytes - 1) >> region.granule_shift;
  const bool reads = !write || how == kModify || how == kCompare;
  for (size_t i = first; i <= last; ++i) {
    Cell& cell = region.cells[i];
    const size_t at = i << region.granule_shift;
    if (write && reads && region.mode != Mode::inout) {  // an update reads what it changes
      const Stamp me = now(region.mode == Mode::threadgroup, how);
      if (cell.write == 0 || (region.mode == Mode::threadgroup && (cell.write ^ me.bits) >> 42)) {
        uninitialised(region, at, bytes);
        cell.write = me.bits;
        return;
      }
    }
    const bool told = write ? check_write(region, cell, at, bytes, how, frame)
                            : check_read(region, cell, at, bytes, how, frame);
    if (told) {  // one report an access
      for (size_t k = i + 1; k <= last && write; ++k) region.cells[k].write = cell.write;
      return;
    }
  }
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
        written += region.cells[offset >> region.granule_shift].write != 0;
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
