"""How functions are written: `strict` ones get their arguments as values, the others as trees."""

from collections.abc import Callable
from typing import Any, Protocol

from vaultkit.bases.index import Entry, Index
from vaultkit.bases.tree import Node
from vaultkit.bases.values import Moment


class Session(Protocol):
    @property
    def this(self) -> str: ...
    def remark(self, message: str) -> None: ...


class Evaluator(Protocol):
    """What functions ask of the evaluator."""

    entry: Entry

    @property
    def index(self) -> Index: ...
    @property
    def session(self) -> Any: ...
    def value(self, node: Node) -> Any: ...
    def charge(self, steps: int) -> None: ...
    def sized(self, value: Any) -> Any: ...
    def each(self, items: list[Any], node: Node, **more: Any) -> Callable[[], Any]: ...
    def now(self) -> Moment: ...


Function = Callable[[Evaluator, Any, tuple[Node, ...]], Any]


def strict(function: Callable[..., Any]) -> Function:
    """`function(evaluator, receiver, *values)`; too few or too many arguments give null."""
    code = function.__code__
    most = 99 if code.co_flags & 4 else code.co_argcount - 2
    least = code.co_argcount - 2 - len(function.__defaults__ or ())

    def call(evaluator: Evaluator, receiver: Any, arguments: tuple[Node, ...]) -> Any:
        values = [evaluator.value(argument) for argument in arguments][:most]
        return function(evaluator, receiver, *values) if len(values) >= least else None

    return call
