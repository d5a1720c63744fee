"""Generate the C++ that calls one kernel with its buffers and built-in values."""

from collections.abc import Sequence

from kvist.errors import KvistError
from kvist.metal.frontend import KernelFunction
from kvist.metal.parameters import Parameter

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
UNSUPPORTED = {
    "texture": "textures are not emulated",
    "sampler": "textures are not emulated",
    "visible_function_table": "visible functions are not emulated",
    "stage_in": "stage inputs are not emulated",
}

_TEMPLATE = """
#line 1 "kvist_entry"
namespace kvist_emulator {{
template <int I, typename First, typename... More>
struct Pick : Pick<I - 1, More...> {{}};
template <typename First, typename... More>
struct Pick<0, First, More...> {{
  using type = First;
}};
template <typename F>
struct Signature;
template <typename... A>
struct Signature<void (*)(A...)> {{
  template <int I>
  using argument = typename Pick<I, A...>::type;
}};
// What the pointer or reference of the kernel points to.
template <typename T>
using Pointed = std::remove_all_extents_t<std::remove_cv_t<
    std::remove_pointer_t<std::remove_cv_t<std::remove_reference_t<T>>>>>;
// A buffer as the pointer or reference that the kernel declares.
template <typename T>
T buffer(void* address) {{
  if constexpr (std::is_pointer_v<T>) return static_cast<T>(address);
  else return *static_cast<std::remove_reference_t<T>*>(address);
}}
// A position as uint3, uint2 or its first component, whichever the kernel asks for.
template <typename T>
T position(const uint32_t* p) {{
  using V = std::remove_cv_t<T>;
  if constexpr (std::is_integral_v<V>) return V(p[0]);
  else if constexpr (V::length == 2) return V(p[0], p[1]);
  else return V(p[0], p[1], p[2]);
}}
template <typename T>
T threadgroup_pointer(uint32_t number) {{
  using E = Pointed<T>;
  return buffer<T>(threadgroup_argument(number, sizeof(E), layout_of<E>().scalar));
}}
using S = Signature<decltype(&::{instance})>;
const Layout layouts[] = {{{layouts}}};
extern const char* const spaces;
const char* const spaces = "{spaces}";
__attribute__((no_sanitize("thread"))) void run_thread(void* const* buffers, const Thread& thread) {{
  (void)buffers, (void)thread;
  ::{instance}({arguments});
}}
}}  // namespace kvist_emulator
"""


def entry(kernel: KernelFunction, instance: str, bound: Sequence[str], label: str) -> str:
    """C++ defining `run_thread` for `instance`, for example `rms_norm<half>`, of `kernel`.

    bound: names of the buffers that there are, in the order in which the runtime has them.
    """
    numbers = {p.name: n for n, p in enumerate(kernel.parameters)}
    layouts = [f"layout_of<Pointed<S::argument<{numbers[name]}>>>()" for name in bound]
    arguments = [_argument(kernel, number, p, bound, label) for number, p in enumerate(kernel.parameters)]
    spaces = "".join("c" if kernel.parameters[numbers[name]].space == "constant" else "d" for name in bound)
    return _TEMPLATE.format(
        spaces=spaces,
        instance=kernel.namespace + instance,
        arguments=", ".join(arguments),
        layouts=", ".join(layouts) or "Layout{1, 1, 1}",
    )


def _argument(kernel: KernelFunction, number: int, p: Parameter, bound: Sequence[str], label: str) -> str:
    if p.attribute == "buffer":
        address = f"buffers[{bound.index(p.name)}]" if p.name in bound else "nullptr"
        return f"buffer<S::argument<{number}>>({address})"
    if p.attribute == "threadgroup":
        return f"threadgroup_pointer<S::argument<{number}>>({p.index})"
    if p.attribute not in BUILTINS:
        where = f"{label} {kernel.name}"
        need = f"an attribute of parameter {p.name} that can be emulated"
        raise KvistError(where, need, f"[[{p.attribute}]]", UNSUPPORTED.get(p.attribute, ""))
    if BUILTINS[p.attribute] == "uint3":
        return f"position<S::argument<{number}>>(thread.{p.attribute})"
    return f"S::argument<{number}>(thread.{p.attribute})"
