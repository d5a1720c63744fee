"""Atomics: their types, where they may be, and that only atomic functions touch them."""

from collections.abc import Iterator
from dataclasses import replace

from kvist.metal.lint.names import ATOMICS, SCALARS, VECTORS
from kvist.metal.lint.pointers import writes
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Unit
from kvist.metal.tokens import matching

_IN_ATOMICS = {"int", "uint", "bool", "ulong", "float", "int32_t", "uint32_t", "uint64_t", "size_t"}
_NOT_IN_ATOMICS = (SCALARS | VECTORS) - _IN_ATOMICS


def check_atomics(unit: Unit) -> Iterator[Problem]:
    """`atomic<T>` of an int, uint, bool, ulong or float; an atomic float is in device memory."""
    for index, word in enumerate(unit.words[:-3]):
        made = unit.words[index + 1 : index + 4]
        if word == "atomic" and made[0] == "<" and made[2] == ">" and made[1] in _NOT_IN_ATOMICS:
            message = f"there is no atomic<{made[1]}>"
            hint = "atomic<int>, atomic<uint>, atomic<bool>, atomic<ulong> or atomic<float>"
            yield unit.problem(unit.tokens[index], "atomic", message, hint)
        if word == "atomic_float" or (word == "atomic" and made == ["<", "float", ">"]):
            before = index - 1
            while before > 0 and unit.words[before] in ("volatile", "const", "metal", "::"):
                before -= 1
            if before >= 0 and unit.words[before] == "threadgroup":
                message = "atomic_float is for device memory"
                yield unit.problem(unit.tokens[index], "atomic", message, "atomic_uint, or a sum by simd_sum")


def check_atomic_writes(unit: Unit) -> Iterator[Problem]:
    """`count[0] = 1` and `*count += 1`: an atomic is written by the atomic functions alone."""
    for function in unit.functions:
        begin, end = function.body
        known = dict(_declared(unit, function.parameters[0], end))
        for index in range(begin, end):
            name = unit.words[index]
            before = unit.tokens[index - 1]
            if name not in known or before.text in (".", ">", "::") or before.kind == "name":
                continue
            if known[name] and (cast := _cast_around(unit, index, begin)) and writes(unit, *cast):
                message = f"{name} is atomic and is written plainly through a cast"
                hint = f"atomic_store_explicit(&{name}[i], value, memory_order_relaxed)"
                yield replace(unit.problem(unit.tokens[index], "atomic", message, hint), severity="warning")
            target = index + 1
            while target < end and unit.words[target] == "[":
                target = matching(unit.tokens, target) + 1
            star = before.text == "*" and unit.words[index - 2] in (";", "{", "}", ")")
            if (not known[name] or star or target > index + 1) and writes(unit, index, target):
                hint = f"atomic_store_explicit(&{name}[i], value, memory_order_relaxed)"
                yield unit.problem(
                    unit.tokens[index], "atomic", f"{name} is atomic and is written plainly", hint
                )


def _declared(unit: Unit, begin: int, end: int) -> Iterator[tuple[str, bool]]:
    """(name, is a pointer or an array) of the atomics between two tokens."""
    for index in range(begin, end):
        after = index + 1
        if unit.words[index] == "atomic" and unit.words[after] == "<":
            after = unit.closing_angle(after) + 1
        elif unit.words[index] not in ATOMICS:
            continue
        start = after
        while after < end and unit.words[after] in ("*", "&", "const", "volatile"):
            after += 1
        if after < end and unit.tokens[after].kind == "name":
            yield unit.words[after], "*" in unit.words[start:after]


def _cast_around(unit: Unit, index: int, begin: int) -> tuple[int, int] | None:
    """(first, behind) of the element in `*(device uint*)x`, `((device uint*)x)[i]` and the like."""
    words = unit.words
    first, behind = index, index + 1
    if words[first - 1] == "&":
        first -= 1
        while words[behind] == "[":
            behind = matching(unit.tokens, behind) + 1
    named = words[first - 1] == "(" and words[first - 2] == ">" and words[behind] == ")"
    last = first - 2 if named else first - 1
    opening, closing = ("<", ">") if named else ("(", ")")
    if words[last] != closing or words[last - 1] != "*":
        return None
    start = next((i for i in range(last, begin, -1) if words[i] == opening), begin)
    if any(w.startswith("atomic") for w in words[start:last]) or not {"device", "threadgroup"} & {
        *words[start:last]
    }:
        return None
    if named:
        if words[start - 1] != "reinterpret_cast":
            return None
        start, behind = start - 1, behind + 1
    elif words[start - 1] == "(" and words[behind] == ")":
        start, behind = start - 1, behind + 1
    if words[behind] == "[":
        return start, matching(unit.tokens, behind) + 1
    return (
        (start - 1, behind) if words[start - 1] == "*" and words[start - 2] in (";", "{", "}", ")") else None
    )
