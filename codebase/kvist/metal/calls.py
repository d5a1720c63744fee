"""Calls of functions that wait, marked so that the runtime can tell who waits for the same thing.

A helper with a barrier that is called from two branches is two barriers on a GPU, though it stands once in
the text: threads that come through different calls do not meet.
"""

import re
from collections.abc import Sequence

from kvist.metal.overloads import Definition
from kvist.metal.tokens import Token, matching

_WAITS = re.compile(
    r"(?:threadgroup|simdgroup)_barrier|(?:simd|quad)_\w+|simdgroup_(?:load|store|multiply\w*)"
)
_NOT_TYPES = ("return", "else", "do", "case", "and", "or", "not")


def marked_calls(tokens: Sequence[Token], found: Sequence[Definition]) -> dict[int, str]:
    """`f(x)` to `(::kvist_emulator::Call(n), f(x))` for every f that waits, itself or through others.

    n: where the call stands. found: `overloads.definitions`. Calls of methods of an object stay as they are.
    """
    bodies = _bodies(tokens, found)
    waiting = _waiting(tokens, bodies)
    replaced: dict[int, str] = {}
    ends: dict[int, int] = {}
    for begin, end in sorted({body for several in bodies.values() for body in several}):
        for index in range(begin, end):
            if tokens[index].text not in waiting or tokens[index].start in replaced:
                continue
            opening = _opening(tokens, index + 1, end)
            first = _first(tokens, index)
            if opening < 0 or first < 0:
                continue
            closing = matching(tokens, opening)
            mark = f"(::kvist_emulator::Call({tokens[index].start}u), "
            replaced[tokens[first].start] = mark + tokens[first].text
            ends[tokens[closing].start] = ends.get(tokens[closing].start, 0) + 1
    return replaced | {start: ")" * (1 + count) for start, count in ends.items()}


def _bodies(tokens: Sequence[Token], found: Sequence[Definition]) -> dict[str, list[tuple[int, int]]]:
    """The bodies of the functions by name."""
    bodies: dict[str, list[tuple[int, int]]] = {}
    for (_, end), _, (first, last) in found:
        if end > len(tokens) or tokens[end - 1].text != "}":
            continue
        opening = next((i for i in range(first + 1, last) if tokens[i].text == "("), 0)
        if opening and tokens[opening - 1].kind == "name":
            bodies.setdefault(tokens[opening - 1].text, []).append((last, end - 1))
    return bodies


def _waiting(tokens: Sequence[Token], bodies: dict[str, list[tuple[int, int]]]) -> set[str]:
    used = {
        name: {t.text for begin, end in several for t in tokens[begin:end] if t.kind == "name"}
        for name, several in bodies.items()
    }
    waiting = {name for name, words in used.items() if any(_WAITS.fullmatch(w) for w in words)}
    while more := {name for name, words in used.items() if name not in waiting and words & waiting}:
        waiting |= more
    return waiting


def _opening(tokens: Sequence[Token], index: int, end: int) -> int:
    """Index of the bracket of a call behind a name, over template arguments; -1 if it is no call."""
    depth = 0
    while index < end and (depth or tokens[index].text == "<"):
        word = tokens[index].text
        if word in (";", "{", "}"):
            return -1
        if word == "(":
            index = matching(tokens, index)
        depth += (word == "<") - (word == ">")
        index += 1
    return index if index < end and tokens[index].text == "(" else -1


def _first(tokens: Sequence[Token], index: int) -> int:
    """Index where the name of the call begins, with its namespaces; -1 for a declaration or a method."""
    while index > 1 and tokens[index - 1].text == "::" and tokens[index - 2].kind == "name":
        index -= 2
    before = tokens[index - 1]
    if before.text in (".", "::") or (before.text == ">" and tokens[index - 2].text == "-"):
        return -1
    return -1 if before.kind == "name" and before.text not in _NOT_TYPES else index
