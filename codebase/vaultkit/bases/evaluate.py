"""Evaluating a tree for one file: nothing raises, everything is bounded, what cannot be done is remarked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from vaultkit.bases import functions
from vaultkit.bases.fields import field_of, file_field
from vaultkit.bases.index import Entry, Index
from vaultkit.bases.operators import binary, negative
from vaultkit.bases.patterns import pattern
from vaultkit.bases.tokens import ExpressionError
from vaultkit.bases.tree import Binary, Call, ListOf, Literal, Member, Name, Node, ObjectOf, Regexp, Unary
from vaultkit.bases.values import MAX_TEXT, File, Moment, is_number, text, truthy

MAX_DEPTH = 100  # of evaluation, formulas within formulas included
CELL_STEPS = 20_000
VIEW_STEPS = 5_000_000


class Stop(Exception):
    """An evaluation that went beyond its bounds; its value is null."""


@dataclass
class Session:
    """What all evaluations of one view share; `remarks` are for the reader, each once, in order."""

    index: Index
    formulas: dict[str, Node | None]
    today: date
    this: str = ""
    remarks: dict[str, None] = field(default_factory=dict)
    dated: bool = False
    steps: int = VIEW_STEPS

    def remark(self, message: str) -> None:
        if len(self.remarks) < 20:
            self.remarks[message] = None


@dataclass
class Evaluator:
    """Evaluates for one file; `names` are the variables of `map`, `filter`, `reduce` and summaries."""

    session: Session
    entry: Entry
    names: dict[str, Any] = field(default_factory=dict)
    steps: int = CELL_STEPS
    depth: int = 0
    open_formulas: tuple[str, ...] = ()

    @property
    def index(self) -> Index:
        return self.session.index

    def evaluate(self, node: Node | None) -> Any:
        """The value of a whole expression."""
        self.steps, self.depth = CELL_STEPS, 0
        try:
            return self.value(node) if node else None
        except Stop as stop:
            self.session.remark(str(stop))
        except RecursionError:
            self.session.remark("an expression is nested too deeply")
        return None

    def charge(self, steps: int) -> None:
        """Count work; Stop when it is too much."""
        self.steps -= steps
        self.session.steps -= steps
        if self.steps < 0 or self.session.steps < 0:
            raise Stop("an expression was stopped: it takes too long")

    def value(self, node: Node) -> Any:
        self.charge(1)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Stop("an expression is nested too deeply")
        result = self._value(node)
        self.depth -= 1
        if isinstance(result, str) and len(result) > MAX_TEXT:
            raise Stop("a text is too long")
        return result

    def _value(self, node: Node) -> Any:
        match node:
            case Literal(value):
                return value
            case Name(name):
                return self.named(name)
            case ListOf(items):
                return self.sized([self.value(item) for item in items])
            case ObjectOf(pairs):
                return self.sized({key: self.value(item) for key, item in pairs})
            case Unary(mark, of):
                return not truthy(self.value(of)) if mark == "!" else negative(self.value(of), mark)
            case Binary(mark, left, right):
                return self.binary(mark, left, right)
            case Member(of, name):
                return self.member(of, self.value(name))
            case Call(name, arguments, of):
                return self.call(name, arguments, of)
            case Regexp(body, flags):
                return self.pattern(body, flags)
        return None

    def named(self, name: str) -> Any:
        if name in self.names:
            return self.names[name]
        if name == "file":
            return File(self.entry.path)
        if name == "this":
            return File(self.session.this) if self.session.this else None
        if name in ("note", "properties"):
            return self.entry.properties
        return self.entry.properties.find(name)

    def member(self, of: Node, name: Any) -> Any:
        if of == Name("formula") and "formula" not in self.names:
            return self.formula(text(name))
        value = self.value(of)
        if isinstance(value, File) and of == Name("this") and name not in ("file",):
            return self.of_this(value, text(name))
        if isinstance(value, File) and isinstance(name, str):
            self.charge(5)
            return file_field(self.index, value, name)
        if isinstance(value, list) and is_number(name):
            return value[int(name)] if 0 <= name < len(value) else None
        return field_of(value, name)

    def of_this(self, this: File, name: str) -> Any:
        """`this.file`, `this.note.x`, and `this.x` for a property."""
        entry = self.index.entries.get(this.path)
        found = entry.properties.find(name) if entry else None
        if found is None and name in ("note", "properties"):
            return entry.properties if entry else None
        return file_field(self.index, this, name) if found is None else found

    def formula(self, name: str) -> Any:
        found = next((key for key in self.session.formulas if key.lower() == name.lower()), None)
        if found is None:
            self.session.remark(f"there is no formula `{name[:60]}`")
            return None
        if found in self.open_formulas:
            chain = " → ".join([*self.open_formulas[self.open_formulas.index(found) :], found])
            self.session.remark(f"a formula refers to itself: {chain}")
            return None
        node = self.session.formulas[found]
        before, names = self.open_formulas, self.names
        self.open_formulas, self.names = (*before, found), {}
        try:
            return self.value(node) if node else None
        finally:
            self.open_formulas, self.names = before, names

    def binary(self, mark: str, left: Node, right: Node) -> Any:
        first = self.value(left)
        if mark in ("&&", "||"):
            return truthy(self.value(right)) if truthy(first) == (mark == "&&") else mark == "||"
        second = self.value(right)
        if isinstance(first, (list, dict)) or isinstance(second, (list, dict)):
            self.charge(100)
        return binary(mark, first, second)

    def call(self, name: str, arguments: tuple[Node, ...], of: Node | None) -> Any:
        if of is None:
            function = functions.GLOBAL.get(name)
            if function is None:
                self.session.remark(f"unknown function `{name[:60]}()`")
                return None
            return function(self, None, arguments)
        receiver = self.value(of)
        function = functions.method(name, receiver)
        if function is None:
            if name not in functions.METHODS:
                self.session.remark(f"unknown function `{name[:60]}()`")
            return None
        return function(self, receiver, arguments)

    def pattern(self, body: str, flags: str) -> Any:
        try:
            return pattern(body, flags)
        except ExpressionError as error:
            self.session.remark(str(error))
            return None

    def sized(self, value: Any) -> Any:
        """The value, its size counted as work, so that no list grows without end."""
        self.charge(_weight(value))
        return value

    def each(self, items: list[Any], node: Node, **more: Any) -> Callable[[], Any]:
        """Evaluates `node` for the next item at each call, with `value` and `index` set."""
        rest = iter(enumerate(items))

        def step() -> Any:
            position, item = next(rest)
            before = self.names
            self.names = {**before, "value": item, "index": position, **more}
            try:
                return self.value(node)
            finally:
                self.names = before

        return step

    def now(self) -> Moment:
        """The day of the build, from midnight: the same vault gives the same pages all day."""
        self.session.dated = True
        return Moment(datetime(self.session.today.year, self.session.today.month, self.session.today.day))


def _weight(value: Any) -> int:
    """How many parts a nested value has, counted up to what one evaluation may cost."""
    waiting, count = [value], 0
    while waiting and count <= CELL_STEPS:
        part = waiting.pop()
        count += 1
        if isinstance(part, (list, dict)):
            waiting += part.values() if isinstance(part, dict) else part
    return count
