"""Functions of texts and of regular expressions."""

import re
from collections.abc import Callable
from typing import Any

from vaultkit.bases.functions.common import Evaluator, Function, strict
from vaultkit.bases.patterns import fits, replacement
from vaultkit.bases.values import MAX_TEXT, FileName, Link, Pattern, is_number, text

_WORD = re.compile(r"[^\s_-]+")


def _part(evaluator: Evaluator, subject: str, value: Any) -> bool:
    if isinstance(value, Pattern):
        return bool(_matches(evaluator, value, subject))
    wanted = text(value)
    return wanted in _text(subject) or (isinstance(subject, FileName) and wanted in f"{subject}.md")


def _text(subject: Any) -> str:
    """A link's text is its target."""
    return subject.target if isinstance(subject, Link) else str(subject)


def _ends(_: Evaluator, subject: Any, value: Any) -> bool:
    return f"{_text(subject)}{'.md' * isinstance(subject, FileName)}".endswith(text(value)) or _text(
        subject
    ).endswith(text(value))


def _on_text(function: Callable[[str], Any]) -> Function:
    return strict(lambda _, subject: function(_text(subject)))


def _matches(evaluator: Evaluator, found: Pattern, subject: Any) -> bool | None:
    subject = text(subject)
    if not fits(found, subject):
        evaluator.session.remark("a text is too long for its regular expression")
        return None
    evaluator.charge(1 + len(subject) // 10)
    return found.regex.search(subject) is not None


def _replace(evaluator: Evaluator, subject: Any, old: Any, new: Any) -> Any:
    subject = _text(subject)
    if not isinstance(old, Pattern):
        old = text(old)
        if not old or len(subject) + subject.count(old) * len(text(new)) > MAX_TEXT:
            return subject if not old else None
        return subject.replace(old, text(new))
    if _matches(evaluator, old, subject) is None or len(subject) * (len(text(new)) + 1) > MAX_TEXT:
        return None
    try:
        return old.regex.sub(replacement(text(new)), subject, count=0 if old.every else 1)
    except (re.error, IndexError):
        return None


def _split(evaluator: Evaluator, subject: Any, separator: Any = "", count: Any = None) -> Any:
    subject = _text(subject)
    if isinstance(separator, Pattern):
        if _matches(evaluator, separator, subject) is None:
            return None
        parts = [part or "" for part in separator.regex.split(subject)]
    else:
        parts = subject.split(text(separator)) if text(separator) else list(subject)
    return evaluator.sized(parts[: int(count)] if is_number(count) and count >= 0 else parts)


def _repeat(_: Evaluator, subject: Any, count: Any) -> Any:
    subject = _text(subject)
    fine = is_number(count) and count >= 0 and len(subject) * count <= MAX_TEXT
    return subject * int(count) if fine else None


def _slice(_: Evaluator, subject: Any, start: Any = 0, end: Any = None) -> Any:
    subject = _text(subject)
    first = int(start) if is_number(start) else 0
    return subject[first : int(end)] if is_number(end) else subject[first:]


def _title(subject: str) -> str:
    return _WORD.sub(lambda word: word[0][:1].upper() + word[0][1:].lower(), subject)


STRING: dict[str, Function] = {
    "contains": strict(lambda e, subject, value: _part(e, subject, value)),
    "containsAll": strict(lambda e, subject, *values: all(_part(e, subject, v) for v in values)),
    "containsAny": strict(lambda e, subject, *values: any(_part(e, subject, v) for v in values)),
    "endsWith": strict(_ends),
    "startsWith": strict(lambda _, subject, value: _text(subject).startswith(text(value))),
    "lower": _on_text(str.lower),
    "upper": _on_text(str.upper),
    "title": _on_text(_title),
    "trim": _on_text(str.strip),
    "repeat": strict(_repeat),
    "replace": strict(_replace),
    "reverse": _on_text(lambda subject: subject[::-1]),
    "slice": strict(_slice),
    "split": strict(_split),
}
REGEXP: dict[str, Function] = {"matches": strict(_matches)}
