"""The operators. What two values cannot do together gives null, a comparison of strangers gives false."""

import math
from typing import Any

from vaultkit.bases.dates import duration_of, milliseconds, shift
from vaultkit.bases.values import Duration, Moment, Span, Tag, equal, is_number, moment_of, number, text


def negative(value: Any, mark: str) -> Any:
    """`-x` and `+x`."""
    if isinstance(value, Duration) and mark == "-":
        return Duration(-value.months, -value.seconds)
    if not is_number(value):
        return None
    return number(-value if mark == "-" else value)


def binary(mark: str, left: Any, right: Any) -> Any:
    """`left mark right` for all but `&&` and `||`."""
    if mark == "==":
        return equal(left, right)
    if mark == "!=":
        return not equal(left, right)
    if mark in ("<", ">", "<=", ">="):
        return _compare(mark, left, right)
    if isinstance(left, (Moment, Duration)) or isinstance(right, (Moment, Duration)):
        return _with_time(mark, left, right)
    if is_number(left) and is_number(right):
        return _arithmetic(mark, left, right)
    if mark == "+" and (isinstance(left, str) or isinstance(right, str)):
        return text(left) + text(right)
    if mark == "+" and isinstance(left, list) and isinstance(right, list):
        return [*left, *right][:10_000]
    return None


def _arithmetic(mark: str, left: float, right: float) -> Any:
    try:
        a, b = float(left), float(right)
        if mark in "+-*":
            return number({"+": a + b, "-": a - b, "*": a * b}[mark])
        return number(a / b if mark == "/" else math.fmod(a, b)) if b else None
    except (OverflowError, ValueError):
        return None


def _compare(mark: str, left: Any, right: Any) -> bool:
    a, b = left, right
    if isinstance(a, Moment) and isinstance(b, str):
        b = moment_of(b)
    elif isinstance(b, Moment) and isinstance(a, str):
        a = moment_of(a)
    if isinstance(a, Moment) and isinstance(b, Moment):
        a, b = a.when, b.when
    elif isinstance(a, Duration) and isinstance(b, Duration):
        a, b = _seconds(a), _seconds(b)
    elif isinstance(a, str) and isinstance(b, str) and not isinstance(a, Tag):
        pass
    elif not (is_number(a) and is_number(b)):
        return False
    return bool({"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[mark])


def _with_time(mark: str, left: Any, right: Any) -> Any:
    """Dates and durations; two dates differ by milliseconds, as Obsidian's documentation has it."""
    if isinstance(left, Moment) and isinstance(right, Moment):
        return Span(milliseconds(left) - milliseconds(right)) if mark == "-" else None
    if isinstance(left, Moment):
        by = duration_of(right) if isinstance(right, str) else right
        if isinstance(by, Duration) and mark in "+-":
            return shift(left, by, 1 if mark == "+" else -1)
        return text(left) + right if mark == "+" and isinstance(right, str) else None
    if isinstance(right, Moment):
        return text(left) + text(right) if mark == "+" and isinstance(left, str) else None
    if isinstance(left, Duration) and isinstance(right, str):
        right = duration_of(right)
    if isinstance(left, Duration) and isinstance(right, Duration) and mark in "+-":
        sign = 1 if mark == "+" else -1
        return Duration(left.months + sign * right.months, left.seconds + sign * right.seconds)
    if isinstance(left, Duration) and is_number(right) and mark in "*/" and right:
        factor = right if mark == "*" else 1 / right
        scaled = number(left.seconds * factor)
        months = number(left.months * factor)
        return Duration(round(months), float(scaled)) if scaled is not None and months is not None else None
    return None


def _seconds(duration: Duration) -> float:
    return duration.months * 2_629_800 + duration.seconds
