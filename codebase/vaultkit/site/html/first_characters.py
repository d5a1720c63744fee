"""With which ASCII characters a match of a regular expression can begin."""

import importlib
import re
from functools import cache
from typing import Any

ASCII = frozenset(map(chr, range(128)))
_CLASSES = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}
try:
    _parse: Any = importlib.import_module("re._parser").parse
except ImportError:  # another Python: nothing is known of any expression
    _parse = None


def first_characters(pattern: re.Pattern[str]) -> frozenset[str]:
    """A set that holds each of them, all of ASCII where a match may be empty or nothing can be said."""
    if _parse is None:
        return ASCII
    found = _sequence(_parse(pattern.pattern, pattern.flags))
    if found is None:
        return ASCII
    if pattern.flags & re.IGNORECASE:
        found = frozenset(other for char in found for other in (char.lower(), char.upper()) if other in ASCII)
    return found


def _sequence(items: Any) -> frozenset[str] | None:
    """First characters of parts one after the other; None if all of them may be empty."""
    found: frozenset[str] = frozenset()
    for operation, value in items:
        here, may_be_empty = _part(str(operation), value)
        found |= here
        if not may_be_empty:
            return found
    return None


def _part(operation: str, value: Any) -> tuple[frozenset[str], bool]:
    """(first characters, whether it may be empty) of one part."""
    if operation == "LITERAL":
        return (frozenset(chr(value)) if value < 128 else ASCII), False
    if operation == "NOT_LITERAL":
        return ASCII, False
    if operation == "IN":
        return _set(value), False
    if operation in ("AT", "ASSERT", "ASSERT_NOT"):  # these take no character
        return frozenset(), True
    if operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, _, inner = value
        return _inner([inner], least == 0)
    if operation == "SUBPATTERN":
        changed = bool(value[1] or value[2])  # flags of its own
        return (ASCII, True) if changed else _inner([value[-1]])
    if operation == "ATOMIC_GROUP":
        return _inner([value])
    if operation == "BRANCH":
        return _inner(value[1])
    return ASCII, True


def _inner(branches: Any, may_be_empty: bool = False) -> tuple[frozenset[str], bool]:
    sets = [_sequence(branch) for branch in branches]
    if None in sets:
        return ASCII, True
    return frozenset().union(*(found for found in sets if found is not None)), may_be_empty


def _set(items: Any) -> frozenset[str]:
    """Characters of `[…]`."""
    found: set[str] = set()
    names = [str(operation) for operation, _ in items]
    for operation, value in items:
        if str(operation) == "LITERAL":
            found |= {chr(value)} if value < 128 else ASCII
        elif str(operation) == "RANGE":
            found |= {char for char in ASCII if value[0] <= ord(char) <= value[1]}
            found |= ASCII if value[1] >= 128 else set()
        elif str(operation) == "CATEGORY":
            found |= _category(str(value))
        elif str(operation) != "NEGATE":
            return ASCII
    return ASCII if "NEGATE" in names else frozenset(found)


@cache
def _category(name: str) -> frozenset[str]:
    kind = _CLASSES.get(name.rpartition("_")[2])
    if kind is None:
        return ASCII
    inside = frozenset(char for char in ASCII if re.match(kind, char))
    return ASCII - inside if "_NOT_" in name else inside
