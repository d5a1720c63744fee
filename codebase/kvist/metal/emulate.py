"""Run a Metal kernel on the CPU: every GPU thread as a fiber, SIMD-groups and barriers included.

The kernel's text is compiled as C++ against a stand-in for <metal_stdlib> and executed in a process of its
own, with limits on its time and memory. That contains mistakes; it is no sandbox against malice: the kernel
runs as native code with the rights of whoever calls. Values are those of the program; times are not those of
a GPU and say nothing about one.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlx.core as mx

from kvist.errors import KvistError
from kvist.metal import simd_types
from kvist.metal.arguments import MAX_THREADS, check_kinds, check_numbers, sizes_of
from kvist.metal.bind import Bound, bind, fits, instance, template_types
from kvist.metal.compiler import program
from kvist.metal.dtypes import element_dtype
from kvist.metal.entry import entry
from kvist.metal.frontend import KernelFunction
from kvist.metal.function_constants import values_of
from kvist.metal.layouts import struct_layout
from kvist.metal.preprocess import preprocess, whole
from kvist.metal.process import ThreadgroupMemory, run
from kvist.metal.reports import KINDS, Report, reports_of
from kvist.metal.requirements import require_runnable
from kvist.metal.rewrite import to_cpp
from kvist.metal.source import HasSource, Source, load
from kvist.metal.unset import unset_values
from kvist.metal.usage import require_constants

THREADGROUP_MEMORY = 32768  # bytes, on every Apple GPU


@dataclass(frozen=True, slots=True)
class Counters:
    """What one dispatch did. All counts are exact and do not depend on the order of threads.

    Bytes are counted by checked runs only, as the compiled kernel reads and writes them (a value that the
    compiler keeps in a register is read once); accesses outside of a buffer do not count.
    """

    threads: int = 0
    threadgroups: int = 0
    simdgroups: int = 0
    barriers: int = 0
    """threadgroup_barrier, counted once for each threadgroup that passes one."""
    simd_operations: int = 0
    """SIMD-group functions, counted once for each SIMD-group that executes one."""
    atomic_operations: int = 0
    """Atomic stores and updates; by checked runs only, as the bytes."""
    threadgroup_bytes: int = 0
    """Threadgroup memory that one threadgroup uses."""
    threadgroup_read_bytes: int = 0
    threadgroup_written_bytes: int = 0
    read_bytes: Mapping[str, int] = field(default_factory=dict)
    """By buffer."""
    written_bytes: Mapping[str, int] = field(default_factory=dict)
    """By buffer."""


@dataclass(frozen=True, slots=True)
class Emulation:
    """The result of `emulate`: contents of every buffer the kernel may write, counters, and reports.

    finished: False if a report says why the run could not go on; the outputs are as they were then. seconds:
    how long the emulation took, which says nothing about a GPU.
    """

    outputs: dict[str, mx.array]
    counters: Counters
    reports: tuple[Report, ...] = ()
    finished: bool = True
    seconds: float = 0.0


def emulate(
    kernel: str | Path | Source | HasSource,
    grid: Sequence[int] | int,
    threadgroup: Sequence[int] | int,
    buffers: Mapping[str, Any],
    *,
    check: bool = True,
    order: str = "forward",
    seed: int = 0,
    template: Mapping[str, Any] | None = None,
    name: str | None = None,
    constants: Mapping[str | int, Any] | None = None,
    threadgroup_memory: Mapping[str, int] | None = None,
    include: Sequence[str | Path] = (),
    allow: Collection[str] = (),
    time_limit: float = 10.0,
    stop: bool | None = None,
) -> Emulation:
    """Execute a kernel over a grid of threads.

    - kernel: the path of a .metal file, its text, or a `Kernel`.
    - grid, threadgroup: threads in x, y and z, as in Metal's dispatchThreads (groups at an edge are smaller);
      one whole number is threads in x, what is left out is 1.
    - buffers: for each buffer parameter, by name, an mx.array, a NumPy array or a number, or
      `Output(shape, dtype)` for one that the kernel fills. An array for a parameter that is not const is
      read and written; `Input(array)` is only read.
    - check: find races, accesses out of bounds, uninitialised reads, writes to inputs, unwritten outputs,
      divergent barriers and SIMD-group functions, too much threadgroup memory; count bytes. What is found is
      in `reports`, with file and line. False is two to four times as fast and raises KvistError for what
      stops the kernel (a crash, a divergent barrier, an endless loop), the rest is not seen.
    - order: in which order ready threads run between two barriers, "forward", "reverse" or "random" by
      `seed`. A correct kernel gives the same values under each.
    - template: arguments of a kernel template, such as {"T": mx.float16, "N": 4}. Types are taken from the
      buffers where that is possible.
    - name: which kernel, in a file with several: its name, the host_name of an instantiation, or `f<half>`.
    - constants: values of function constants, by name or index.
    - threadgroup_memory: bytes of each `[[threadgroup(n)]]` parameter, by name. Without: 32 KB each, which
      does not count against the limit.
    - include: folders in which `#include` looks besides the file's own.
    - allow: kinds of reports to leave out (see `kvist.metal.KINDS`).
    - time_limit: in seconds.
    - stop: raise the first report as an error; without, only unchecked runs do.

    Raises KvistError, with file and line, when the call does not fit the kernel or it does not compile.
    """
    check_kinds(name, template, constants, threadgroup_memory, include, allow)
    raw = load(kernel)
    source = whole(raw, [Path(folder) for folder in include])
    function, made = source.module.find(name, source.label)
    where = f"{source.label} {function.name}"
    require_runnable(source.module, function, source.label)
    unknown = [kind for kind in allow if kind not in KINDS]
    if unknown:
        raise KvistError(where, f"kinds of reports: {', '.join(KINDS)}", ", ".join(unknown))
    sizes = sizes_of(grid, threadgroup, order, where)
    threads = math.prod(sizes[1])
    most = min(MAX_THREADS, source.module.max_threads(function))
    if threads > most:
        raise KvistError(where, f"at most {most} threads in a threadgroup", str(threads))
    check_numbers(seed, time_limit, where)
    values = values_of(source.module.constants, constants or {}, where)
    require_constants(source.module, function, values, where)
    if name is None and (template or not fits(function, made, buffers)):
        made = None  # the only instance of the file, which nobody asked for
    if made and template:
        given = ", ".join(f"{key}={value}" for key, value in template.items())
        raise KvistError(where, f"no template arguments for {name}, which is {made.instance}", given)
    types = template_types(function, made)
    bound = bind(function, buffers, where, types, values)
    _check_structs(source.module.text, bound, where)
    known = [i.host_name for i in source.module.instantiations if i.kernel == function.name]
    chosen = made.instance if made else instance(function, bound, template, where, known)
    memory = _threadgroup_memory(function, threadgroup_memory or {}, where)
    task = _Task(source, function, chosen, bound, values, memory, sizes, order, seed, time_limit, check)
    return _execute(task, frozenset(allow), not check if stop is None else stop)


def emulate_generated(
    source: Source,
    name: str,
    grid: Sequence[int],
    threadgroup: Sequence[int],
    buffers: Mapping[str, Any],
) -> Emulation:
    """`emulate`, unchecked, for source that MLX generated: kernel `name`, with the types it says."""
    source = preprocess(source)
    function = source.module.kernel(name, source.label)
    instances = [i.instance for i in source.module.instantiations if i.kernel == name]
    sizes = sizes_of(grid, threadgroup, "forward", source.label)
    bound = bind(function, buffers, source.label)
    chosen = instances[0] if instances else name
    return _execute(_Task(source, function, chosen, bound, {}, [], sizes, "forward", 0, 60.0, False))


@dataclass(frozen=True, slots=True)
class _Task:
    source: Source
    function: KernelFunction
    instance: str
    bound: Sequence[Bound]
    constants: Mapping[str, str]
    threadgroup_memory: Sequence[ThreadgroupMemory]
    sizes: tuple[tuple[int, int, int], tuple[int, int, int]]
    order: str
    seed: int
    time_limit: float
    check: bool

    def cpp(self) -> str:
        label = self.source.label
        body = to_cpp(self.source.module, label, self.constants)
        names = [b.parameter.name for b in self.bound]
        call = entry(self.function, self.instance, names, label)
        simd = "namespace simd { using namespace metal; }\n" if re.search(r"\bsimd\s*::", body) else ""
        simd += f"{simd_types.declarations(body)}\n"
        return f'#include <metal_stdlib>\n{simd}#line 1 "{label}"\n{body}\n{call}'


def _execute(task: _Task, allow: frozenset[str] = frozenset(), stop: bool = True) -> Emulation:
    writable = [b for b in task.bound if b.writable]
    # The checks of arrays keep reads that come to nothing, such as those of an argument that is not there.
    complete = len(task.bound) == len(task.function.buffers)
    executable = program(task.cpp(), task.source.label, check=task.check, bounds=complete)
    if 0 in task.sizes[0]:  # nothing to run: outputs keep what they held
        contents = {b.parameter.name: b.data for b in writable}
        return Emulation({b.parameter.name: b.result(contents) for b in writable}, Counters())
    done = run(
        executable,
        [b.as_bytes() for b in task.bound],
        grid=task.sizes[0],
        threadgroup=task.sizes[1],
        order=task.order,
        seed=task.seed,
        time_limit=task.time_limit,
        check=task.check,
        threadgroup_memory=task.threadgroup_memory,
    )
    result = dict(done.result)
    finished, raw = result.pop("finished"), result.pop("reports")
    source = task.source
    found = reports_of(raw, executable, task.function, source.text, source.label, task.time_limit)
    if task.check:
        found += tuple(unset_values(task.function, task.bound, done.contents, source.text, source.label))
    reports = tuple(r for r in found if r.kind not in allow)
    if reports and stop:
        raise reports[0].error()
    outputs = {b.parameter.name: b.result(done.contents) for b in writable}
    return Emulation(outputs, Counters(**result), reports, finished, done.seconds)


def _check_structs(text: str, bound: Sequence[Bound], where: str) -> None:
    """Raise KvistError for too few bytes for a struct, or for no whole number of them behind a pointer."""
    for b in bound:
        kind, given = b.parameter.type_name, len(b.data)
        layout = None if element_dtype(kind) is not None else struct_layout(text, kind)
        if layout is None or (given >= layout.size and not (b.parameter.is_pointer and given % layout.size)):
            continue
        several = "a multiple of the " if b.parameter.is_pointer else ""
        need = f"{several}{layout.size} bytes that {kind} has for `{b.parameter.name}`"
        offsets = ", ".join(f"{name} {offset}" for name, offset in layout.offsets)
        hint = f"alignment: fields begin at {offsets}; np.dtype takes names, formats, offsets and itemsize"
        raise KvistError(where, need, f"{given} bytes", hint)


def _threadgroup_memory(
    function: KernelFunction, given: Mapping[str, int], where: str
) -> list[ThreadgroupMemory]:
    names = [p.name for p in function.threadgroup_arguments]
    unknown = [name for name in given if name not in names]
    if unknown:
        need = f"[[threadgroup(n)]] parameters: {', '.join(names) or 'the kernel has none'}"
        raise KvistError(where, need, ", ".join(unknown))
    return [
        ThreadgroupMemory(p.name, p.index, given.get(p.name, THREADGROUP_MEMORY), p.name not in given)
        for p in function.threadgroup_arguments
    ]
