"""Say what went wrong inside a kernel, with its line, the thread, and what to do."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kvist.errors import KvistError
from kvist.metal.frontend import KernelFunction

Fault = dict[str, Any]


def error(fault: Fault, kernel: KernelFunction, label: str, program: Path, time_limit: float) -> KvistError:
    """The KvistError for a fault that the runtime reported."""
    line = fault["line"] or _line_of_address(program, fault.get("pc", 0), label)
    where = f"{label}:{line}" if line else f"{label} {kernel.name}"
    need, got, hint = _EXPLAIN.get(fault["error"], _unknown)(fault, time_limit)
    return KvistError(where, need, got, hint)


def _who(fault: Fault) -> str:
    if fault["thread"] < 0:
        return "no thread"
    x, y, z = fault["threadgroup"]
    return f"thread {fault['thread']} of threadgroup ({x}, {y}, {z})"


def _divergent(fault: Fault, _: float) -> tuple[str, str, str]:
    other = f"waits at line {fault['other_line']}" if fault["other_line"] else "has returned"
    got = f"{fault['arrived']} of {fault['threads']} (thread {fault['other']} {other})"
    return (
        "every thread of the threadgroup at this barrier",
        got,
        "move the barrier out of the branch or loop, and do not return before it",
    )


def _out_of_bounds(fault: Fault, _: float) -> tuple[str, str, str]:
    got = f"byte {fault['offset']} of it by {_who(fault)}"
    return (
        f"an address inside buffer `{fault['buffer']}`",
        got,
        "guard the index: ragged sizes need `if (i < n)`",
    )


def _write_to_input(fault: Fault, _: float) -> tuple[str, str, str]:
    return (
        f"buffer `{fault['buffer']}` only read",
        f"a write by {_who(fault)}",
        "declare it without const to write it",
    )


def _wild_pointer(fault: Fault, _: float) -> tuple[str, str, str]:
    return (
        "an address inside a buffer",
        f"a wild pointer in {_who(fault)}",
        "check the arithmetic of the index",
    )


def _stack_overflow(fault: Fault, _: float) -> tuple[str, str, str]:
    return (
        "at most 256 KB of private arrays per thread",
        f"more in {_who(fault)}",
        "recursion is not allowed in MSL",
    )


def _threadgroup_memory(fault: Fault, _: float) -> tuple[str, str, str]:
    return "at most 32768 bytes of threadgroup memory", f"{fault['bytes']}", "use smaller tiles"


def _time_limit(fault: Fault, time_limit: float) -> tuple[str, str, str]:
    got = f"{_who(fault)} still running"
    return (
        f"a kernel that ends within {time_limit:g} s",
        got,
        "an endless loop? else pass a longer time_limit=",
    )


def _division(fault: Fault, _: float) -> tuple[str, str, str]:
    return (
        "a divisor other than zero",
        f"an integer division by zero in {_who(fault)}",
        "a GPU gives no error here",
    )


def _unknown(fault: Fault, _: float) -> tuple[str, str, str]:
    status = f" (status {fault['status']})" if "status" in fault else ""
    return "a kernel that runs to its end", f"{fault['error']}{status} in {_who(fault)}", ""


_EXPLAIN: dict[str, Callable[[Fault, float], tuple[str, str, str]]] = {
    "divergent_barrier": _divergent,
    "out_of_bounds": _out_of_bounds,
    "write_to_input": _write_to_input,
    "wild_pointer": _wild_pointer,
    "stack_overflow": _stack_overflow,
    "threadgroup_memory": _threadgroup_memory,
    "time_limit": _time_limit,
    "division_by_zero": _division,
}


def _line_of_address(program: Path, address: int, label: str) -> int:
    """The kernel's line of a machine address, by binutils' or LLVM's addr2line; 0 where there is none."""
    tool = shutil.which("addr2line") or shutil.which("llvm-addr2line")
    if not tool or not address:
        return 0
    command = [tool, "-i", "-e", str(program), hex(address)]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    for place in lines:  # innermost inlined call first
        file, _, rest = place.rpartition(":")
        number = rest.split(" ")[0]
        if Path(file).name == label and number.isdigit():
            return int(number)
    return 0
