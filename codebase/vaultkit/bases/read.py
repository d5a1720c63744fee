"""Reading a `.base` file or a `base` code block. What is wrong becomes a problem; the rest is read."""

from collections.abc import Iterator
from typing import Any

from vaultkit.bases.model import Base, Order, View, property_id
from vaultkit.bases.yaml_text import load
from vaultkit.errors import Problem

_KEYS = {"filters", "formulas", "properties", "display", "summaries", "views"}
CODE = "base"


def read_base(path: str, text: str, first_line: int = 1) -> Base:
    """The base in `text`; its problems are at lines counted from `first_line` of the file `path`."""
    base = Base(path)
    loaded = load(text.removeprefix("\ufeff"))
    if loaded.wrong:
        line = loaded.line + first_line - 1
        base.problems.append(Problem(path, line, CODE, f"the base {loaded.wrong}", "quote texts with : or #"))
        return base
    data = loaded.value if loaded.value is not None else {}
    reader = _Reader(base, text, first_line)
    if not isinstance(data, dict):
        reader.report("", f"a base needs keys such as `views`, got a {type(data).__name__}")
        return base
    reader.read(data)
    return base


class _Reader:
    def __init__(self, base: Base, text: str, first_line: int) -> None:
        self.base = base
        self.lines = text.splitlines()
        self.first_line = first_line

    def report(self, key: str, message: str, hint: str = "") -> None:
        severity = "error" if not key or key in _KEYS or key.split("[")[0] in _KEYS else "warning"
        place = self.line(key.split("[")[0].split(".")[0])
        self.base.problems.append(Problem(self.base.path, place, CODE, message, hint, severity))  # type: ignore[arg-type]

    def line(self, key: str) -> int:
        found = (n for n, line in enumerate(self.lines) if key and line.startswith(f"{key}:"))
        return next(found, 0) + self.first_line

    def read(self, data: dict[Any, Any]) -> None:
        base = self.base
        for key in data:
            if str(key) not in _KEYS:
                hint = f"Obsidian knows {', '.join(sorted(_KEYS - {'display'}))}"
                self.report(str(key), f"unknown key `{key}`", hint)
        base.filters = data.get("filters")
        base.formulas = self.texts(data, "formulas")
        base.summaries = self.texts(data, "summaries")
        for name, settings in self.mapping(data, "properties").items():
            label = settings.get("displayName") if isinstance(settings, dict) else None
            if label is not None:
                base.labels[property_id(str(name))] = str(label)
        for name, label in self.mapping(data, "display").items():  # the key of the first public versions
            base.labels.setdefault(property_id(str(name)), str(label))
        views = data.get("views")
        if views is not None and not isinstance(views, list):
            self.report("views", f"`views` needs a list, got a {type(views).__name__}")
        for position, view in enumerate(views if isinstance(views, list) else []):
            if isinstance(view, dict):
                base.views.append(self.view(view, position))
            else:
                self.report(f"views[{position}]", f"views[{position}] needs keys such as `type` and `name`")
        base.views = base.views or [View(name="")]

    def mapping(self, data: dict[Any, Any], key: str) -> dict[Any, Any]:
        value = data.get(key)
        if value is not None and not isinstance(value, dict):
            self.report(key, f"`{key}` needs keys and values, got a {type(value).__name__}")
        return value if isinstance(value, dict) else {}

    def texts(self, data: dict[Any, Any], key: str) -> dict[str, str]:
        return {str(name): _text(value) for name, value in self.mapping(data, key).items()}

    def view(self, data: dict[Any, Any], position: int) -> View:
        where = f"views[{position}]"
        view = View(raw={str(key): value for key, value in data.items()}, filters=data.get("filters"))
        view.type = str(data.get("type") or "table").strip().lower()
        view.name = str(data.get("name") if data.get("name") is not None else "")
        order = data.get("order")
        if isinstance(order, list):
            view.order = [property_id(str(item)) for item in order if item is not None]
        elif order is not None:
            self.report(where, f"{where}.order needs a list of properties")
        view.sort = [o for item in _items(data.get("sort")) if (o := _order(item))]
        view.group = _order(data.get("groupBy"))
        if data.get("groupBy") is not None and view.group is None:
            self.report(where, f"{where}.groupBy needs a property")
        limit = data.get("limit")
        if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
            view.limit = limit
        elif limit not in (None, 0):
            self.report(where, f"{where}.limit needs a number of rows")
        summaries = data.get("summaries")
        if isinstance(summaries, dict):
            view.summaries = {property_id(str(key)): str(value) for key, value in summaries.items()}
        return view


def _text(value: Any) -> str:
    """An expression as YAML gave it: `true`, `5` and null are expressions too."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _items(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else [value] if value is not None else []


def _order(value: Any) -> Order | None:
    """`{property, direction}`, or a property alone."""
    if isinstance(value, str) and value.strip():
        return Order(property_id(value))
    if isinstance(value, dict):
        name = value.get("property", value.get("column"))
        if isinstance(name, str) and name.strip():
            return Order(property_id(name), str(value.get("direction", "")).strip().upper() == "DESC")
    return None
