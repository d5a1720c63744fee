"""Function constants: values that the host gives when it makes a pipeline of a kernel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kvist.errors import KvistError
from kvist.metal.tokens import Token, attribute_end, is_attribute


@dataclass(frozen=True, slots=True)
class FunctionConstant:
    """`constant bool has_mask [[function_constant(20)]];` between offsets start and end."""

    name: str
    type_name: str
    index: int
    start: int
    end: int


def find_constants(tokens: Sequence[Token]) -> tuple[FunctionConstant, ...]:
    """Those that the text declares at file scope."""
    found = []
    for index, token in enumerate(tokens):
        if token.text != "function_constant" or index < 4 or not is_attribute(tokens, index - 2):
            continue
        begin, end = index - 2, attribute_end(tokens, index - 2)
        first = begin
        while first > 0 and tokens[first - 1].text not in (";", "}", "{", "(", ","):
            first -= 1
        words = [t.text for t in tokens[first:begin]]
        if "constant" not in words or end >= len(tokens) or tokens[end].text != ";":
            continue  # an attribute of a parameter
        kind = " ".join(w for w in words[:-1] if w not in ("constant", "const", "constexpr", "static"))
        number = next((int(t.text) for t in tokens[index:end] if t.text.isdigit()), -1)
        found.append(FunctionConstant(words[-1], kind, number, tokens[first].start, tokens[end].end))
    return tuple(found)


def values_of(
    constants: Sequence[FunctionConstant], given: Mapping[str | int, Any], where: str
) -> dict[str, str]:
    """C++ values by name of those that are given, by name or by index."""
    by_key = {c.name: c for c in constants} | {str(c.index): c for c in constants}
    values = {}
    for key, value in given.items():
        constant = by_key.get(str(key))
        if constant is None:
            known = ", ".join(f"{c.name} ({c.index})" for c in constants) or "none"
            raise KvistError(where, f"function constants of this file: {known}", str(key))
        values[constant.name] = _spelled(value, where, constant)
    return values


def _spelled(value: Any, where: str, constant: FunctionConstant) -> str:
    if isinstance(value, str):
        text = value.strip()
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = repr(value)
    if not text.replace(".", "").replace("-", "").replace("+", "").isalnum():
        raise KvistError(where, f"a number or bool for function constant {constant.name}", repr(value))
    return text
