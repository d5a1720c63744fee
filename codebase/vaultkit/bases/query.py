"""A view's answer: which files, in which order and groups, with which cells and summaries."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from vaultkit.bases.compile import Compiler, Filter, Test
from vaultkit.bases.evaluate import Evaluator, Session
from vaultkit.bases.fields import file_field
from vaultkit.bases.index import Entry, Index
from vaultkit.bases.model import DRAWN, Base, Order, View, property_id
from vaultkit.bases.summaries import BUILT_IN
from vaultkit.bases.tree import Literal, Member, Name, Node
from vaultkit.bases.values import File, is_empty, order_key, text, truthy


@dataclass(slots=True)
class Column:
    id: str
    label: str


@dataclass(slots=True)
class Row:
    entry: Entry
    cells: list[Any]
    cover: Any = None


@dataclass(slots=True)
class Rows:
    """A group of rows; `key` is what they share, `columns` the summaries under each column."""

    key: Any
    rows: list[Row]
    summaries: dict[str, tuple[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Answer:
    """`groups` has one entry when the view does not group; `total` counts what the limit cut too."""

    view: View
    columns: list[Column]
    groups: list[Rows]
    total: int
    remarks: list[str]
    dated: bool = False


def answer(base: Base, view: View, index: Index, today: date, this: str = "") -> Answer:
    """What `view` shows; `this` is the file that stands behind the word `this`. Never raises."""
    return _Query(base, view, index, today, this).run()


class _Query:
    def __init__(self, base: Base, view: View, index: Index, today: date, this: str) -> None:
        self.base, self.view, self.index = base, view, index
        self.compiler = Compiler()
        formulas = {
            name: self.compiler.expression(source, f"formula {name}")
            for name, source in base.formulas.items()
        }
        self.session = Session(index, formulas, today, this or base.path)
        filters = [base.filters, view.filters]
        self.filters = [f for value in filters if (f := self.compiler.filter(value, "filters"))]
        self.nodes: dict[str, Node] = {}

    def run(self) -> Answer:
        view = self.view
        for remark in self.compiler.remarks:
            self.session.remark(remark)
        if view.type not in DRAWN:
            self.session.remark(f"a view of type `{view.type[:40]}` is shown as a table here")
        found = [entry for entry in self.index.entries.values() if self.passes(entry)]
        total = len(found)
        found = self.ordered(found)[: view.limit]
        columns = [Column(name, self.label(name)) for name in dict.fromkeys(view.order or ["file.name"])]
        image = property_id(str(view.raw["image"])) if view.type == "cards" and view.raw.get("image") else ""
        rows = [
            Row(entry, [self.of(entry, c.id) for c in columns], self.of(entry, image) if image else None)
            for entry in found
        ]
        groups = self.grouped(rows, columns)
        return Answer(view, columns, groups, total, list(self.session.remarks), self.session.dated)

    def passes(self, entry: Entry) -> bool:
        evaluator = Evaluator(self.session, entry)
        return all(self.test(part, evaluator) for part in self.filters)

    def test(self, part: Filter, evaluator: Evaluator) -> bool:
        if isinstance(part, Test):
            return truthy(evaluator.evaluate(part.node))
        if part.how == "and":
            return all(self.test(inner, evaluator) for inner in part.parts)
        found = any(self.test(inner, evaluator) for inner in part.parts)
        return found if part.how == "or" and part.parts else not found

    def of(self, entry: Entry, name: str) -> Any:
        """The value of a column; `file.name` is the file itself, shown as a link."""
        kind, _, rest = name.partition(".")
        if name in ("file.name", "file.file", "file"):
            return File(entry.path)
        if kind == "file":
            return file_field(self.index, File(entry.path), rest)
        if kind == "formula":
            node = self.nodes.setdefault(name, Member(Name("formula"), Literal(rest)))
            return Evaluator(self.session, entry).evaluate(node)
        return entry.properties.find(name)

    def label(self, name: str) -> str:
        label = self.base.labels.get(name)
        return name.removeprefix("formula.").removeprefix("file.") if label is None else label

    def ordered(self, entries: list[Entry]) -> list[Entry]:
        """By the view's sort, what is empty last; files of equal rank by name."""
        entries = sorted(entries, key=lambda entry: (order_key(entry.basename), entry.path))
        for order in reversed(self.view.sort):
            values = {entry.path: self.sortable(entry, order) for entry in entries}
            full = [entry for entry in entries if not is_empty(values[entry.path])]
            empty = [entry for entry in entries if is_empty(values[entry.path])]
            full.sort(key=lambda entry: order_key(values[entry.path]), reverse=order.descending)
            entries = full + empty
        return entries

    def sortable(self, entry: Entry, order: Order) -> Any:
        value = self.of(entry, order.property)
        return entry.basename if isinstance(value, File) else value

    def grouped(self, rows: list[Row], columns: list[Column]) -> list[Rows]:
        order = self.view.group
        if order is None:
            return [Rows(None, rows, self.summaries(rows, columns))]
        groups: dict[str, Rows] = {}
        for row in rows:
            key = self.of(row.entry, order.property)
            groups.setdefault("" if is_empty(key) else text(key), Rows(key, [])).rows.append(row)
        full = [group for name, group in groups.items() if name]
        full.sort(key=lambda group: order_key(group.key), reverse=order.descending)
        found = full + [group for name, group in groups.items() if not name]
        for group in found:
            group.summaries = self.summaries(group.rows, columns)
        return found

    def summaries(self, rows: list[Row], columns: list[Column]) -> dict[str, tuple[str, Any]]:
        """(name, value) by column."""
        found: dict[str, tuple[str, Any]] = {}
        for position, column in enumerate(columns):
            name = self.view.summaries.get(column.id)
            if name:
                found[column.id] = (name, self.summary(name, [row.cells[position] for row in rows], rows))
        return found

    def summary(self, name: str, values: list[Any], rows: list[Row]) -> Any:
        own = next((text_ for key, text_ in self.base.summaries.items() if key.lower() == name.lower()), None)
        if own is not None:
            node = self.compiler.expression(own, f"summary {name}")
            entry = rows[0].entry if rows else Entry(self.base.path)
            return Evaluator(self.session, entry, {"values": values}).evaluate(node)
        if name.lower() not in BUILT_IN:
            self.session.remark(f"unknown summary `{name[:40]}`")
            return None
        return BUILT_IN[name.lower()](values)
