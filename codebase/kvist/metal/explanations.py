"""Words for what went wrong inside a kernel: what was done by whom, and what to do about it."""

from collections.abc import Callable, Mapping
from typing import Any

Fault = Mapping[str, Any]
_LIMIT = 32768


def explain(fault: Fault, other_line: int, time_limit: float) -> tuple[str, str]:
    """(message, hint) for one report of the runtime."""
    if fault["kind"] == "time_limit":
        message = f"{who(fault)} was still running after {time_limit:g} s"
        return message, "an endless loop? else allow more time"
    return _WORDS.get(fault["kind"], _other)(fault, other_line)


def who(fault: Fault, prefix: str = "") -> str:
    """`thread (5, 0, 0)`, with its threadgroup where the two sides are in different ones."""
    position = fault.get(f"{prefix}thread")
    if position is None:
        return "no thread"
    name = "thread ({}, {}, {})".format(*position)
    other = fault.get("other_threadgroup")
    if other is not None and other != fault.get("threadgroup"):
        name += " of threadgroup ({}, {}, {})".format(*fault[f"{prefix}threadgroup"])
    return name


def _element(fault: Fault) -> str:
    kind = "threadgroup memory " if fault.get("memory") == "threadgroup" else ""
    if fault.get("field") and kind and fault.get("elements") == 1:
        return f"{kind}{fault['buffer']}{fault['field']}"  # a variable that is no array
    return f"{kind}{fault['buffer']}[{fault['element']}]{fault.get('field', '')}"


def _elements(count: int) -> str:
    return f"{count} element{'s' if count != 1 else ''}"


def _at(line: int) -> str:
    return f" at line {line}" if line else ""


_DONE = {"read": "read", "write": "written", "atomic": "updated atomically"}


def _data_race(fault: Fault, other_line: int) -> tuple[str, str]:
    message = (
        f"{_element(fault)} is {_DONE[fault['access']]} by {who(fault)} and "
        f"{_DONE[fault['other_access']]} by {who(fault, 'other_')}{_at(other_line)} and nothing orders them"
    )
    same = other_line and other_line == fault.get("line")
    flag = "mem_threadgroup" if fault["memory"] == "threadgroup" else "mem_device"
    if fault["threadgroup"] != fault["other_threadgroup"]:
        hint = "threadgroups of one dispatch cannot wait for each other: use atomics, or two dispatches"
    elif "atomic" in (fault["access"], fault["other_access"]):
        hint = f"use atomic functions for both, or put threadgroup_barrier(mem_flags::{flag}) between the two"
    elif same and fault["access"] != fault["other_access"]:
        hint = f"to update it use an atomic; else read, threadgroup_barrier(mem_flags::{flag}), then write"
    elif same and fault["access"] == fault["other_access"] == "write":
        hint = "let one thread write it, use an atomic, or give each thread another index"
    elif fault.get("other_flags"):
        hint = f"the threadgroup_barrier between the two has other mem_flags: it needs mem_flags::{flag}"
    elif fault["index"] // 32 == fault["other_index"] // 32:
        hint = "put simdgroup_barrier or threadgroup_barrier with the right mem_flags between the two"
    else:
        hint = f"put threadgroup_barrier(mem_flags::{flag}) between the two"
    return message, hint


def _atomic_race(fault: Fault, other_line: int) -> tuple[str, str]:
    message = (
        f"atomic {fault['access']} of {_element(fault)} by {who(fault)} and atomic "
        f"{fault['other_access']} by {who(fault, 'other_')}{_at(other_line)} have no order"
    )
    return message, "put threadgroup_barrier(mem_flags::mem_threadgroup) between the two phases"


def _out_of_bounds(fault: Fault, _: int) -> tuple[str, str]:
    if "buffer" not in fault:
        what = fault["name"].strip("'")
        what = f"an array {what.replace(' [', '[', 1)}" if what.endswith("]") else what
        message = f"{who(fault)} takes element {fault['element']} of {what}; the run ends here"
        return message, "an array of the thread's own, or a constant one: guard the index, or make it larger"
    message = f"{fault['access']} of {_element(fault)} by {who(fault)}; it has {_elements(fault['elements'])}"
    if fault["element"] < 0 or fault["element"] >= 2**31:
        return message, "the index is negative: unsigned arithmetic that wrapped, or a missing guard"
    return message, "guard the index (`if (i < n)`) or make the buffer larger"


def _uninitialized(fault: Fault, _: int) -> tuple[str, str]:
    message = f"{_element(fault)} is read by {who(fault)} before anything has written it"
    if fault["memory"] == "threadgroup":
        return message, "threadgroup memory starts with arbitrary contents: write it first"
    return message, "an output starts with arbitrary contents: give it initial values, or write it first"


def _write_to_input(fault: Fault, _: int) -> tuple[str, str]:
    message = f"input {fault['buffer']}[{fault['element']}] is written by {who(fault)}"
    return message, "write to an output, or pass the buffer as an output too"


def _unwritten(fault: Fault, _: int) -> tuple[str, str]:
    missing = fault["expected"] - fault["arrived"]
    message = (
        f"{missing} of {_elements(fault['expected'])} of output `{fault['buffer']}` "
        f"{'was' if missing == 1 else 'were'} never written, "
        f"{fault['buffer']}[{fault['element']}] first"
    )
    return message, "a grid too small, a guard too strict, or an output larger than the kernel fills"


def _divergent_barrier(fault: Fault, other_line: int) -> tuple[str, str]:
    returned = fault["other_access"] == "return"
    if returned:
        other = f"has returned{_at(other_line)}"
    elif other_line == fault.get("line"):
        other = "waits at another barrier of this line, or came to it through another call"
    else:
        other = f"waits at the barrier{_at(other_line)}"
    message = (
        f"{fault['arrived']} of {fault['expected']} threads of threadgroup "
        f"({', '.join(map(str, fault['threadgroup']))}) are at this barrier; {who(fault, 'other_')} {other}"
    )
    return message, "every thread has to reach it: move it out of the branch or loop, do not return before it"


def _divergent_simd(fault: Fault, other_line: int) -> tuple[str, str]:
    same_line = other_line and other_line == fault.get("line")
    elsewhere = f"waits at line {other_line}" if other_line else "went past it"
    if same_line:
        elsewhere = "waits at another call of this line, or came to it through another one"
    message = (
        f"{fault['name']} is executed by {fault['arrived']} of {fault['expected']} lanes of the SIMD-group "
        f"of {who(fault)}; {who(fault, 'other_')} {elsewhere}"
    )
    return message, "move it out of the branch; lanes that do not take part are left out of the result"


def _inactive_lane(fault: Fault, _: int) -> tuple[str, str]:
    message = (
        f"{fault['name']} in {who(fault)} takes the value of lane {fault['size']}, which does not take part"
    )
    return message, "the result is undefined: shuffle where all the lanes are, or check the lane's number"


def _threadgroup_memory(fault: Fault, _: int) -> tuple[str, str]:
    message = f"{fault['size']} bytes of threadgroup memory with `{fault['name']}`; a GPU has {_LIMIT}"
    return message, "use smaller tiles"


def _wild_pointer(fault: Fault, _: int) -> tuple[str, str]:
    access = fault.get("access", "access")
    return f"{access} through a pointer to nowhere in {who(fault)}", "check the arithmetic of the index"


def _stack_overflow(fault: Fault, _: int) -> tuple[str, str]:
    return (
        f"more than 256 KB of private variables in {who(fault)}",
        "a function that calls itself has to come to an end",
    )


def _division(fault: Fault, _: int) -> tuple[str, str]:
    return f"integer division by zero in {who(fault)}", "a GPU gives no error here, and any result"


def _other(fault: Fault, _: int) -> tuple[str, str]:
    return f"{fault['kind'].replace('_', ' ')} in {who(fault)}", ""


_WORDS: dict[str, Callable[[Fault, int], tuple[str, str]]] = {
    "data_race": _data_race,
    "atomic_race": _atomic_race,
    "out_of_bounds": _out_of_bounds,
    "uninitialized_read": _uninitialized,
    "write_to_input": _write_to_input,
    "unwritten_output": _unwritten,
    "divergent_barrier": _divergent_barrier,
    "divergent_simd": _divergent_simd,
    "inactive_lane": _inactive_lane,
    "threadgroup_memory": _threadgroup_memory,
    "wild_pointer": _wild_pointer,
    "stack_overflow": _stack_overflow,
    "division_by_zero": _division,
}
