"""C-style casts from one address space to another, which clang lets pass."""

from collections.abc import Iterator

from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Function, Unit
from kvist.metal.tokens import matching

_SPACES = ("device", "constant", "threadgroup", "thread")


def check_casts(unit: Unit) -> Iterator[Problem]:
    """`(threadgroup float*)y` and `(threadgroup float*)&y[i]` of a y in another address space."""
    for function in unit.functions:
        spaces = _declared(unit, function)
        for index in range(*function.body):
            if (
                unit.words[index] != "("
                or index in unit.in_attribute
                or unit.tokens[index - 1].kind == "name"
            ):
                continue
            closing = matching(unit.tokens, index)
            target = [w for w in unit.words[index + 1 : closing] if w in _SPACES]
            if len(target) != 1 or unit.words[closing - 1] != "*":
                continue
            name = closing + 1
            taken = unit.words[name] == "&"
            name += taken
            if name >= function.body[1]:
                continue
            after = name + 1
            while taken and unit.words[after] == "[":
                after = matching(unit.tokens, after) + 1
            if unit.words[after] in (".", "(", "[", "::") or unit.words[after : after + 2] == ["-", ">"]:
                continue
            known = spaces.get(unit.words[name], set())
            if len(known) == 1 and target[0] not in known:
                message = f"a cast of {unit.words[name]} from {min(known)} to {target[0]} memory"
                hint = "the pointer keeps the address space it was made with; copy the values"
                yield unit.problem(unit.tokens[index], "address-space", message, hint)


def _declared(unit: Unit, function: Function) -> dict[str, set[str]]:
    """The address spaces of a function's pointers, references and threadgroup arrays, by name."""
    found: dict[str, set[str]] = {}
    for index in range(function.parameters[0] + 1, function.body[1]):
        before, after = unit.words[index - 1], unit.words[index + 1]
        if unit.tokens[index].kind != "name" or index in unit.in_attribute or unit.words[index] in _SPACES:
            continue
        if before not in ("*", "&") and not (after == "[" and unit.tokens[index - 1].kind == "name"):
            continue
        start = index
        while start > function.parameters[0] + 1 and unit.words[start - 1] not in "(),;{}=":
            start -= 1
        words = unit.words[start:index]
        spaces = [w for w in words if w in _SPACES]
        if words.count("*") + words.count("&") > 1 or not words or words[0] == "*":
            found.setdefault(unit.words[index], set()).update(("", "several") if len(words) > 1 else ())
        elif len(spaces) == 1 and words[0] in (*_SPACES, "const", "volatile"):
            found.setdefault(unit.words[index], set()).add(spaces[0])
        elif unit.tokens[start].kind == "name" and len(words) > 1:
            found.setdefault(unit.words[index], set()).update(("", "unknown"))
    return found
