// Fibers: each has a stack, one runs at a time, and switching costs a few nanoseconds. Only the registers that
// a function call must preserve are saved, which is all that a switch inside a call needs.
#pragma once

#include <cstdint>
#include <cstring>

extern "C" void kvist_switch(void** save_stack_pointer, void* stack_pointer);

#if defined(__APPLE__)
#define KVIST_SYMBOL "_kvist_switch"
#else
#define KVIST_SYMBOL "kvist_switch"
#endif

#if defined(__x86_64__)

asm(".text\n.globl " KVIST_SYMBOL "\n" KVIST_SYMBOL ":\n" R"(
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");

// A stack that, switched to, starts `body`. `body` must never return.
inline void* new_fiber(char* stack_end, void (*body)()) {
  void** top = reinterpret_cast<void**>(reinterpret_cast<uintptr_t>(stack_end) & ~uintptr_t(15));
  *--top = nullptr;  // where a return address would be: keeps the ABI's alignment at entry
  *--top = reinterpret_cast<void*>(body);
  for (int i = 0; i < 6; ++i) *--top = nullptr;
  return top;
}

#elif defined(__aarch64__)

asm(".text\n.p2align 2\n.globl " KVIST_SYMBOL "\n" KVIST_SYMBOL ":\n" R"(
  sub sp, sp, #160
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
)");

inline void* new_fiber(char* stack_end, void (*body)()) {
  char* top = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(stack_end) & ~uintptr_t(15)) - 160;
  memset(top, 0, 160);
  memcpy(top + 88, &body, sizeof body);  // x30, the return address of the switch
  return top;
}

#else
#error "the emulator's fibers are written for x86-64 and aarch64"
#endif
