// What compiled kernels and the stand-in <metal_stdlib> see of the emulator.
#pragma once

#include <cstdint>

#ifdef __has_builtin
#define KVIST_HAS_BUILTIN(name) __has_builtin(name)
#else
#define KVIST_HAS_BUILTIN(name) 0
#endif
#if !KVIST_HAS_BUILTIN(__builtin_COLUMN) && KVIST_HAS_BUILTIN(__builtin_source_location)
namespace std {
struct source_location {
  struct __impl {  // what g++ fills in: it asks for these names
    const char *_M_file_name, *_M_function_name;
    unsigned _M_line, _M_column;
  };
};
}  // namespace std
#endif

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

// A place in the Metal source. As a default argument, `Site::here()` is the place of the call. Two calls on one line
// differ by their columns (0 where the compiler cannot tell), whatever the optimiser makes one of.
struct Site {
  uint32_t line = 0, column = 0;
  const char* file = "";
#if KVIST_HAS_BUILTIN(__builtin_COLUMN)
  static Site here(uint32_t line = __builtin_LINE(), const char* file = __builtin_FILE(),
                   uint32_t column = __builtin_COLUMN()) {
    return Site{line, column, file};
  }
#elif KVIST_HAS_BUILTIN(__builtin_source_location)
  static Site here(uint32_t line = __builtin_LINE(), const char* file = __builtin_FILE(),
                   const void* call = __builtin_source_location()) {
    return Site{line, static_cast<const std::source_location::__impl*>(call)->_M_column, file};
  }
#else
  static Site here(uint32_t line = __builtin_LINE(), const char* file = __builtin_FILE()) {
    return Site{line, 0, file};
  }
#endif
};

// Whether memory is in an address space: 'd' device, 'c' constant, 'g' threadgroup, 't' thread.
bool is_in(const volatile void* address, char space);

// The calls through which a thread came to where it is, as one number; the front end writes a Call in front of every
// call of a function that waits.
uint32_t enter(uint32_t place);  // the number before
void go_back(uint32_t path);
struct Call {
  const uint32_t before;
  explicit Call(uint32_t place) : before(enter(place)) {}
  ~Call() { go_back(before); }
};

// Waits until every thread of the threadgroup is at this place. flags: metal::mem_flags.
void barrier(uint32_t flags, Site site);
// The same for the lanes of one SIMD-group.
void simdgroup_barrier(uint32_t flags, Site site);

// Which lanes a function needs: all of the SIMD-group, all of the quad, or whichever come.
enum class Needs : uint8_t { simdgroup, quad, any };

// The lanes that met at one SIMD-group function; valid until this lane's next meeting.
struct Meeting {
  const unsigned char* slots;  // value of lane i at i * kSlotBytes
  uint32_t active;             // bit i: lane i takes part
  uint32_t lane;               // this one
  unsigned char* result;       // what is the same for every lane may be computed once and left here
  bool* has_result;
};
Meeting exchange(const void* value, uint32_t bytes, const char* name, Needs needs, Site site);
uint32_t lane();  // of the thread that runs

// A lane read the value of one that does not take part.
void inactive_lane(uint32_t lane, const char* name, Site site);

// Written by the front end in place of `return;`: a thread that left early is not missed by SIMD-group functions
// further down.
void leave(Site site = Site::here());

// What a checked program asks before an atomic operation. The other accesses of kernels are seen through the
// compiler's instrumentation.
enum class Atomic : uint8_t { load, store, modify, compare_exchange };
#if defined(KVIST_CHECKED)
void atomic_access(const volatile void* address, uint32_t bytes, Atomic operation);
#else
inline void atomic_access(const volatile void*, uint32_t, Atomic) {}
#endif

// Threadgroup variable `name` of the kernel: the same memory for every thread of a threadgroup.
void* threadgroup_memory(uint32_t id, const char* name, uint64_t bytes, uint32_t element, uint32_t scalar, Site site,
                         bool counted = true);

// The same for parameter [[threadgroup(number)]]; the dispatch says how large it is.
void* threadgroup_argument(uint32_t number, uint32_t element, uint32_t scalar);

// Size of the scalar in a type: what two threads may write side by side without sharing a cell.
template <typename T>
struct ScalarOf {
  static constexpr uint32_t bytes = __is_class(T) || __is_union(T) ? 1 : sizeof(T);
};
template <typename T>
struct Innermost {
  using type = T;
};
template <typename T, decltype(sizeof(0)) N>
struct Innermost<T[N]> : Innermost<T> {};

// An array of the thread's own, a constant table or a vector is indexed outside of itself; and its `limit` elements.
void outside(int64_t index, const char* type);
#if defined(KVIST_CHECKED)
template <typename Index>
inline void check_index(Index index, uint32_t limit, const char* type) {
  if (__builtin_expect(uint64_t(int64_t(index)) >= limit, 0)) outside(int64_t(index), type);
}
#else
inline void check_index(int64_t, uint32_t, const char*) {}
#endif

// Where the compiler checks the indices of arrays (KVIST_BOUNDS), those of threadgroup arrays are left to the runtime,
// which knows where they end.
template <typename T>
struct Unbounded {
  using type = T;
};
#if defined(KVIST_BOUNDS)
template <typename T, decltype(sizeof(0)) N>
struct Unbounded<T[N]> {
  using type = T[];
};
#endif

template <typename T>
typename Unbounded<T>::type& threadgroup_variable(uint32_t id, const char* name, Site site = Site::here()) {
  using Element = typename Innermost<T>::type;
  return *static_cast<typename Unbounded<T>::type*>(
      threadgroup_memory(id, name, sizeof(T), sizeof(Element), ScalarOf<Element>::bytes, site));
}

// What the kernel declares a buffer to hold; generated for each kernel (kvist/metal/entry.py).
struct Layout {
  uint32_t element, scalar;  // bytes
  uint32_t lanes;            // scalars of an element that count: 3 of the 4 of a float3, 0 for a struct
};
extern const Layout layouts[];
extern const char* const spaces;  // of the buffers: 'd' or 'c'

// One GPU thread, start to end; generated likewise.
void run_thread(void* const* buffers, const Thread& thread);

}  // namespace kvist_emulator
