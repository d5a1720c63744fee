"""A base's texts made trees: each expression parsed once, its faults as remarks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from vaultkit.bases.functions import GLOBAL, METHODS
from vaultkit.bases.model import Base, View
from vaultkit.bases.parse import parse
from vaultkit.bases.tokens import ExpressionError
from vaultkit.bases.tree import Call, Node, formulas_used, walk

MAX_FILTERS = 1_000
_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Test:
    """A filter statement; None stands for one that cannot be read and lets nothing pass."""

    node: Node | None


@dataclass(frozen=True, slots=True)
class Group:
    how: Literal["and", "or", "not"]
    parts: "tuple[Filter, ...]"


Filter = Test | Group


@dataclass
class Compiler:
    """Parses; `remarks` say what could not be."""

    remarks: list[str] = field(default_factory=list)
    _filters: int = 0

    def expression(self, source: str, where: str) -> Node | None:
        if not source.strip():
            return None
        try:
            return parse(source)
        except ExpressionError as error:
            self.remarks.append(f"{where}: {error} in `{_short(source)}`")
            return None

    def filter(self, value: Any, where: str, depth: int = 0) -> Filter | None:
        """The filter that YAML gave, None if there is none."""
        self._filters += 1
        if value is None or value == "":
            return None
        if depth > _DEPTH or self._filters > MAX_FILTERS:
            self.remarks.append(f"{where}: too many filters")
            return Test(None)
        if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("and", "or", "not"):
            how, parts = next(iter(value.items()))
            items = parts if isinstance(parts, list) else [parts]
            found = [self.filter(item, where, depth + 1) for item in items]
            return Group(how, tuple(part for part in found if part))
        if isinstance(value, list):
            return self.filter({"and": value}, where, depth + 1)
        if isinstance(value, dict):
            shown = ", ".join(str(key)[:30] for key in value)
            self.remarks.append(f"{where}: a filter has one of and, or, not, got {{{shown}}}")
            return Test(None)
        return Test(self.expression(_text(value), where))


def faults(base: Base) -> Iterator[str]:
    """What in a base's expressions cannot be read, is unknown, or goes round in a circle."""
    compiler = Compiler()
    nodes = [compiler.expression(text, f"formula {name}") for name, text in base.formulas.items()]
    formulas = dict(zip(base.formulas, nodes, strict=True))
    nodes += [compiler.expression(text, f"summary {name}") for name, text in base.summaries.items()]
    filters = [compiler.filter(base.filters, "filters")]
    filters += [compiler.filter(view.filters, f"filters of {view_name(view)}") for view in base.views]
    nodes += [node for part in filters if part for node in _tests(part)]
    found = [*compiler.remarks]
    for node in nodes:
        for part in walk(node) if node else ():
            known = GLOBAL if isinstance(part, Call) and part.of is None else METHODS
            if isinstance(part, Call) and part.name not in known:
                found.append(f"unknown function `{part.name}()`")
    found += [f"a formula refers to itself: {' → '.join(chain)}" for chain in _circles(formulas)]
    yield from dict.fromkeys(found)


def view_name(view: View) -> str:
    return f"view “{view.name}”" if view.name else "the view"


def _tests(part: Filter) -> Iterator[Node]:
    if isinstance(part, Test):
        yield from [part.node] if part.node else []
    else:
        for inner in part.parts:
            yield from _tests(inner)


def _circles(formulas: dict[str, Node | None]) -> Iterator[list[str]]:
    uses = {name: formulas_used(node) if node else set() for name, node in formulas.items()}
    for name in formulas:
        seen, waiting = {name}, sorted(uses[name])
        while waiting:
            used = waiting.pop()
            if used == name:
                yield [name, name]
                break
            if used in uses and used not in seen:
                seen.add(used)
                waiting += sorted(uses[used])


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(source: str) -> str:
    source = " ".join(source.split()).replace("`", "'")
    return source if len(source) <= 80 else source[:79] + "…"
