"""Regular expressions written as JavaScript's, kept to those that cannot take for ever.

A repeat within a repeat can need time exponential in the text: such patterns are refused, and the text that
the others may search is bounded by the number of their repeats.
"""

import re
from functools import lru_cache
from typing import Any

from vaultkit.bases.tokens import ExpressionError
from vaultkit.bases.values import Pattern

try:
    from re import _parser as _sre  # type: ignore[attr-defined]
except ImportError:  # pragma: no cover
    import sre_parse as _sre  # type: ignore[no-redef]

_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_STEPS = 1e8
_GROUP = re.compile(r"\$(\d{1,2}|&|\$)")


@lru_cache(maxsize=256)
def pattern(body: str, flags: str) -> Pattern:
    """The compiled pattern, else ExpressionError."""
    source = re.sub(r"\(\?<(?![=!])", "(?P<", body)
    used = re.NOFLAG
    for flag in flags:
        used |= _FLAGS.get(flag, re.NOFLAG)
    try:
        repeats = _repeats(list(_sre.parse(source, used)), inside=False)
        return Pattern(re.compile(source, used), "g" in flags, repeats)
    except (re.error, RecursionError, OverflowError, ValueError) as error:
        raise ExpressionError(f"regular expression /{body[:40]}/: {error}") from None


def _repeats(parts: Any, *, inside: bool) -> int:
    """How many parts repeat without a fixed count; ValueError for a choice or repeat within a repeat."""
    count = 0
    for code, value in parts:
        name = str(code)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, body = value
            if inside and most != least:
                raise ValueError("a repeat within a repeat is not supported")
            count += (most != least) + _repeats(list(body), inside=inside or int(most) > 1)
        elif name == "BRANCH":
            if inside:
                raise ValueError("a choice within a repeat is not supported")
            count += sum(_repeats(list(branch), inside=False) for branch in value[1])
        elif name == "SUBPATTERN":
            count += _repeats(list(value[-1]), inside=inside)
        elif name in ("ASSERT", "ASSERT_NOT"):
            count += _repeats(list(value[1]), inside=inside)
        elif name in ("ATOMIC_GROUP", "GROUPREF_EXISTS"):
            raise ValueError("this kind of group is not supported")
    return count


def fits(found: Pattern, subject: str) -> bool:
    """True if the pattern may search this text."""
    return len(subject) <= 100_000 and float(len(subject) + 1) ** (found.repeats + 1) <= _STEPS


def replacement(text: str) -> str:
    """JavaScript's `$1`, `$&` as Python's."""
    escaped = text.replace("\\", "\\\\")
    return _GROUP.sub(lambda m: {"&": r"\g<0>", "$": "$"}.get(m[1], rf"\g<{m[1]}>"), escaped)
