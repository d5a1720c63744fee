"""A base as its file declares it."""

from dataclasses import dataclass, field
from typing import Any

from vaultkit.errors import Problem

# What Obsidian's own views are; others come from plugins.
DRAWN = ("table", "cards", "list")


@dataclass(frozen=True, slots=True)
class Order:
    """A property to sort or group by."""

    property: str
    descending: bool = False


@dataclass(slots=True)
class View:
    """One view; `raw` is its whole mapping, with keys that only some views know."""

    type: str = "table"
    name: str = ""
    filters: Any = None
    order: list[str] = field(default_factory=list)
    sort: list[Order] = field(default_factory=list)
    group: Order | None = None
    limit: int | None = None
    summaries: dict[str, str] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Base:
    """`labels` are display names by property; `problems` say what in the file could not be read."""

    path: str
    filters: Any = None
    formulas: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    summaries: dict[str, str] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def view(self, name: str) -> View | None:
        """The view of this name, whatever its case."""
        wanted = name.strip().lower()
        return next((view for view in self.views if view.name.strip().lower() == wanted), None)


def property_id(name: str) -> str:
    """One spelling of a property: `note.x` is `x`, `formula.x` and `file.x` stay; `note["x y"]` is `x y`."""
    name = name.strip()
    for kind in ("note", "formula", "file"):
        for quote in "\"'":
            if name.startswith(f"{kind}[{quote}") and name.endswith(f"{quote}]"):
                name = f"{kind}.{name[len(kind) + 2 : -2]}"
    return name.removeprefix("note.")
