"""Generate the C++ that calls one kernel with its buffers and built-in values."""

from kvist.errors import KvistError
from kvist.metal.frontend import KernelFunction, Parameter

# What MSL calls the built-in values, and the type that MLX gives each in the signatures it generates.
BUILTINS = {
    "dispatch_quadgroups_per_threadgroup": "uint",
    "dispatch_simdgroups_per_threadgroup": "uint",
    "dispatch_threads_per_threadgroup": "uint3",
    "grid_origin": "uint3",
    "grid_size": "uint3",
    "quadgroup_index_in_threadgroup": "uint",
    "quadgroups_per_threadgroup": "uint",
    "simdgroup_index_in_threadgroup": "uint",
    "simdgroups_per_threadgroup": "uint",
    "thread_execution_width": "uint",
    "thread_index_in_quadgroup": "uint",
    "thread_index_in_simdgroup": "uint",
    "thread_index_in_threadgroup": "uint",
    "thread_position_in_grid": "uint3",
    "thread_position_in_threadgroup": "uint3",
    "threadgroup_position_in_grid": "uint3",
    "threadgroups_per_grid": "uint3",
    "threads_per_grid": "uint3",
    "threads_per_simdgroup": "uint",
    "threads_per_threadgroup": "uint3",
}

_TEMPLATE = """
#line 1 "kvist_entry"
#include <tuple>
namespace kvist_emulator {{
template <typename F>
struct Signature;
template <typename... A>
struct Signature<void (*)(A...)> {{
  template <int I>
  using argument = std::tuple_element_t<I, std::tuple<A...>>;
}};
// A buffer as the pointer or reference that the kernel declares.
template <typename T>
T buffer(void* address) {{
  if constexpr (std::is_pointer_v<T>) return static_cast<T>(address);
  else return *static_cast<std::remove_reference_t<T>*>(address);
}}
// A position as uint3, uint2 or its first component, whichever the kernel asks for.
template <typename T>
T position(const uint32_t* p) {{
  if constexpr (std::is_integral_v<T>) return T(p[0]);
  else if constexpr (T::length == 2) return T(p[0], p[1]);
  else return T(p[0], p[1], p[2]);
}}
void run_thread(void* const* buffers, const Thread& thread) {{
  (void)buffers, (void)thread;
  using S = Signature<decltype(&::{instance})>;
  ::{instance}({arguments});
}}
}}  // namespace kvist_emulator
"""


def entry(kernel: KernelFunction, instance: str, label: str) -> str:
    """C++ defining `run_thread` for `instance`, for example `rms_norm<half>`, of `kernel`."""
    slots = {parameter.index: slot for slot, parameter in enumerate(kernel.buffers)}
    arguments = [_argument(kernel, number, p, slots, label) for number, p in enumerate(kernel.parameters)]
    return _TEMPLATE.format(instance=instance, arguments=", ".join(arguments))


def _argument(kernel: KernelFunction, number: int, p: Parameter, slots: dict[int, int], label: str) -> str:
    if p.attribute == "buffer":
        return f"buffer<S::argument<{number}>>(buffers[{slots[p.index]}])"
    if p.attribute not in BUILTINS:
        where = f"{label} {kernel.name}"
        raise KvistError(
            where, f"an attribute of parameter {p.name} that can be emulated", f"[[{p.attribute}]]"
        )
    if BUILTINS[p.attribute] == "uint3":
        return f"position<S::argument<{number}>>(thread.{p.attribute})"
    return f"S::argument<{number}>(thread.{p.attribute})"
