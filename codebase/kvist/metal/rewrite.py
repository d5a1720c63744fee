"""Turn Metal source into C++ that the stand-in <metal_stdlib> compiles, keeping every line where it was.

Four things differ between the languages: address-space keywords (dropped; `constant` means const), attributes
(dropped), threadgroup variables (references into the runtime's memory), and the type of `1.0` (float in
Metal, double in C++).
"""

from collections.abc import Sequence

from kvist.errors import KvistError
from kvist.metal.frontend import Module, blank, line_of
from kvist.metal.tokens import Token, significant, tokenize

_DROPPED = ("device", "thread", "threadgroup", "kernel")
_CONST_ALREADY = ("const", "constexpr")


def to_cpp(module: Module, label: str) -> str:
    """C++ for the whole text, explicit instantiations blanked out (the entry point names its own)."""
    return rewrite(blank(module.text, [(i.start, i.end) for i in module.instantiations]), label)


def rewrite(text: str, label: str) -> str:
    """Metal text to C++ text with the same line breaks. `label` names the file in errors."""
    tokens = tokenize(text)
    solid = significant(tokens)
    replacement = _attributes(solid) | _constants(solid) | _threadgroup_variables(solid, text, label)
    out = []
    for token in tokens:
        if token.start in replacement:
            out.append(replacement[token.start])
        elif token.kind == "name" and token.text in _DROPPED:
            out.append(" " * len(token.text))
        elif token.kind == "number":
            out.append(_float_literal(token.text))
        else:
            out.append(token.text)
    return "".join(out)


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
    while index + 1 < len(tokens):
        pair = tokens[index : index + 2]
        if pair[0].text == pair[1].text == "[" and pair[0].end == pair[1].start:
            depth = 0
            while True:
                depth += tokens[index].text == "["
                depth -= tokens[index].text == "]"
                replaced[tokens[index].start] = " " * len(tokens[index].text)
                if depth == 0 or index + 1 == len(tokens):
                    break
                index += 1
        index += 1
    return replaced


def _constants(tokens: Sequence[Token]) -> dict[int, str]:
    """`constant` is const, unless the declaration says const or constexpr beside it."""
    replaced = {}
    for index, token in enumerate(tokens):
        if token.kind == "name" and token.text == "constant":
            around = [t.text for t in (*tokens[max(index - 1, 0) : index], *tokens[index + 1 : index + 2])]
            replaced[token.start] = " " * 8 if any(w in _CONST_ALREADY for w in around) else "const   "
    return replaced


def _threadgroup_variables(tokens: Sequence[Token], text: str, label: str) -> dict[int, str]:
    """`threadgroup float sums[32];` to `auto& sums = ...threadgroup_variable<float [32]>(0);`."""
    replaced: dict[int, str] = {}
    count = 0
    for index, token in enumerate(tokens):
        if token.text != "threadgroup" or _declares_pointer(tokens, index + 1):
            continue
        where = f"{label}:{line_of(text, token.start)}"
        end = next((i for i in range(index, len(tokens)) if tokens[i].text == ";"), index)
        statement = tokens[index + 1 : end]
        if not statement or tokens[index - 1].text not in ("{", "}", ";"):
            raise KvistError(
                where, "a threadgroup variable declared in a statement of its own", "something else"
            )
        if any(t.text == "=" for t in statement):
            raise KvistError(where, "a threadgroup variable without an initial value", "one with `=`")
        pieces = _declarations(statement, text, count)
        count += len(pieces)
        replaced |= {t.start: "" for t in statement}
        replaced[token.start] = "; ".join(pieces)
    return replaced


def _declares_pointer(tokens: Sequence[Token], start: int) -> bool:
    """Whether what follows `threadgroup` is a pointer or reference, an ordinary variable or parameter."""
    depth = 0
    for token in tokens[start:]:
        if depth == 0 and token.text in ("*", "&"):
            return True
        if depth == 0 and token.text in (";", ",", "[", ")", "=", ">"):
            return False
        depth += token.text in ("(", "[", "{", "<")
        depth -= token.text in (")", "]", "}", ">")
    return False


def _declarations(statement: Sequence[Token], text: str, first_id: int) -> list[str]:
    """C++ for each variable of `T a[N][M], b`, the part of a threadgroup declaration after the keyword."""
    declarators: list[list[Token]] = [[]]
    depth = 0
    for token in statement:
        depth += token.text in "([{<"
        depth -= token.text in ")]}>"
        if token.text == "," and depth == 0:
            declarators.append([])
        else:
            declarators[-1].append(token)
    first = declarators[0]
    bracket = next((i for i, t in enumerate(first) if t.text == "["), len(first))
    element = text[first[0].start : first[bracket - 2].end]
    parts = []
    for number, declarator in enumerate([first[bracket - 1 :], *declarators[1:]]):
        dimensions = text[declarator[0].end : declarator[-1].end]
        variable = f"::kvist_emulator::threadgroup_variable<{element}{dimensions}>({first_id + number})"
        parts.append(f"auto& {declarator[0].text} = {variable}")
    return parts
