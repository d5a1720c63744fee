"""Function constants: one index each, and no value of their own."""

from collections.abc import Iterator

from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Unit


def check_function_constants(unit: Unit) -> Iterator[Problem]:
    """`constant bool wide [[function_constant(0)]];`."""
    seen: dict[str, str] = {}
    for attribute in unit.attributes:
        after = unit.words[attribute.end : attribute.end + 1]
        if attribute.name.text != "function_constant" or after not in ([";"], ["="], ["{"]):
            continue
        name = unit.words[attribute.begin - 1]
        index = "".join(t.text for t in attribute.arguments)
        if after != [";"]:
            message = f"function constant {name} has a value"
            yield unit.problem(attribute.name, "function-constant", message, "the host gives it")
        if seen.setdefault(index, name) != name:
            message = f"function constant {index} is {seen[index]} already"
            yield unit.problem(attribute.name, "duplicate-index", message, "number them 0, 1, 2, ...")
