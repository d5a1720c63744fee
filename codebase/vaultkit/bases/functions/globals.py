"""Functions that stand alone: `if()`, `list()`, `link()`, `date()` …"""

import html
from typing import Any

from vaultkit.bases.dates import duration_of, milliseconds
from vaultkit.bases.functions.common import Evaluator, Function, strict
from vaultkit.bases.functions.files import path_of
from vaultkit.bases.tree import Node
from vaultkit.bases.values import (
    Duration,
    File,
    Link,
    Moment,
    Shown,
    is_number,
    moment_of,
    number,
    text,
    truthy,
)  # fmt: skip


def _if(evaluator: Evaluator, _: Any, arguments: tuple[Node, ...]) -> Any:
    if not arguments:
        return None
    chosen = 1 if truthy(evaluator.value(arguments[0])) else 2
    return evaluator.value(arguments[chosen]) if chosen < len(arguments) else None


def _date(_: Evaluator, __: Any, value: Any) -> Moment | None:
    return value if isinstance(value, Moment) else moment_of(value) if isinstance(value, str) else None


def _today(evaluator: Evaluator, _: Any) -> Moment:
    return Moment(evaluator.now().when, False)


def _number(_: Evaluator, __: Any, value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Moment):
        return number(milliseconds(value))
    if isinstance(value, str):
        try:
            return number(float(value.strip())) if "_" not in value else None
        except ValueError:
            return None
    return value if is_number(value) else None


def _duration(_: Evaluator, __: Any, value: Any) -> Duration | None:
    return value if isinstance(value, Duration) else duration_of(value) if isinstance(value, str) else None


def _file(evaluator: Evaluator, _: Any, value: Any) -> File | None:
    path = path_of(evaluator, value)
    return File(path) if path else None


def _link(evaluator: Evaluator, _: Any, value: Any, display: Any = None) -> Link | None:
    if value is None:
        return None
    if isinstance(value, (File, Link)):
        shown = text(display) or (value.display if isinstance(value, Link) else "")
        return Link(value.path or text(value), shown, value.path)
    return evaluator.index.link(text(value), evaluator.entry.path, text(display))


def _list(_: Evaluator, __: Any, value: Any = None) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _numbers(values: tuple[Any, ...]) -> list[Any]:
    flat = [part for value in values for part in (value if isinstance(value, list) else [value])]
    return [value for value in flat if is_number(value)]


def _as_text(evaluator: Evaluator, kind: str, value: Any) -> Shown:
    """HTML and icons of a vault are shown as their text: pages hold no markup but the site's own."""
    evaluator.session.remark(f"`{kind}()` is shown as its text here")
    return Shown(kind, text(value))


GLOBAL: dict[str, Function] = {
    "if": _if,
    "date": strict(_date),
    "duration": strict(_duration),
    "escapeHTML": strict(lambda _, __, value: html.escape(text(value))),
    "file": strict(_file),
    "html": strict(lambda evaluator, _, value: _as_text(evaluator, "html", value)),
    "icon": strict(lambda evaluator, _, value: _as_text(evaluator, "icon", value)),
    "image": strict(lambda _, __, value: Shown("image", value) if value is not None else None),
    "link": strict(_link),
    "list": strict(_list),
    "max": strict(lambda _, __, *values: max(_numbers(values), default=None)),
    "min": strict(lambda _, __, *values: min(_numbers(values), default=None)),
    "now": strict(lambda evaluator, _: evaluator.now()),
    "today": strict(_today),
    "number": strict(_number),
}
