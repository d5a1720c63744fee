// One source, several instruction sets: the compiler makes a copy of a function per set and the loader picks
// one at run time, so the library may be copied to another machine. The list of sets comes from CMakeLists.txt,
// which tries what this compiler and libc can do; it is empty on ARM64 (NEON is always there) and on macOS.
// (By feature level, never arch=skylake-avx512 and such: those match that processor alone, not its successors.)
#pragma once

#ifdef KVIST_TARGETS
#define KVIST_MULTIVERSION __attribute__((target_clones(KVIST_TARGETS)))
#else
#define KVIST_MULTIVERSION
#endif

// Before a loop whose iterations do not depend on each other, though its pointers may be equal (in-place work).
#ifdef __clang__
#define KVIST_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define KVIST_INDEPENDENT _Pragma("GCC ivdep")
#endif

// Before a loop of known length.
#ifdef __clang__
#define KVIST_UNROLL _Pragma("clang loop unroll_count(8)")
#else
#define KVIST_UNROLL _Pragma("GCC unroll 8")
#endif

#define KVIST_INLINE inline __attribute__((always_inline))
