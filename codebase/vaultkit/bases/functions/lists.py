"""Functions of lists and of objects."""

from typing import Any

from vaultkit.bases.functions.common import Evaluator, Function, strict
from vaultkit.bases.tree import Node
from vaultkit.bases.values import MAX_TEXT, equal, is_number, number, order_key, text, truthy


def _has(evaluator: Evaluator, items: list[Any], value: Any) -> bool:
    evaluator.charge(len(items))
    return any(equal(item, value) for item in items)


def _map(evaluator: Evaluator, items: list[Any], arguments: tuple[Node, ...]) -> Any:
    if not arguments:
        return None
    step = evaluator.each(items, arguments[0])
    return evaluator.sized([step() for _ in items])


def _filter(evaluator: Evaluator, items: list[Any], arguments: tuple[Node, ...]) -> Any:
    if not arguments:
        return None
    step = evaluator.each(items, arguments[0])
    return [item for item in items if truthy(step())]


def _reduce(evaluator: Evaluator, items: list[Any], arguments: tuple[Node, ...]) -> Any:
    if not arguments:
        return None
    total = evaluator.value(arguments[1]) if len(arguments) > 1 else None
    for position, item in enumerate(items):
        total = evaluator.each([item], arguments[0], index=position, acc=total)()
        evaluator.sized(total)
    return total


def _flat(evaluator: Evaluator, items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        found += item if isinstance(item, list) else [item]
    return list(evaluator.sized(found))


def _unique(evaluator: Evaluator, items: list[Any]) -> list[Any]:
    found: dict[tuple[str, str], Any] = {}
    for item in items:
        found.setdefault((type(item).__name__, getattr(item, "path", None) or text(item)), item)
    evaluator.charge(len(items))
    return list(found.values())


def _join(evaluator: Evaluator, items: list[Any], separator: Any = ",") -> Any:
    evaluator.charge(len(items))
    joined = text(separator).join(text(item) for item in items[:10_000])
    return joined[: MAX_TEXT + 1]


def _slice(_: Evaluator, items: list[Any], start: Any = 0, end: Any = None) -> list[Any]:
    first = int(start) if is_number(start) else 0
    return items[first : int(end)] if is_number(end) else items[first:]


def _numbers(items: list[Any]) -> list[float]:
    return [item for item in items if is_number(item)]


def _mean(_: Evaluator, items: list[Any]) -> Any:
    values = _numbers(items)
    return number(sum(map(float, values)) / len(values)) if values else None


LIST: dict[str, Function] = {
    "contains": strict(_has),
    "containsAll": strict(lambda e, items, *values: all(_has(e, items, value) for value in values)),
    "containsAny": strict(lambda e, items, *values: any(_has(e, items, value) for value in values)),
    "filter": _filter,
    "map": _map,
    "reduce": _reduce,
    "flat": strict(_flat),
    "join": strict(_join),
    "reverse": strict(lambda _, items: items[::-1]),
    "slice": strict(_slice),
    "sort": strict(lambda _, items: sorted(items, key=order_key)),
    "unique": strict(_unique),
    "sum": strict(lambda _, items: number(sum(map(float, _numbers(items))))),
    "mean": strict(_mean),
    "average": strict(_mean),
    "min": strict(lambda _, items: min(_numbers(items), default=None)),
    "max": strict(lambda _, items: max(_numbers(items), default=None)),
}
OBJECT: dict[str, Function] = {
    "keys": strict(lambda _, value: list(value)),
    "values": strict(lambda _, value: list(value.values())),
}

__all__ = ["LIST", "OBJECT"]
