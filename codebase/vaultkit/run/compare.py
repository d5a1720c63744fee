"""Does a block print what its note shows? Words and integers exactly, floats to a relative 1e-5."""

import math
import re
from difflib import SequenceMatcher

RTOL = 1e-5
ANY_LINES = "..."

_FLOAT = re.compile(
    r"(?<![\w.])[-+]?(?:\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)(?!\w*\d)"
)


def output_lines(text: str) -> list[str]:
    """Printed text as lines without trailing white space; [] for text that shows nothing."""
    lines = [line.rstrip() for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def same_output(expected: list[str], actual: list[str], rtol: float = RTOL) -> bool:
    """True if every line agrees; a line `...` in `expected` stands for any number of lines."""
    reachable = {0}  # how many actual lines the expected lines so far can have matched
    for want in expected:
        if not reachable:
            return False
        if want.strip() == ANY_LINES:
            reachable = set(range(min(reachable), len(actual) + 1))
        else:
            reachable = {n + 1 for n in reachable if n < len(actual) and same_line(want, actual[n], rtol)}
    return len(actual) in reachable


def same_line(expected: str, actual: str, rtol: float = RTOL) -> bool:
    """True if two lines agree; spaces beside a float are not compared, as its width may change."""
    if expected == actual:
        return True
    want, got = _FLOAT.findall(expected), _FLOAT.findall(actual)
    if len(want) != len(got) or not want:
        return False
    texts = zip(_FLOAT.split(expected), _FLOAT.split(actual), strict=True)
    last = len(want)
    for place, (a, b) in enumerate(texts):
        if _trim(a, place, last) != _trim(b, place, last):
            return False
    return all(_close(a, b, rtol) for a, b in zip(want, got, strict=True))


def diff_lines(expected: list[str], actual: list[str], rtol: float = RTOL) -> list[str]:
    """Lines marked `-` (the note shows), `+` (was printed) and two spaces (agree)."""
    found: list[str] = []
    matcher = SequenceMatcher(a=_keys(expected), b=_keys(actual), autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal" or (b - a == d - c and _agree(expected[a:b], actual[c:d], rtol)):
            found += [f"  {line}" for line in expected[a:b]]
        else:
            found += [f"- {line}" for line in expected[a:b]] + [f"+ {line}" for line in actual[c:d]]
    return found


def _agree(expected: list[str], actual: list[str], rtol: float = RTOL) -> bool:
    return all(same_line(a, b, rtol) for a, b in zip(expected, actual, strict=True))


def _keys(lines: list[str]) -> list[str]:
    return [re.sub(r"\s+", " ", line) for line in lines]


def _trim(text: str, place: int, last: int) -> str:
    """Text between two floats without the spaces that touch them."""
    text = text.rstrip(" ") if place < last else text
    return text.lstrip(" ") if place else text


def _close(expected: str, actual: str, rtol: float) -> bool:
    a, b = float(expected), float(actual)
    if not (math.isfinite(a) and math.isfinite(b)):
        return expected == actual
    return math.isclose(a, b, rel_tol=rtol)
