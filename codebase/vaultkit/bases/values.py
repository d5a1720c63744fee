"""The values of the expression language, and what all of them can do: be true, be equal, be shown, be sorted.

Texts, numbers, booleans, lists and objects are Python's own; None is `null`.
"""

import math
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

MAX_TEXT = 100_000
_NODES = 5_000  # parts of a nested value that are looked at
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$"
)
_DIGITS = re.compile(r"(\d{1,15})")


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, or a date with a time."""

    when: datetime
    has_time: bool = True


@dataclass(frozen=True, slots=True)
class Duration:
    """Months count by the calendar, seconds do not."""

    months: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Link:
    """A link; `path` is the file it leads to, None if there is none."""

    target: str
    display: str = ""
    path: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file of the vault by its path."""

    path: str


@dataclass(frozen=True, slots=True)
class Pattern:
    regex: re.Pattern[str]
    every: bool
    repeats: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What `html()`, `image()` and `icon()` give: `kind` says which, `value` what they were given."""

    kind: str
    value: Any


class Tag(str):
    """A tag with its `#`."""


class FileName(str):
    """A note's file name: without `.md`, as Obsidian shows it, but equal to its name with `.md` too."""


class Span(float):
    """Milliseconds between two dates: a number, with `.days` and the like."""


def type_name(value: Any) -> str:
    """The name by which `isType()` and the tables of methods know a value."""
    for kind, name in _TYPES:
        if isinstance(value, kind):
            return name
    return "null"


_TYPES: tuple[tuple[Any, str], ...] = (
    (bool, "boolean"),
    ((int, float), "number"),
    (str, "string"),
    (list, "list"),
    (dict, "object"),
    (Moment, "date"),
    (Duration, "duration"),
    (Link, "link"),
    (File, "file"),
    (Pattern, "regexp"),
    (Shown, "shown"),
)


def moment_of(text: str) -> Moment | None:
    """The moment that an ISO text names, else None; an offset is ignored, as Obsidian has no time zones."""
    found = _ISO.match(text.strip())
    if not found:
        return None
    parts = [int(part) for part in found.groups(default="0")]
    try:
        return Moment(datetime(*parts), found[4] is not None)  # type: ignore[arg-type]
    except ValueError:
        return None


def of_yaml(value: Any, depth: int = 0) -> Any:
    """A property's value as YAML gave it, dates made moments, what has no place in the language made text."""
    if isinstance(value, datetime):
        return Moment(value.replace(tzinfo=None))
    if isinstance(value, date):
        return Moment(datetime(value.year, value.month, value.day), False)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 1 << 53:
        return number(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if depth > 20:
        return None
    if isinstance(value, dict):
        return {str(key): of_yaml(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [of_yaml(item, depth + 1) for item in value]
    return str(value)


def number(value: float) -> float | int | None:
    """A result of arithmetic: whole numbers without a fraction; what is not finite is null."""
    try:
        result = float(value)
    except OverflowError:
        return None
    if not math.isfinite(result):
        return None
    return int(result) if result.is_integer() and abs(result) <= 1 << 53 else result


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def truthy(value: Any) -> bool:
    """Null, false, 0, and what is empty are false."""
    if isinstance(value, (Moment, Duration, Link, File, Pattern, Shown)):
        return True
    return bool(value)


def is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, list, dict)) and not value)


def equal(a: Any, b: Any) -> bool:
    """`==`: links and files are equal if they lead to one file; a date equals the text that writes it."""
    if isinstance(a, (Link, File)) or isinstance(b, (Link, File)):
        return _same_place(a, b)
    if isinstance(a, FileName) or isinstance(b, FileName):
        return text(a).removesuffix(".md") == text(b).removesuffix(".md")
    if isinstance(a, Tag) or isinstance(b, Tag):
        return str(a).lstrip("#").lower() == str(b).lstrip("#").lower()
    if isinstance(a, Moment) and isinstance(b, str):
        b = moment_of(b)
    elif isinstance(b, Moment) and isinstance(a, str):
        a = moment_of(a)
    if isinstance(a, Moment) and isinstance(b, Moment):
        return a.when == b.when
    if type_name(a) != type_name(b):
        return False
    return text(a) == text(b) if isinstance(a, (list, dict)) else bool(a == b)


def _same_place(a: Any, b: Any) -> bool:
    """A text is what a link to it would be: `[[x]]` or `x`."""
    paths = [value.path if isinstance(value, (Link, File)) else None for value in (a, b)]
    if paths[0] and paths[1]:
        return paths[0] == paths[1]
    names = [_place(value) for value in (a, b)]
    return bool(names[0]) and names[0] == names[1]


def _place(value: Any) -> str:
    if isinstance(value, Link):
        return value.target.lower()
    if isinstance(value, File):
        return value.path.lower()
    if not isinstance(value, str):
        return ""
    return value.strip().removeprefix("[[").removesuffix("]]").split("|")[0].lower()


def text(value: Any) -> str:
    """What `toString()` gives."""
    parts: list[str] = []
    _write(value, parts, [_NODES])
    return "".join(parts)[:MAX_TEXT]


def _write(value: Any, parts: list[str], left: list[int]) -> None:
    left[0] -= 1
    if left[0] <= 0:
        return
    if isinstance(value, (list, dict)):
        items = value.items() if isinstance(value, dict) else [("", item) for item in value]
        for index, (key, item) in enumerate(items):
            parts.append(", " if index else "")
            parts.append(f"{key}: " if isinstance(value, dict) else "")
            _write(item, parts, left)
    else:
        parts.append(_plain(value))


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, Moment):
        return value.when.strftime("%Y-%m-%d %H:%M:%S" if value.has_time else "%Y-%m-%d")
    if isinstance(value, Duration):
        parts = [f"{value.months} months"] * bool(value.months)
        return " ".join([*parts, f"{value.seconds:g} seconds"] if value.seconds or not parts else parts)
    if isinstance(value, Link):
        return value.display or value.target
    if isinstance(value, File):
        return value.path
    if isinstance(value, Pattern):
        return f"/{value.regex.pattern}/"
    return (
        _plain(value.value) if isinstance(value, Shown) and not isinstance(value.value, Shown) else str(value)
    )


def order_key(value: Any) -> tuple[int, Any]:
    """For sorting: numbers, then dates, then texts by their letters, numbers within them by size."""
    if isinstance(value, bool) or is_number(value):
        return 0, float(value)
    if isinstance(value, Moment):
        return 1, value.when
    pieces = _DIGITS.split(text(value).casefold())
    return 2, [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces if piece]
