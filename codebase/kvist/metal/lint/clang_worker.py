"""Parse C++ with libclang in a process of its own; run by path, so that nothing else is imported.

Standard input: {"text", "arguments", "places"}. Standard output: a list of errors,
[offset, message, [note, ...], last], with offset -1 outside of the text; last is the greatest offset of a
note, which tells who asked for an instantiation. places: offsets of what clang takes and Metal does not, if
the types say so: `?`, whose condition may be a vector, and fractions, which may become a bfloat unasked.
"""

import bisect
import json
import sys
from collections.abc import Iterator

from clang.cindex import Config, Cursor, CursorKind, Diagnostic, Index, TranslationUnit, TypeKind

ERROR = Diagnostic.Error
MAX_ERRORS = 200
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


def parse(text: str, arguments: list[str], places: list[int]) -> list[tuple[int, str, list[str], int]]:
    """The errors of `text`, with the notes under each."""
    unsaved = [("kernel.cpp", text)]
    unit = TranslationUnit.from_source(
        "kernel.cpp", arguments, unsaved_files=unsaved, index=Index.create(), options=0
    )
    found: list[tuple[int, str, list[str], int]] = []
    for d in unit.diagnostics:
        if d.severity < ERROR or len(found) == MAX_ERRORS:
            continue
        noted = [offset_of(n) for n in d.children]
        offset = next((place for place in (offset_of(d), *noted) if place >= 0), -1)
        found.append((offset, d.spelling, [n.spelling for n in d.children], max(noted, default=-1)))
    if places and len(found) < MAX_ERRORS:
        for cursor in unit.cursor.get_children():
            if cursor.location.file is not None and cursor.location.file.name == "kernel.cpp":
                found += [(*told, [], -1) for told in told_by_types(cursor, [], places)]
    return found


def told_by_types(cursor: Cursor, above: list[Cursor], places: list[int]) -> Iterator[tuple[int, str]]:
    """(offset, message) at the places in the extent of `cursor`."""
    begin, end = cursor.extent.start.offset, cursor.extent.end.offset
    if bisect.bisect_left(places, begin) == bisect.bisect_left(places, end):
        return
    children = list(cursor.get_children())
    kind = cursor._kind_id  # .kind knows those alone that the package names
    if kind == CONDITIONAL and children and children[0].type.get_canonical()._kind_id in VECTORS:
        yield children[0].extent.start.offset, "kvist: the condition of ?: is a vector"
    elif kind == FRACTION:
        while len(above) > 2 and (above[-1]._kind_id in PASSED or above[-1].type.spelling == "float"):
            above = above[:-1]  # -0.5, (0.5), and a literal of C++'s double
        converted = len(above) > 1 and above[-1]._kind_id == CONVERTED and above[-2]._kind_id not in CASTS
        if converted and BFLOAT in above[-1].type.get_canonical().spelling:
            yield begin, "kvist: a float becomes a bfloat"
    for child in children:
        yield from told_by_types(child, [*above, cursor], places)


if __name__ == "__main__":
    Config.set_compatibility_check(False)
    given = json.load(sys.stdin)
    json.dump(parse(given["text"], given["arguments"], given["places"]), sys.stdout)
