"""Run a Metal kernel on the CPU: every GPU thread as a fiber, SIMD-groups and barriers included.

The kernel's text is compiled as C++ against a stand-in for <metal_stdlib> and executed in a process of its
own. Values are those of the program; times are not those of a GPU and say nothing about one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import faults
from kvist.metal.bind import Bound, bind, instance
from kvist.metal.compiler import program
from kvist.metal.entry import entry
from kvist.metal.frontend import KernelFunction
from kvist.metal.process import run
from kvist.metal.rewrite import to_cpp
from kvist.metal.source import HasSource, Source, load

ORDERS = ("forward", "reverse", "random")
MAX_THREADS = 1024  # per threadgroup, on every Apple GPU


@dataclass(frozen=True, slots=True)
class Counters:
    """What one dispatch did. All counts are exact and do not depend on the order of threads."""

    threads: int
    threadgroups: int
    simdgroups: int
    barriers: int
    """threadgroup_barrier, counted once for each threadgroup that passes one."""
    simd_operations: int
    """SIMD-group functions, counted once for each SIMD-group that executes one."""
    threadgroup_bytes: int
    """Threadgroup memory that one threadgroup uses."""


@dataclass(frozen=True, slots=True)
class Emulation:
    """The result of `emulate`: contents of every buffer the kernel may write, and counters."""

    outputs: dict[str, mx.array]
    counters: Counters


def emulate(
    kernel: str | Path | Source | HasSource,
    grid: Sequence[int],
    threadgroup: Sequence[int],
    buffers: Mapping[str, Any],
    *,
    order: str = "forward",
    seed: int = 0,
    template: Mapping[str, Any] | None = None,
    name: str | None = None,
    time_limit: float = 10.0,
) -> Emulation:
    """Execute a kernel over a grid of threads.

    - kernel: the path of a .metal file, its text, or a `Kernel`.
    - grid, threadgroup: threads in x, y and z, as in Metal's dispatchThreads (groups at an edge are smaller).
    - buffers: for each buffer parameter, by name, an mx.array, a NumPy array or a number, or
      `Output(shape, dtype)` for one that the kernel fills.
    - order: in which order ready threads run between two barriers, "forward", "reverse" or "random" by
      `seed`. A correct kernel gives the same values under each.
    - template: arguments of a kernel template, such as {"T": mx.float16, "N": 4}. Types are taken from the
      buffers where that is possible.
    - name: which kernel, in a file with several. time_limit: in seconds.

    Raises KvistError, with file and line, when the kernel does not compile, leaves a buffer, writes to an
    input, has a barrier that not every thread reaches, crashes or does not end.
    """
    source = load(kernel)
    function = source.module.kernel(name, source.label)
    where = f"{source.label} {function.name}"
    sizes = _sizes(grid, threadgroup, order, where)
    bound = bind(function, buffers, where)
    chosen = instance(function, bound, template, where)
    return _execute(source, function, chosen, bound, sizes, order, seed, time_limit)


def emulate_generated(
    source: Source,
    name: str,
    grid: Sequence[int],
    threadgroup: Sequence[int],
    buffers: Mapping[str, Any],
) -> Emulation:
    """`emulate` for source that MLX generated: the kernel `name`, and it says itself with which types."""
    function = source.module.kernel(name, source.label)
    instances = [i.instance for i in source.module.instantiations if i.kernel == name]
    sizes = _sizes(grid, threadgroup, "forward", source.label)
    bound = bind(function, buffers, source.label)
    return _execute(source, function, instances[0] if instances else name, bound, sizes, "forward", 0, 60.0)


def _execute(
    source: Source,
    function: KernelFunction,
    chosen: str,
    bound: Sequence[Bound],
    sizes: tuple[tuple[int, int, int], tuple[int, int, int]],
    order: str,
    seed: int,
    time_limit: float,
) -> Emulation:
    if 0 in sizes[0]:  # nothing to run: outputs keep what they held
        contents = {b.parameter.name: b.data for b in bound if b.writable}
        return Emulation(
            {b.parameter.name: b.result(contents) for b in bound if b.writable}, Counters(0, 0, 0, 0, 0, 0)
        )
    executable = program(_cpp(source, function, chosen), source.label)
    grid, threadgroup = sizes
    done = run(
        executable,
        [b.as_bytes() for b in bound],
        grid=grid,
        threadgroup=threadgroup,
        order=order,
        seed=seed,
        time_limit=time_limit,
    )
    if "error" in done.report:
        raise faults.error(done.report, function, source.label, executable, time_limit)
    outputs = {b.parameter.name: b.result(done.contents) for b in bound if b.writable}
    return Emulation(outputs, Counters(**done.report))


def _cpp(source: Source, function: KernelFunction, chosen: str) -> str:
    body = to_cpp(source.module, source.label)
    return (
        f'#include <metal_stdlib>\n#line 1 "{source.label}"\n{body}\n{entry(function, chosen, source.label)}'
    )


def _sizes(
    grid: Sequence[int], threadgroup: Sequence[int], order: str, where: str
) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    if order not in ORDERS:
        raise KvistError(where, f"order {', '.join(ORDERS)}", repr(order))
    for title, size, least in (("grid", grid, 0), ("threadgroup", threadgroup, 1)):
        if len(size) != 3 or any(not isinstance(n, Integral) or not least <= n < 2**31 for n in size):
            raise KvistError(where, f"{title} of three whole numbers from {least}", repr(tuple(size)))
    group = tuple(min(t, max(g, 1)) for t, g in zip(threadgroup, grid, strict=True))
    threads = group[0] * group[1] * group[2]
    if threads > MAX_THREADS:
        raise KvistError(where, f"at most {MAX_THREADS} threads in a threadgroup", str(threads))
    return (grid[0], grid[1], grid[2]), (threadgroup[0], threadgroup[1], threadgroup[2])
