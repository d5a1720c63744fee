"""Functions that reach themselves."""

from collections import Counter
from collections.abc import Iterator

from kvist.metal.lint.names import FUNCTIONS
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Function, Unit
from kvist.metal.tokens import Token


def check_recursion(unit: Unit) -> Iterator[Problem]:
    """No function that a vertex, fragment, mesh or object function needs calls itself.

    Kernels may recurse since Metal 2.4 (Metal Shading Language Specification, "Restrictions" of "Metal and
    C++14"), with `maxCallStackDepth` for calls through pointers: `recursions` has those for a note.
    """
    for name, how, token, graphics in recursions(unit):
        if graphics:
            hint = "use a loop: recursion is for kernels alone, since Metal 2.4"
            yield unit.problem(token, "recursion", f"{name} calls {how}", hint)


def recursions(unit: Unit) -> Iterator[tuple[str, str, Token, bool]]:
    """(name, what it calls, where, whether graphics need it) of functions that call themselves.

    Told by names, so functions with several definitions, those that share a name with the library, methods,
    and what may end at compile time (constexpr functions, calls with template arguments as `f<N - 1>()`) are
    left out.
    """
    counts = Counter(unit.words[f.name] for f in unit.functions)
    own = {
        unit.words[f.name]: f
        for f in unit.functions
        if counts[unit.words[f.name]] == 1 and not f.scope.startswith("class") and not _constexpr(unit, f)
    }
    own = {name: f for name, f in own.items() if name not in FUNCTIONS}
    calls = {name: _calls(unit, f, own.keys()) for name, f in own.items()}
    graphics = _reached(calls, [name for name, f in own.items() if _is_graphics(unit, f)])
    finished: set[str] = set()
    for start in own:
        trail = [start]
        pending = [iter(calls[start])]
        while pending and start not in finished:
            name = next(pending[-1], None)
            if name is None:
                pending.pop()
                finished.add(trail.pop())
            elif name in trail:
                ring = [*trail[trail.index(name) :], name]
                how = "itself" if len(ring) == 2 else f"itself through {', '.join(ring[1:-1])}"
                yield name, how, unit.tokens[own[name].name], name in graphics
                finished.update(ring)
                break
            elif name not in finished:
                trail.append(name)
                pending.append(iter(calls[name]))


def _is_graphics(unit: Unit, function: Function) -> bool:
    head = unit.words[function.start : function.name]
    return any(word in ("vertex", "fragment", "mesh", "object") for word in head)


def _reached(calls: dict[str, list[str]], start: list[str]) -> set[str]:
    found, waiting = set(start), list(start)
    while waiting:
        fresh = [name for name in calls[waiting.pop()] if name not in found]
        found.update(fresh)
        waiting += fresh
    return found


def _constexpr(unit: Unit, function: Function) -> bool:
    return "constexpr" in unit.words[function.start : function.name]


def _calls(unit: Unit, function: Function, names: object) -> list[str]:
    found = []
    begin, end = function.body
    for index in range(begin, end):
        word = unit.words[index]
        if word in names and unit.words[index + 1] == "(":  # type: ignore[operator]
            before = unit.tokens[index - 1]
            declared = before.kind == "name" and before.text not in ("return", "else", "do", "case")
            if before.text not in (".", "::", ">") and not declared:
                found.append(word)
    return list(dict.fromkeys(found))
