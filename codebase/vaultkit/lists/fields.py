"""Inline fields as Dataview reads them: `[key:: value]` and `(key:: value)`."""

import re
from datetime import date
from difflib import get_close_matches
from typing import NamedTuple

KNOWN = ("priority", "minutes", "hours", "after", "read", "date")
PRIORITIES = "new, P1, P2, … or review"

_LINKS = r"(?:\[\[[^\[\]]*\]\]|[^\[\]()])*"
_SQUARE = rf"\[(?P<key>[A-Za-z][\w-]*)\s*::\s*(?P<value>{_LINKS})\]"
_ROUND = rf"\((?P<key2>[A-Za-z][\w-]*)\s*::\s*(?P<value2>{_LINKS})\)"
_FIELD = re.compile(f"{_SQUARE}|{_ROUND}")


class Field(NamedTuple):
    key: str
    value: str


def find_fields(text: str) -> tuple[list[Field], str]:
    """The fields in `text` in order, and `text` with each of them blanked out."""
    found = [
        Field((m["key"] or m["key2"]).lower(), (m["value"] or m["value2"] or "").strip())
        for m in _FIELD.finditer(text)
    ]
    return found, _FIELD.sub(lambda field: " " * len(field.group()), text)


def value_of(fields: list[Field], key: str) -> str:
    """The first value of a field, "" if there is none."""
    return next((field.value for field in fields if field.key == key), "")


def wrong(field: Field) -> tuple[str, str] | None:
    """(what is wrong with a field, hint), None if nothing is. A field of the author's own is left alone."""
    key, value = field
    if key not in KNOWN:
        near = get_close_matches(key, KNOWN, 1, 0.75)
        return (f"unknown field `{key}`", f"did you mean `{near[0]}`?") if near else None
    if key == "priority" and not re.fullmatch(r"new|review|P\d{1,2}", value):
        return f"priority `{value}` is not {PRIORITIES}", ""
    if key == "minutes" and not re.fullmatch(r"\d{1,5}", value):
        return f"minutes `{value}` is not a whole number", ""
    if key == "hours" and not re.fullmatch(r"\d{1,4}(\.\d+)?", value):
        return f"hours `{value}` is not a number", "write [hours:: 3] or [hours:: 1.5]"
    if key == "read" and not is_day(value):
        return f"read `{value}` is not a date", "write [read:: 2026-11-22]"
    if key == "date" and not (is_day(value) or re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2]))?", value)):
        return f"date `{value}` is not a date", "write [date:: 2025-09-10], [date:: 2025-09] or [date:: 2025]"
    return None


def is_day(text: str) -> bool:
    """True for a day that exists, written YYYY-MM-DD."""
    try:
        return re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False
