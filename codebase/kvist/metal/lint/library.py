"""What a text needs before it uses the library, and what the lint left alone."""

import re
from collections.abc import Iterator

from kvist.metal.lint.functions import recursions
from kvist.metal.lint.names import BUILTIN_TYPES, FUNCTIONS, KEYWORDS
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Unit
from kvist.metal.lint.vocabulary import declared_names, is_call
from kvist.metal.places import place_of

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*(?:include|import)\b", re.MULTILINE)
_FOUND_BY_ARGUMENT = ("simdgroup_", "atomic_", "threadgroup_", "texture", "depth")  # theirs are of metal
_TEXTURE = re.compile(r"(?:texture|depth)(?:1d|2d|3d|cube)(?:_ms)?(?:_array)?|texture_buffer")


def check_library(unit: Unit) -> Iterator[Problem]:
    """The first name of the library without `#include <metal_stdlib>`, or without its namespace."""
    included = _INCLUDE.search(unit.raw) is not None
    opened = any(unit.words[i : i + 3] == ["using", "namespace", "metal"] for i in _of(unit, "using"))
    opened = opened or any(unit.words[i - 1 : i] == ["namespace"] for i in _of(unit, "metal"))
    if included and opened:
        return
    own = declared_names(unit) | {unit.words[i - 1] for i in _of(unit, ";") if i}  # `using metal::max;`
    for index, token in enumerate(unit.tokens):
        name = token.text
        flags = name == "mem_flags"
        if index in unit.in_attribute or not (flags or (name in FUNCTIONS and is_call(unit, index))):
            continue
        if (
            name in BUILTIN_TYPES | KEYWORDS | {"as_type"}
            or place_of(unit.text, token.start, unit.label)[0] != unit.label
        ):
            continue
        qualified = unit.words[index - 1] == "::"
        if not included and (qualified or name not in own):
            yield unit.problem(token, "library", f"{name} without its header", "#include <metal_stdlib>")
            return
        if included and not qualified and name not in own and not name.startswith(_FOUND_BY_ARGUMENT):
            hint = f"using namespace metal;, or metal::{name}"
            yield unit.problem(token, "library", f"{name} is in the namespace metal", hint)
            return


def _of(unit: Unit, word: str) -> list[int]:
    return [i for i, w in enumerate(unit.words) if w == word]


def notes_on(unit: Unit) -> Iterator[str]:
    """What a reader of `nothing wrong found` should know."""
    if not unit.tokens:
        yield "the file is empty: nothing was checked"
    elif not any(f.is_kernel for f in unit.functions):
        yield "the file has no kernel"
    for name, how, token, graphics in recursions(unit):
        if not graphics:
            line = unit.problem(token, "", "").line
            yield f"{name} (line {line}) calls {how}, which Metal 2.4 and later allow in kernels"
    used = sorted({w for w in unit.words if _TEXTURE.fullmatch(w) or w == "sampler"})
    if used:
        yield f"what is done with {', '.join(used)} was not checked"
