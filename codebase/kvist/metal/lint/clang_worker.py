"""Parse C++ with libclang in a process of its own; run by path, so that nothing else is imported.

The argument is the folder of the package. Standard input: {"text", "arguments", "conditions", "fractions"}.
Standard output: a list of errors, [offset, message, [note, ...], last], with offset -1 outside of the text;
last is the greatest offset of a note, which tells who asked for an instantiation. conditions and fractions:
offsets of what clang takes and Metal does not, if the types say so: `?`, whose condition may be a vector, and
numbers that may become a bfloat unasked.
"""

import bisect
import json
import re
import sys
from collections.abc import Iterator

sys.path += sys.argv[1:]  # where the package is: Python is started without its site

from clang.cindex import Config, Cursor, CursorKind, Diagnostic, Index, TranslationUnit, TypeKind

ERROR = Diagnostic.Error
MAX_ERRORS = 200
Found = tuple[int, str, list[str], int]
VECTORS = (TypeKind.VECTOR.value, TypeKind.EXTVECTOR.value)
BFLOAT = "__bf16"  # of no kind that the package knows
CASTS = (
    CursorKind.CSTYLE_CAST_EXPR.value,
    CursorKind.CXX_FUNCTIONAL_CAST_EXPR.value,
    CursorKind.CXX_STATIC_CAST_EXPR.value,
)
PASSED = (CursorKind.PAREN_EXPR.value, CursorKind.UNARY_OPERATOR.value)
CONVERTED, CONDITIONAL = CursorKind.UNEXPOSED_EXPR.value, CursorKind.CONDITIONAL_OPERATOR.value
FRACTION = CursorKind.FLOATING_LITERAL.value


def offset_of(d: Diagnostic) -> int:
    """Where in the text, or -1."""
    here = d.location.file is not None and d.location.file.name == "kernel.cpp"
    return d.location.offset if here else -1


def narrowed(d: Diagnostic) -> bool:
    """True for the warning that a float becomes a bfloat."""
    lost = d.severity == Diagnostic.Warning and "loses floating-point precision" in d.spelling
    return lost and re.search("to '[^']*b(?:float|f16)", d.spelling) is not None


def parse(text: str, arguments: list[str], conditions: list[int], fractions: list[int]) -> list[Found]:
    """The errors of `text`, with the notes under each."""
    unsaved = [("kernel.cpp", text)]
    unit = TranslationUnit.from_source(
        "kernel.cpp", arguments, unsaved_files=unsaved, index=Index.create(), options=0
    )
    found: list[Found] = []
    for d in unit.diagnostics:
        if (d.severity < ERROR and not narrowed(d)) or len(found) == MAX_ERRORS:
            continue
        noted = [offset_of(n) for n in d.children]
        offset = next((place for place in (offset_of(d), *noted) if place >= 0), -1)
        found.append((offset, d.spelling, [n.spelling for n in d.children], max(noted, default=-1)))
    for place in conditions:
        cursor = Cursor.from_location(unit, unit.get_location("kernel.cpp", place))
        parts = list(cursor.get_children()) if cursor._kind_id == CONDITIONAL else []
        if parts and parts[0].type.get_canonical()._kind_id in VECTORS:
            begin = parts[0].extent.start.offset
            found.append((begin, "kvist: the condition of ?: is a vector", [], -1))
    if fractions:
        for cursor in unit.cursor.get_children():
            if cursor.location.file is not None and cursor.location.file.name == "kernel.cpp":
                places = converted(cursor, [], fractions)
                found += [(place, "kvist: a float becomes a bfloat", [], -1) for place in places]
    return found[:MAX_ERRORS]


def converted(cursor: Cursor, above: list[Cursor], places: list[int]) -> Iterator[int]:
    """Those of the places in the extent of `cursor` where a number is made a bfloat without a cast."""
    begin, end = cursor.extent.start.offset, cursor.extent.end.offset
    if bisect.bisect_left(places, begin) == bisect.bisect_left(places, end):
        return
    if cursor._kind_id == FRACTION:  # .kind knows those alone that the package names
        while len(above) > 2 and (above[-1]._kind_id in PASSED or above[-1].type.spelling == "float"):
            above = above[:-1]  # -0.5, (0.5), and a literal of C++'s double
        asked = len(above) < 2 or above[-1]._kind_id != CONVERTED or above[-2]._kind_id in CASTS
        if not asked and BFLOAT in above[-1].type.get_canonical().spelling:
            yield begin
    for child in cursor.get_children():
        yield from converted(child, [*above, cursor], places)


if __name__ == "__main__":
    Config.set_compatibility_check(False)
    given = json.load(sys.stdin)
    json.dump(parse(**given), sys.stdout)
