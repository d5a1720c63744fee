"""Function constants: values that the host gives when it makes a pipeline of a kernel."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np

from kvist.errors import KvistError
from kvist.metal.dtypes import element_dtype, to_numpy
from kvist.metal.parameters import index_of
from kvist.metal.tokens import Token, attribute_end, is_attribute, matching


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
        number = index_of([t.text for t in tokens[index + 2 : matching(tokens, index + 1)]])
        number = -1 if number is None else number
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
    """The value in C++, checked against the type that the file declares."""
    plain = value.item() if isinstance(value, np.generic) or _is_single(value) else value
    text = str(plain).strip().lower() if isinstance(plain, str | bool) else repr(plain).lower()
    dtype = element_dtype(constant.type_name)
    known = dtype is not None and constant.type_name[-1:] not in ("2", "3", "4")
    found = _literal(text, dtype) if known else text
    if not found or not re.fullmatch(r"[-+]?[\w.]+([-+]\d+f?)?", found):
        need = f"{_wanted(dtype) if known else 'a number or bool'} for function constant {constant.name}"
        hint = f"it is declared as {constant.type_name}" if constant.type_name else ""
        raise KvistError(where, need, str(value), hint)
    return found


def _is_single(value: Any) -> bool:
    return isinstance(value, mx.array) and value.size == 1


def _wanted(dtype: mx.Dtype | None) -> str:
    if dtype == mx.bool_:
        return "true or false"
    limits = _limits(dtype)
    return f"a whole number from {limits[0]} to {limits[1]}" if limits else "a number"


def _literal(text: str, dtype: mx.Dtype | None) -> str:
    """C++ for `text` in that type; empty if it holds no such value."""
    if dtype == mx.bool_:
        return {"true": "true", "1": "true", "false": "false", "0": "false"}.get(text, "")
    number = {"true": "1", "false": "0"}.get(text, text)
    limits = _limits(dtype)
    try:
        if limits is None:
            value = float(re.sub(r"(?<=[0-9.])f$", "", number))
            special = {"inf": "INFINITY", "-inf": "-INFINITY", "nan": "NAN"}
            return special.get(str(value), repr(value))
        whole = int(re.sub(r"(?<=[0-9a-f])(u|l|ul|lu)$", "", number), 0)
    except ValueError:
        return ""
    if not limits[0] <= whole <= limits[1]:
        return ""
    if whole == -(2**63):
        return "-0x7fffffffffffffff-1"
    return f"{whole}u" if whole > 2**63 - 1 else str(whole)


def _limits(dtype: mx.Dtype | None) -> tuple[int, int] | None:
    """The least and the largest value of a type of whole numbers."""
    if dtype is None or dtype in (mx.float32, mx.float16, mx.bfloat16, mx.bool_):
        return None
    limits = np.iinfo(to_numpy(dtype))
    return int(limits.min), int(limits.max)
