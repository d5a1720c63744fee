"""Does a block print what its note shows? Words and integers exactly, floats to a relative 1e-5."""

import math
import re
from importlib import import_module

from vaultkit.fences import Fence

RTOL = 1e-5
ANY_LINES = "..."
ELLIPSIS = "ellipsis"  # the word in an output fence's info that gives `...` its meaning
_CONTEXT = 3
_LONGEST = 500  # lines that are compared with each other to find the shortest diff
_MAX_ROWS, _MAX_WIDTH = 60, 300
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")

_FLOAT = re.compile(
    r"(?<![\w.])[-+]?(?:\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)(?!\w*\d)"
)


def output_lines(text: str) -> list[str]:
    """Printed text as lines without trailing white space; [] for text that shows nothing.

    As on a terminal, what follows a carriage return overwrites its line; colours vanish. Other characters
    that cannot stand in a note are written as escapes.
    """
    text = _COLOUR.sub("", text)
    lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]
    lines = [_UNWRITABLE.sub(lambda found: ascii(found[0])[1:-1], line) for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def has_ellipsis(output: Fence) -> bool:
    """True if the output fence declares, by `output ellipsis`, that its lines `...` stand for any lines."""
    return ELLIPSIS in output.info.split()[1:]


def same_output(
    expected: list[str], actual: list[str], *, ellipsis: bool = False, rtol: float = RTOL
) -> bool:
    """True if every line agrees; with `ellipsis`, a line `...` in `expected` is any number of lines."""
    return first_difference(expected, actual, ellipsis=ellipsis, rtol=rtol) is None


def first_difference(
    expected: list[str], actual: list[str], *, ellipsis: bool = False, rtol: float = RTOL
) -> int | None:
    """Index of the first expected line that does not fit, their number if lines are missing at the end."""
    reachable = {0}  # how many actual lines the expected lines so far can have matched
    for index, want in enumerate(expected):
        if ellipsis and want.strip() == ANY_LINES:
            reachable = set(range(min(reachable), len(actual) + 1))
        else:
            reachable = {n + 1 for n in reachable if n < len(actual) and same_line(want, actual[n], rtol)}
        if not reachable:
            return index
    return None if len(actual) in reachable else len(expected)


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


def unified(expected: list[str], actual: list[str], name: str, line: int, rtol: float = RTOL) -> list[str]:
    """A unified diff of what the note shows, from `line` of the file `name` on, and what was printed; of
    long texts only of the place where they part.
    """
    start, rest = 0, ""
    if max(len(expected), len(actual)) > _LONGEST:
        pairs = enumerate(zip(expected, actual, strict=False))
        part = next((n for n, (a, b) in pairs if not same_line(a, b, rtol)), min(len(expected), len(actual)))
        start = max(0, part - _CONTEXT)
        rest = f": {len(actual)} lines, of which {_LONGEST} are compared"
        expected, actual = expected[start : start + _LONGEST], actual[start : start + _LONGEST]
    matcher = import_module("difflib").SequenceMatcher  # dear to import, and seldom needed
    groups = matcher(a=_keys(expected), b=_keys(actual), autojunk=False).get_grouped_opcodes(_CONTEXT)
    found = [f"--- {name} (the note shows)", f"+++ the block printed{rest}"]
    for group in groups:
        rows = []
        for tag, a, b, c, d in group:
            if tag == "equal" or b - a == d - c:
                for want, got in zip(expected[a:b], actual[c:d], strict=True):
                    rows += [f" {want}"] if same_line(want, got, rtol) else [f"-{want}", f"+{got}"]
            else:
                rows += [f"-{row}" for row in expected[a:b]] + [f"+{row}" for row in actual[c:d]]
        (_, a, _, c, _), (_, _, b, _, d) = group[0], group[-1]
        found += [f"@@ -{line + start + a},{b - a} +{start + c + 1},{d - c} @@", *rows]
    return found


def shortened(rows: list[str]) -> list[str]:
    """Rows for a person to read: the first of many, the beginning of long ones, and how much there is."""
    shown = [cut(row) for row in rows]
    more = len(rows) - _MAX_ROWS
    return [*shown[:_MAX_ROWS], f"… ({more} more lines)"] if more > 1 else shown


def cut(row: str) -> str:
    """A row, or the beginning of a long one."""
    return row if len(row) <= _MAX_WIDTH else f"{row[:_MAX_WIDTH]} … ({len(row)} characters)"


def same_words(expected: list[str], actual: list[str]) -> bool:
    """True if both hold the same words, perhaps in another order."""
    want, got = (sorted(re.findall(r"\w+", "\n".join(lines))) for lines in (expected, actual))
    return want == got


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
