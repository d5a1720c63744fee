"""Summaries of a column: Obsidian's own by name, a base's own as expressions over `values`."""

import math
from collections.abc import Callable
from typing import Any

from vaultkit.bases.functions.numbers import rounded
from vaultkit.bases.values import Moment, is_empty, is_number, number, text

Values = list[Any]


def _numbers(values: Values) -> list[float]:
    return [float(value) for value in values if is_number(value)]


def _over(function: Callable[[list[float]], float]) -> Callable[[Values], Any]:
    """A function of the numbers among the values; null if there are none."""

    def summary(values: Values) -> Any:
        numbers = _numbers(values)
        if not numbers:
            return None
        try:
            return rounded(function(numbers), 6)
        except OverflowError:
            return None

    return summary


def _median(numbers: list[float]) -> float:
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _deviation(numbers: list[float]) -> float:
    """Of the whole population."""
    mean = sum(numbers) / len(numbers)
    return math.sqrt(sum((value - mean) ** 2 for value in numbers) / len(numbers))


def _dates(values: Values) -> list[Moment]:
    return sorted((value for value in values if isinstance(value, Moment)), key=lambda moment: moment.when)


def _range(values: Values) -> Any:
    dates = _dates(values)
    if dates:
        return f"{(dates[-1].when - dates[0].when).days} days"
    return _over(lambda numbers: max(numbers) - min(numbers))(values)


def _extreme(which: int) -> Callable[[Values], Any]:
    def summary(values: Values) -> Any:
        dates = _dates(values)
        return dates[which] if dates else None

    return summary


BUILT_IN: dict[str, Callable[[Values], Any]] = {
    "average": _over(lambda numbers: sum(numbers) / len(numbers)),
    "sum": _over(sum),
    "min": _over(min),
    "max": _over(max),
    "range": _range,
    "median": _over(_median),
    "stddev": _over(_deviation),
    "earliest": _extreme(0),
    "latest": _extreme(-1),
    "checked": lambda values: sum(value is True for value in values),
    "unchecked": lambda values: sum(value is False for value in values),
    "empty": lambda values: sum(is_empty(value) for value in values),
    "filled": lambda values: sum(not is_empty(value) for value in values),
    "unique": lambda values: len({text(value) for value in values if not is_empty(value)}),
    "count": lambda values: number(len(values)),
}
