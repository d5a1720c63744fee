"""Methods that say in which address space their object is; clang has no such methods in C++."""

from collections.abc import Iterator
from typing import NamedTuple

from kvist.metal.lint.unit import Unit
from kvist.metal.tokens import matching

SPACES = ("device", "constant", "threadgroup", "thread")
_BEHIND = ("{", ";", ":", "=", "const", "volatile", "noexcept", *SPACES)


class Method(NamedTuple):
    """`float get() const device { ... }`: the qualifier's token, the name, and the tokens of the body."""

    qualifier: int
    name: str
    space: str
    body: tuple[int, int]


def qualified_methods(unit: Unit) -> Iterator[Method]:
    """All of them; those that only are declared have an empty body."""
    for index in range(2, len(unit.tokens) - 1):
        space = unit.words[index]
        if space not in SPACES or unit.words[index + 1] not in _BEHIND:
            continue
        closing = index - 1
        while closing > 0 and unit.words[closing] in ("const", "volatile", *SPACES):
            closing -= 1
        if unit.words[closing] != ")":
            continue
        opening = _opening(unit, closing)
        name = unit.words[opening - 1] if opening else ""
        if name in ("if", "for", "while", "switch", ""):
            continue
        if not name.isidentifier() or unit.words[opening - 2] in ("operator", "::"):
            begin = opening
            while begin > 0 and unit.words[begin] not in ("operator", ";", "{", "}"):
                begin -= 1
            if unit.words[begin] != "operator":
                continue
            name = "".join(unit.words[begin:opening])
        yield Method(index, name, space, _body(unit, index))


def misplaced_call(unit: Unit, start: int, space: str) -> str:
    """The method that `a[i].b.method(...)` at `start` calls, if no method of that name is for `space`."""
    index = start + 1
    while index < len(unit.words) - 1 and unit.words[index] in ("[", ".", "-"):
        if unit.words[index] == "[":
            index = matching(unit.tokens, index) + 1
        else:
            index += 2 if unit.words[index] == "." else 3
    name = unit.words[index - 1]
    if unit.words[index : index + 1] != ["("] or index - 1 == start:
        return ""
    spaces = {m.space for m in qualified_methods(unit) if m.name == name}
    bodies = {m.body[0] for m in qualified_methods(unit) if m.name == name}
    plain = any(unit.words[f.name] == name and f.body[0] not in bodies for f in unit.functions)
    return name if spaces and space not in spaces and not plain else ""


def _opening(unit: Unit, closing: int) -> int:
    depth = 0
    for index in range(closing, -1, -1):
        depth += (unit.words[index] == ")") - (unit.words[index] == "(")
        if depth == 0:
            return index
    return 0


def _body(unit: Unit, index: int) -> tuple[int, int]:
    while index < len(unit.words) and unit.words[index] not in ("{", ";", "}"):
        index = matching(unit.tokens, index) + 1 if unit.words[index] == "(" else index + 1
    if index >= len(unit.words) or unit.words[index] != "{":
        return (index, index)
    return (index, matching(unit.tokens, index))
