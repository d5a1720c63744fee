/* Point an MLX that was loaded first at the shim.
 *
 * Its calls to cblas_sgemm and friends are bound to the reference BLAS already. They go through the jump
 * table of libmlx.so, which lies in writable memory (the wheel has partial RELRO), so one store per routine
 * turns them. A table that is not writable, or another machine, is left alone: MLX stays as it is.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "blas_shim.h"

#if defined(__x86_64__)
#define JUMP_SLOT R_X86_64_JUMP_SLOT
#elif defined(__aarch64__)
#define JUMP_SLOT R_AARCH64_JUMP_SLOT
#endif

#if defined(JUMP_SLOT)

static void *ours(const char *name) {
  if (strcmp(name, "cblas_sgemm") == 0) return (void *)cblas_sgemm;
  if (strcmp(name, "cblas_dgemm") == 0) return (void *)cblas_dgemm;
  if (strcmp(name, "cblas_cgemm") == 0) return (void *)cblas_cgemm;
  if (strcmp(name, "cblas_zgemm") == 0) return (void *)cblas_zgemm;
  return NULL;
}

static int is_writable(const struct dl_phdr_info *object, ElfW(Addr) offset) {
  int writable = 0;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &object->dlpi_phdr[i];
    if (offset < part->p_vaddr || offset >= part->p_vaddr + part->p_memsz) continue;
    if (part->p_type == PT_GNU_RELRO) return 0; /* made read-only after loading */
    if (part->p_type == PT_LOAD && (part->p_flags & PF_W)) writable = 1;
  }
  return writable;
}

static int rebind_object(struct dl_phdr_info *object, size_t size, void *count) {
  (void)size;
  if (strstr(object->dlpi_name, "/libmlx.so") == NULL) return 0;
  const ElfW(Dyn) *entry = NULL;
  for (int i = 0; i < object->dlpi_phnum; i++)
    if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
      entry = (const ElfW(Dyn) *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
  const ElfW(Sym) *symbols = NULL;
  const char *strings = NULL;
  const ElfW(Rela) *jumps = NULL;
  size_t bytes = 0;
  for (; entry != NULL && entry->d_tag != DT_NULL; entry++) {
    ElfW(Addr) address = entry->d_un.d_ptr;
    if (address < object->dlpi_addr) address += object->dlpi_addr; /* relative under musl */
    if (entry->d_tag == DT_SYMTAB) symbols = (const ElfW(Sym) *)address;
    if (entry->d_tag == DT_STRTAB) strings = (const char *)address;
    if (entry->d_tag == DT_JMPREL) jumps = (const ElfW(Rela) *)address;
    if (entry->d_tag == DT_PLTRELSZ) bytes = entry->d_un.d_val;
  }
  if (symbols == NULL || strings == NULL || jumps == NULL) return 1;
  for (const ElfW(Rela) *jump = jumps; jump < jumps + bytes / sizeof *jumps; jump++) {
    if (ELF64_R_TYPE(jump->r_info) != JUMP_SLOT || !is_writable(object, jump->r_offset)) continue;
    void *target = ours(strings + symbols[ELF64_R_SYM(jump->r_info)].st_name);
    if (target == NULL) continue;
    __atomic_store_n((void **)(object->dlpi_addr + jump->r_offset), target, __ATOMIC_RELEASE);
    ++*(int *)count;
  }
  return 1;
}

/* Returns how many routines of a loaded MLX were turned; 0 if there is none, or it cannot be done. */
int kvist_blas_shim_rebind(void) {
  int count = 0;
  dl_iterate_phdr(rebind_object, &count);
  return count;
}

#else

int kvist_blas_shim_rebind(void) { return 0; }

#endif
