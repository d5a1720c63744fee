// The table of an op's kernels for an instruction set, out of those that this build has.
#pragma once

#include "common/isa.h"

#ifdef KVIST_X86
#define KVIST_ISA_DECLARE(Type, name)      \
  namespace kvist::avx2 { extern const Type name; }   \
  namespace kvist::avx512 { extern const Type name; } \
  namespace kvist::avx512vnni { extern const Type name; }
#define KVIST_ISA_CASES(name)                  \
  case Isa::avx2: return &avx2::name;     \
  case Isa::avx512: return &avx512::name; \
  case Isa::avx512vnni: return &avx512vnni::name;
#elif defined(KVIST_NEON)
#define KVIST_ISA_DECLARE(Type, name) \
  namespace kvist::neon { extern const Type name; }
#define KVIST_ISA_CASES(name) \
  case Isa::neon: return &neon::name;
#else
#define KVIST_ISA_DECLARE(Type, name)
#define KVIST_ISA_CASES(name)
#endif

// Defines `const Type* <name>_table(Isa)`.
#define KVIST_ISA_TABLE(Type, name)                                \
  namespace kvist::portable { extern const Type name; }            \
  KVIST_ISA_DECLARE(Type, name)                                    \
  namespace kvist {                                                \
  static const Type* name##_table(Isa isa) {                       \
    switch (isa) {                                                 \
      KVIST_ISA_CASES(name)                                        \
      default: return &portable::name;                             \
    }                                                              \
  }                                                                \
  }
