"""Functions that reach themselves."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from kvist.metal.lint.names import FUNCTIONS
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Function, Unit


def check_recursion(unit: Unit) -> Iterator[Problem]:
    """No function calls itself, directly or through others.

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
                token = unit.tokens[own[name].name]
                hint = "use a loop: recursion is for kernels alone, since Metal 2.4"
                yield replace(
                    unit.problem(token, "recursion", f"{name} calls {how}", hint), severity="warning"
                )
                finished.update(ring)
                break
            elif name not in finished:
                trail.append(name)
                pending.append(iter(calls[name]))


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
