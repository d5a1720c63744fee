"""Turn Metal source into C++ that the stand-in <metal_stdlib> compiles, keeping every line where it was.

What differs between the languages: address-space keywords (dropped; `constant` means const), attributes
(dropped), definitions that differ in address space only (one stays), threadgroup variables (references into
the runtime's memory), function constants (their values), and the type of `1.0` (float in Metal, double in
C++). `return;` tells the runtime that a thread leaves early.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from kvist.metal.calls import marked_calls
from kvist.metal.dispatch import dispatched
from kvist.metal.frontend import Module, blank
from kvist.metal.function_constants import FunctionConstant
from kvist.metal.graphics import drawing
from kvist.metal.overloads import Definition, definitions, repeated_definitions
from kvist.metal.ranges import range_initializers
from kvist.metal.refusals import require_emulable
from kvist.metal.threadgroup_variables import threadgroup_variables
from kvist.metal.tokens import Token, attribute_end, is_attribute, significant, tokenize

_DROPPED = ("device", "thread", "threadgroup", "kernel", "coherent")
_CONST_ALREADY = ("const", "constexpr")
_SWIZZLE = re.compile(r"[xyzw]{2,4}|[rgba]{2,4}")


def to_cpp(module: Module, label: str, constants: Mapping[str, str] | None = None) -> str:
    """C++ for the whole text, explicit instantiations blanked out (the entry point names its own).

    constants: C++ values of function constants by name.
    """
    return _to_cpp(module, label, tuple((constants or {}).items()))


@lru_cache(maxsize=64)
def _to_cpp(module: Module, label: str, constants: tuple[tuple[str, str], ...]) -> str:
    text = blank(module.text, [(i.start, i.end) for i in module.instantiations])
    tokens = significant(tokenize(text))
    text = blank(text, drawing(tokens, list(definitions(tokens, 0, len(tokens), ""))))
    return rewrite(text, label, module.constants, dict(constants))


def rewrite(
    text: str,
    label: str,
    declared: Sequence[FunctionConstant] = (),
    constants: Mapping[str, str] | None = None,
) -> str:
    """Metal text to C++ text with the same line breaks. `label` names the file in errors."""
    tokens = tokenize(text)
    solid = significant(tokens)
    replacement = _constants(solid) | threadgroup_variables(solid, text, label)
    found = list(definitions(solid, 0, len(solid), ""))
    require_emulable(solid, found, text, label)
    replacement |= marked_calls(solid, found)
    replacement |= _returns(solid, found) | _attributes(solid) | _member_specializations(solid, found)
    replacement |= _function_constants(solid, declared, constants or {}) | _swizzled_constants(solid)
    replacement |= range_initializers(solid)
    versions, told_apart = dispatched(solid, found)
    for offset, made in versions.items():
        replacement[offset] = made
    for (start, end), _ in repeated_definitions(solid, found):
        if (start, end) in told_apart:
            continue
        replacement |= {t.start: "" for t in solid[start:end]}
    unshared = _kernel_marks(solid)
    out = []
    for token in tokens:
        if token.start in replacement:
            out.append(replacement[token.start])
        elif token.start in unshared:
            out.append("static")
        elif token.kind == "name" and token.text in _DROPPED:
            out.append(" " * len(token.text))
        elif token.kind == "number":
            out.append(_float_literal(token.text))
        else:
            out.append(token.text)
    return "".join(out)


def _kernel_marks(tokens: Sequence[Token]) -> set[int]:
    """Where `kernel` becomes `static`, so that the compiler makes no code of kernels that do not run."""
    found = set()
    for index, token in enumerate(tokens):
        if token.text != "kernel" or [t.text for t in tokens[index + 1 : index + 2]] != ["void"]:
            continue
        before = index
        while before >= 3 and tokens[before - 1].text == "]":
            before -= 1
            while before > 0 and not is_attribute(tokens, before):
                before -= 1
        if before == 0 or tokens[before - 1].text in (";", "}", "{", ">"):
            found.add(token.start)
    return found


def _float_literal(text: str) -> str:
    """`1.0` is a float in Metal; C++ needs the f."""
    lower = text.lower()
    is_hex = lower.startswith("0x")
    is_float = "p" in lower if is_hex else ("." in lower or "e" in lower)
    return text + "f" if is_float and lower[-1] not in "fh" else text


def _attributes(tokens: Sequence[Token]) -> dict[int, str]:
    """Blank out `[[...]]`: C++ compilers differ in where they allow attributes that they do not know."""
    replaced: dict[int, str] = {}
    index = 0
    while index < len(tokens):
        if is_attribute(tokens, index):
            end = attribute_end(tokens, index)
            replaced |= {t.start: " " * len(t.text) for t in tokens[index:end]}
            index = end
        index += 1
    return replaced


def _constants(tokens: Sequence[Token]) -> dict[int, str]:
    """`constant` is const, unless the declaration says const or constexpr beside it.

    A static member with a value has to be constexpr in C++.
    """
    replaced = {}
    classes: list[bool] = []  # for each open brace, whether it is that of a class
    for index, token in enumerate(tokens):
        if token.text == "{":
            classes.append(_opens_class(tokens, index))
        elif token.text == "}" and classes:
            classes.pop()
        if token.kind != "name" or token.text != "constant":
            continue
        around = [t.text for t in (*tokens[max(index - 2, 0) : index], *tokens[index + 1 : index + 3])]
        if "static" in around and "constexpr" not in around and classes and classes[-1]:
            replaced[token.start] = "constexpr"
        else:
            near = [t.text for t in (*tokens[max(index - 1, 0) : index], *tokens[index + 1 : index + 2])]
            after_call = index > 0 and tokens[index - 1].text == ")"  # a member function's qualifier
            known = after_call or any(w in _CONST_ALREADY for w in near)
            replaced[token.start] = " " * 8 if known else "const   "
    return replaced


def _swizzled_constants(tokens: Sequence[Token]) -> dict[int, str]:
    """`constexpr float2 b = a.xy;` is const: in C++ no constant expression reads a swizzle."""
    replaced = {}
    for index, token in enumerate(tokens):
        if token.text != "constexpr":
            continue
        stop = next((i for i in range(index, len(tokens)) if tokens[i].text in ("=", ";", "(", "{")), index)
        end = next((i for i in range(stop, len(tokens)) if tokens[i].text == ";"), stop)
        value = [t.text for t in tokens[stop:end]]
        if value[:1] == ["="] and any(
            dot == "." and _SWIZZLE.fullmatch(name) for dot, name in itertools.pairwise(value)
        ):
            const = any(t.text == "const" for t in tokens[max(index - 2, 0) : stop])
            replaced[token.start] = "" if const else "const"
    return replaced


def _opens_class(tokens: Sequence[Token], brace: int) -> bool:
    for token in reversed(tokens[max(brace - 24, 0) : brace]):
        if token.text in (";", "{", "}", ")"):
            return False
        if token.text in ("struct", "class", "union"):
            return True
    return False


def _returns(tokens: Sequence[Token], found: Sequence[Definition]) -> dict[int, str]:
    """`return;` of functions without a value; not of constructors, nor of what compile time computes."""
    replaced = {}
    for (start, end), _, (first, last) in found:
        head = [t.text for t in tokens[first:last]]
        if "void" not in head or "constexpr" in head or "struct" in head or "class" in head:
            continue
        for t, following in itertools.pairwise(tokens[start:end]):
            if t.text == "return" and following.text == ";":
                replaced[t.start] = "return ::kvist_emulator::leave()"
    return replaced


def _member_specializations(tokens: Sequence[Token], found: Sequence[Definition]) -> dict[int, str]:
    """`template <> float operator()(float x)` inside a class: for C++ compilers an overload."""
    replaced: dict[int, str] = {}
    for (start, _), scope, _ in found:
        words = [t.text for t in tokens[start : start + 4]]
        special = words[:3] == ["template", "<", ">"] and words[3] not in ("struct", "class")
        if scope.startswith("class") and special:
            replaced |= {t.start: "" for t in tokens[start : start + 3]}
    return replaced


def _function_constants(
    tokens: Sequence[Token], declared: Sequence[FunctionConstant], values: Mapping[str, str]
) -> dict[int, str]:
    """`static constexpr bool has_mask = bool(true);` and what `is_function_constant_defined` answers."""
    replaced: dict[int, str] = {}
    starts = {c.start: c for c in declared}
    for index, token in enumerate(tokens):
        constant = starts.get(token.start)
        if constant is not None:
            inside = [t for t in tokens[index:] if t.start < constant.end]
            replaced |= {t.start: "" for t in inside}
            value = values.get(constant.name, "0")
            kind = constant.type_name
            replaced[token.start] = f"static constexpr {kind} {constant.name} = {kind}({value});"
        if token.text == "is_function_constant_defined" and index + 3 < len(tokens):
            answer = str(tokens[index + 2].text in values).lower()
            replaced |= {t.start: "" for t in tokens[index + 1 : index + 4]}
            replaced[token.start] = f"({answer})"
    return replaced
