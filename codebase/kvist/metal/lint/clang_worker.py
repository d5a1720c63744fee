"""Parse C++ with libclang in a process of its own; run by path, so that nothing else is imported.

Standard input: {"text", "arguments"}. Standard output: a list of errors,
[offset, message, [note, ...], last], with offset -1 outside of the text; last is the greatest offset of a
note, which tells who asked for an instantiation.
"""

import json
import sys

from clang.cindex import Config, Diagnostic, Index, TranslationUnit

ERROR = Diagnostic.Error
MAX_ERRORS = 200


def offset_of(d: Diagnostic) -> int:
    """Where in the text, or -1."""
    here = d.location.file is not None and d.location.file.name == "kernel.cpp"
    return d.location.offset if here else -1


def parse(text: str, arguments: list[str]) -> list[tuple[int, str, list[str], int]]:
    """The errors of `text`, with the notes under each."""
    unsaved = [("kernel.cpp", text)]
    unit = TranslationUnit.from_source(
        "kernel.cpp", arguments, unsaved_files=unsaved, index=Index.create(), options=0
    )
    found: list[tuple[int, str, list[str], int]] = []
    for d in unit.diagnostics:
        if d.severity < ERROR or len(found) == MAX_ERRORS:
            continue
        places = [offset_of(n) for n in d.children]
        offset = next((place for place in (offset_of(d), *places) if place >= 0), -1)
        found.append((offset, d.spelling, [n.spelling for n in d.children], max(places, default=-1)))
    return found


if __name__ == "__main__":
    Config.set_compatibility_check(False)
    given = json.load(sys.stdin)
    json.dump(parse(given["text"], given["arguments"]), sys.stdout)
