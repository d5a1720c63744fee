"""Called names: defined in the file, in Metal's library, or used by the kernels that MLX ships.

The headers in the MLX wheel are texts that Apple's compiler accepts, so what they call is there to be called.
"""

import difflib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import mlx.core as mx

from kvist.metal.lint.names import ADDRESS_SPACES, FUNCTIONS, KEYWORDS, MEANT
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Unit
from kvist.metal.tokens import matching

HEADERS = Path(mx.__file__).parent / "include" / "mlx" / "backend" / "metal" / "kernels"
_LIBRARY = {"metal", "fast", "precise", "simd", "atomic", "raytracing"}
_AROUND_TYPE = ("const", "constexpr", "static", "volatile", *sorted(ADDRESS_SPACES))
_IN_FRONT_OF_CALL = {"return", "else", "do", "case", "and", "or", "not", "constexpr"}
# `float erf(float x) {` and the like: whoever has not included that header has no such function.
_DEFINED = (
    re.compile(r"[\w>&*]\s+[*&]?(\w+)\s*\([^;{}]*?\)\s*(?:const\s*)?(?:device\s*|thread\s*)?\{"),
    re.compile(r"#[ \t]*define[ \t]+(\w+)"),
    re.compile(r"\b(?:struct|class|using|typedef)\s+(\w+)"),
)


@lru_cache(maxsize=4)
def called_by_mlx(folder: Path = HEADERS, defined: bool = False) -> frozenset[str]:
    """Identifiers that the Metal headers of the installed MLX call; empty without them.

    defined: with those that they define themselves, which a header may leave to whoever includes it.
    """
    found: set[str] = set()
    own: set[str] = set()
    for path in sorted(folder.rglob("*.h")):
        text = re.sub(r"//[^\n]*|/\*.*?\*/", " ", path.read_text("utf-8", "replace"), flags=re.DOTALL)
        found.update(re.findall(r"\b([A-Za-z_]\w*)\s*[(<]", text))
        for pattern in () if defined else _DEFINED:
            own.update(pattern.findall(text))
    return frozenset(found - own | {"_Pragma"})


def check_vocabulary(unit: Unit, known: frozenset[str]) -> Iterator[Problem]:
    """Each called name that nobody defines, once a line."""
    own = declared_names(unit)
    names = own | FUNCTIONS | known | KEYWORDS
    for index, token in enumerate(unit.tokens):
        if token.kind != "name" or index in unit.in_attribute or not is_call(unit, index):
            continue
        if token.text in names or token.text.startswith(("__builtin_", "__metal_", "__has_", "operator")):
            continue
        yield unit.problem(
            token, "unknown-function", f"nothing defines {token.text}", hint_for(token.text, own)
        )


def hint_for(name: str, own: frozenset[str] = frozenset()) -> str:
    """What may be meant by a name that is not there."""
    if name in MEANT:
        return MEANT[name]
    plain = re.fullmatch(r"([a-z]+\d*)[fl]", name)
    if plain and plain[1] in FUNCTIONS:
        return f"did you mean {plain[1]}? It takes float and half"
    made = re.fullmatch(r"make_([a-z]+[234])", name)
    if made and made[1] in FUNCTIONS:
        return f"did you mean {made[1]}(...)?"
    near = difflib.get_close_matches(name[:80], sorted(own | FUNCTIONS), 1, 0.75)
    return f"did you mean {near[0]}?" if near else "define it, or include the header that does"


def is_call(unit: Unit, index: int) -> bool:
    """`name(` or `name<...>(` that is no declaration, member or static method."""
    after = unit.words[index + 1 : index + 2]
    if after == ["<"]:
        end = unit.closing_angle(index + 1)
        if unit.words[end] != ">" or unit.words[end + 1 : end + 2] != ["("]:
            return False
    elif after != ["("]:
        return False
    if index == 0:
        return False
    before = unit.tokens[index - 1]
    if before.text == ".":
        return False
    if before.text == ">" and index > 1:
        arrow = unit.words[index - 2] == "-" and unit.tokens[index - 2].end == before.start
        if arrow or _type_ends(unit, index - 1):
            return False
    if before.text == "::":
        return index > 1 and unit.words[index - 2] in _LIBRARY
    if before.text == "," and _further_declarator(unit, index):
        return False
    if before.text in ("*", "&") and _declares_pointer(unit, index):
        return False
    return before.kind != "name" or before.text in _IN_FRONT_OF_CALL


def _further_declarator(unit: Unit, index: int) -> bool:
    """`identity(...)` in `simdgroup_float8x8 sum, identity(1.0f);`."""
    depth = 0
    start = index
    while start > 0 and unit.words[start - 1] not in (";", "{", "}"):
        start -= 1
        depth += (unit.words[start] in (")", "]")) - (unit.words[start] in ("(", "["))
        if depth < 0 or index - start > 400:
            return False
    return unit.words[start] in (*unit.types, "const", "metal", "constexpr")


def _declares_pointer(unit: Unit, index: int) -> bool:
    """`const device float4& first(v[0]);` with a type in front of the mark, where a statement begins."""
    end = index - 1
    while end > 0 and unit.words[end] in ("*", "&", *_AROUND_TYPE):
        end -= 1
    if unit.words[end] == ">":
        if not _type_ends(unit, end):
            return False
        depth = 0
        while end > 0:
            depth += (unit.words[end] == ">") - (unit.words[end] == "<")
            end -= 1
            if depth == 0:
                break
    elif unit.words[end] not in unit.types and unit.words[end] != "auto":
        return False
    while end > 0 and unit.words[end - 1] in (*_AROUND_TYPE, "::", "metal"):
        end -= 1
    return end == 0 or unit.words[end - 1] in (";", "{", "}", "(", ")", ":", "else")


def _type_ends(unit: Unit, closing: int) -> bool:
    """Whether the `>` at `closing` ends a type or the head of a template, not a comparison."""
    depth = 0
    for index in range(closing, max(closing - 80, 0), -1):
        if unit.words[index] in (";", "{", "}", "&") or unit.tokens[index].kind == "string":
            return False
        depth += (unit.words[index] == ">") - (unit.words[index] == "<")
        if depth == 0:
            return unit.words[index - 1] in unit.types or unit.words[index - 1] == "template"
    return False


def declared_names(unit: Unit) -> frozenset[str]:
    """Names that the text itself gives to something that could be called."""
    found = set(unit.own_types) | {unit.words[f.name] for f in unit.functions}
    found |= set(re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", unit.raw, re.MULTILINE))
    for index in range(1, len(unit.tokens) - 1):
        token, before, after = unit.tokens[index], unit.tokens[index - 1], unit.words[index + 1]
        if token.kind != "name" or index in unit.in_attribute:
            continue
        if (
            (before.kind == "name" and before.text not in _IN_FRONT_OF_CALL)
            or (before.text in ("*", "&") and after in (",", ")", ";", "="))
            or (before.text in ("*", "&", ">", "]") and after == "(" and _is_declaration(unit, index))
            or (before.text == ">" and after in (",", ")", ";", "=", "{"))
        ):
            found.add(token.text)
    return frozenset(found)


def _is_declaration(unit: Unit, index: int) -> bool:
    """A function with a body is in the list of functions; `device T* f(device T* x);` is one without."""
    closing = matching(unit.tokens, index + 1)
    inside = unit.words[index + 2 : closing]
    spaced = any(w in ("device", "constant", "threadgroup", "thread") for w in inside)
    return spaced and unit.words[closing + 1 : closing + 2] == [";"]
