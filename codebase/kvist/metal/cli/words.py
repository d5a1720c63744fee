"""The words of `kvist metal run`: errors that name its options, notes, and the text at the end."""

import os
from typing import Any

import numpy as np

from kvist.errors import KvistError
from kvist.metal.buffers import Input
from kvist.metal.cli import values
from kvist.metal.dtypes import element_dtype
from kvist.metal.emulate import THREADGROUP_MEMORY, Emulation
from kvist.metal.frontend import KernelFunction
from kvist.metal.layouts import struct_layout

_HINTS = {
    "pass name=": "pass --kernel NAME",
    "constants={'name': value}": "--constant NAME=VALUE for each",
    "the kernel only reads it": "the kernel only reads it: --buffer NAME=VALUE",
}


def in_options(error: KvistError) -> KvistError:
    """The error of `emulate` with the options of the command line in place of Python's arguments."""
    hint = _HINTS.get(error.hint, error.hint)
    if hint.startswith("pass template="):
        hint = "pass --template NAME=VALUE" + hint[hint.index("}") + 1 :].replace(
            "as the kernel's name", "by --kernel"
        )
    if hint.startswith("missing: "):
        hint += "; --buffer NAME=VALUE gives one, --out NAME=DTYPE:SHAPE has it filled"
    got = "--out" if error.got == "an Output" else error.got
    return KvistError(error.where, error.need, got, hint)


def notes(
    kernel: KernelFunction, arrays: dict[str, Any], sizes: dict[str, int], text: str, idle_seed: bool
) -> list[str]:
    """What was assumed and what had no effect, a line each. text: the source; idle_seed: one for nothing."""
    lines = [
        f"note: `{p.name}` has {THREADGROUP_MEMORY} bytes, as --threadgroup-memory does not say how many"
        for p in kernel.threadgroup_arguments
        if p.name not in sizes
    ]
    for p in kernel.buffers:
        value = arrays.get(p.name)
        inner = value.value if isinstance(value, Input) else value
        if not p.is_reference or not isinstance(inner, np.ndarray) or element_dtype(p.type_name) is not None:
            continue
        layout = struct_layout(text, p.type_name)
        if layout is not None and inner.nbytes > layout.size:
            lines.append(f"note: {inner.nbytes} bytes given for `{p.name}`, {p.type_name} has {layout.size}")
    return [*lines, "note: --seed has no effect without --order random"] if idle_seed else lines


def copies(given: dict[str, str], written: list[str]) -> list[str]:
    """A line for each file that several buffers have, if one of them is written: they are no one buffer."""
    names: dict[str, list[str]] = {}
    for name, text in given.items():
        file, _ = values.file_of(text)
        if file is not None:
            names.setdefault(os.path.realpath(file), []).append(name)
    return [
        f"note: {' and '.join(f'`{n}`' for n in several)} have a copy each of {os.path.basename(file)}: "
        f"what is written to one does not show in the other"
        for file, several in names.items()
        if len(several) > 1 and any(name in written for name in several)
    ]


def refused(linted: dict[str, Any]) -> list[str]:
    """A line where lint finds what Apple's compiler would refuse. linted: of `kvist.metal.cli.linted`."""
    count, first = linted["problems"], linted["first"]
    if not count:
        return []
    return [f"`kvist metal lint` finds {_count(count, 'problem')} in this text, first {first}"]


def summary(done: Emulation, outputs: dict[str, Any], said: list[str], check: bool) -> str:
    """Reports, notes, files and counters as text."""
    lines = [*map(str, done.reports), *said]
    unfinished = "" if done.finished else " (unfinished)"
    for name, output in outputs.items():
        shape = "x".join(map(str, output["shape"])) or "()"
        lines.append(f"{name}: {output['dtype']} {shape} -> {output['path']}{unfinished}")
    found = len(done.reports)
    if not done.finished:
        lines.append("the run did not finish: outputs are as they were then, and nothing was counted")
        return "\n".join([*lines, _count(found, "report")])
    c = done.counters
    lines.append(
        f"{_count(c.threads, 'thread')} in {_count(c.threadgroups, 'threadgroup')}: "
        f"{_count(c.barriers, 'barrier')}, {_count(c.simd_operations, 'SIMD-group function')}, "
        f"{_count(c.threadgroup_bytes, 'byte')} of threadgroup memory"
    )
    none = "nothing wrong found" if check else "nothing was checked"
    if check:
        moved = {name: (c.read_bytes[name], c.written_bytes[name]) for name in c.read_bytes}
        lines += [f"  {name}: {_count(r, 'byte')} read, {w} written" for name, (r, w) in moved.items()]
    return "\n".join([*lines, _count(found, "report") if found else none])


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
