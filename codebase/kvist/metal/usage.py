"""Which function constants a kernel needs: those that it or a function it calls mentions."""

from collections.abc import Mapping

from kvist.errors import KvistError
from kvist.metal.frontend import KernelFunction, Module
from kvist.metal.overloads import definitions
from kvist.metal.tokens import Token, significant, tokenize


def require_constants(module: Module, kernel: KernelFunction, values: Mapping[str, str], where: str) -> None:
    """Raise KvistError for a function constant that the kernel uses and nobody gave.

    One that the source asks about (`is_function_constant_defined`) may be left out. One that only a method of
    a class uses is not missed, and is zero.
    """
    missing = [c for c in module.constants if c.name not in values]
    if not missing:
        return
    tokens = significant(tokenize(module.text))
    asked = {
        tokens[i + 2].text for i, t in enumerate(tokens[:-2]) if t.text == "is_function_constant_defined"
    }
    used = _mentioned(tokens, kernel)
    needed = [c for c in missing if c.name in used and c.name not in asked]
    if needed:
        listed = ", ".join(f"{c.name} ({c.type_name}, index {c.index})" for c in needed)
        raise KvistError(
            where, f"values for function constants {listed}", "none", "constants={'name': value}"
        )


def _mentioned(tokens: list[Token], kernel: KernelFunction) -> set[str]:
    """Names in the kernel and in every function that it reaches."""
    bodies: dict[str, list[set[str]]] = {}
    for (start, end), scope, (first, last) in definitions(tokens, 0, len(tokens), ""):
        head = tokens[first:last]
        members = scope.startswith("class") or head[-1].text != ")"  # names of methods say too little
        if members or any(t.text == "kernel" for t in head):
            continue
        names = {t.text for t in tokens[start:end] if t.kind == "name"}
        called = next((i for i, t in enumerate(head) if t.text == "(" and i), len(head))
        bodies.setdefault(head[called - 1].text, []).append(names)
    found = {t.text for t in tokens if t.kind == "name" and kernel.start <= t.start < kernel.end}
    frontier = set(found)
    while frontier:
        reached = {name for word in frontier for names in bodies.get(word, ()) for name in names}
        frontier = reached - found
        found |= frontier
    return found
