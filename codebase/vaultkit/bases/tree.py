"""The parts of a parsed expression."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Regexp:
    body: str
    flags: str


@dataclass(frozen=True, slots=True)
class ListOf:
    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class ObjectOf:
    items: "tuple[tuple[str, Node], ...]"


@dataclass(frozen=True, slots=True)
class Unary:
    mark: str
    of: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    mark: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Member:
    """`of.name` and `of["name"]`."""

    of: "Node"
    name: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """`name(…)`, or `of.name(…)`."""

    name: str
    arguments: "tuple[Node, ...]"
    of: "Node | None" = None


Node = Literal | Name | Regexp | ListOf | ObjectOf | Unary | Binary | Member | Call


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, without recursion."""
    waiting: list[Node] = [node]
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case ListOf(items):
                waiting += items
            case ObjectOf(pairs):
                waiting += [item for _, item in pairs]
            case Unary(_, of):
                waiting.append(of)
            case Binary(_, left, right):
                waiting += [left, right]
            case Member(of, name):
                waiting += [of, name]
            case Call(_, arguments, receiver):
                waiting += arguments
                waiting += [receiver] if receiver else []


def formulas_used(node: Node) -> set[str]:
    """Names of the formulas that an expression asks for."""
    return {
        part.name.value
        for part in walk(node)
        if isinstance(part, Member) and part.of == Name("formula") and isinstance(part.name, Literal)
    }
