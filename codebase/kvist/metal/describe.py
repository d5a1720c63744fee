"""What the kernels of a file take, read, write and wait for, told from their text."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kvist.metal.access import Functions, effects
from kvist.metal.dtypes import element_dtype, msl_name
from kvist.metal.frontend import KernelFunction, Module
from kvist.metal.lint.names import FUNCTIONS
from kvist.metal.parameters import Parameter
from kvist.metal.places import place_of
from kvist.metal.preprocess import whole
from kvist.metal.source import HasSource, Source, load
from kvist.metal.threadgroup_variables import declared_variables, variable_statements
from kvist.metal.tokens import Token, matching, significant, tokenize

_SIMD = re.compile(r"(simd|quad|simdgroup)_(?!index|barrier|float|half|bfloat|matrix$|vote)\w+")


def explain_source(
    kernel: str | Path | Source | HasSource, *, include: Sequence[str | Path] = ()
) -> dict[str, Any]:
    """{"file", "kernels": [{"name", "line", "arguments", "threadgroup", "barriers", ...}]}.

    Read from the text without running it: an argument that is only passed on to a function that the file does
    not define counts as read, and as written if its type allows that. Nothing is compiled, except that the C
    preprocessor resolves macros and includes. Raises KvistError for a file that cannot be read.
    """
    source = whole(load(kernel), [Path(folder) for folder in include])
    module, label = source.module, source.label
    tokens = significant(tokenize(module.text))
    functions = Functions(tokens)
    kernels = [_kernel(module, k, tokens, functions, label) for k in module.kernels]
    constants = [{"name": c.name, "type": c.type_name, "index": c.index} for c in module.constants]
    return {"file": str(source.path or label), "kernels": kernels, "function_constants": constants}


def _kernel(
    module: Module, kernel: KernelFunction, tokens: Sequence[Token], functions: Functions, label: str
) -> dict[str, Any]:
    body = [t for t in tokens if kernel.body[0] <= t.start < kernel.body[1]]
    names = [p.name for p in kernel.parameters if p.attribute in ("buffer", "threadgroup")]
    values = [p.name for p in kernel.parameters if p.is_reference]
    found = effects(body, names, functions, values, values)
    called = functions.reached(body)
    return {
        "name": kernel.name,
        "host_name": kernel.host_name,
        "line": place_of(module.text, kernel.start, label)[1],
        "template": [{"kind": kind, "name": name} for kind, name in kernel.template],
        "instances": [i.host_name for i in module.instantiations if i.kernel == kernel.name],
        "arguments": [_argument(p, found.get(p.name, set())) for p in kernel.parameters],
        "threadgroup": _threadgroup(module.text, body, label),
        "barriers": _calls(module.text, called, re.compile(r"(threadgroup|simdgroup)_barrier"), label),
        "simd_operations": [
            call
            for call in _calls(module.text, called, _SIMD, label)
            if call["name"] in FUNCTIONS or call["name"] not in functions  # a helper called simd_merge
        ],
        "atomic_operations": _calls(module.text, called, re.compile(r"atomic_\w+_explicit"), label),
    }


def _argument(p: Parameter, effect: set[str]) -> dict[str, Any]:
    described: dict[str, Any] = {"name": p.name, "type": p.type_name, "attribute": p.attribute}
    if p.attribute not in ("buffer", "threadgroup"):
        return described
    described |= {"space": p.space, "index": p.index, "const": p.is_const, "pointer": p.is_pointer}
    dtype = element_dtype(p.type_name)
    described |= {"dtype": msl_name(dtype) if dtype is not None else None}
    described |= {"reads": "read" in effect, "writes": "write" in effect and not p.is_const}
    if p.condition:
        described["function_constant"] = p.condition
    return described


def _threadgroup(text: str, body: Sequence[Token], label: str) -> list[dict[str, Any]]:
    variables = []
    for start, end in variable_statements(body, text, label):
        line = place_of(text, body[start].start, label)[1]
        for element, dimensions, name in declared_variables(body[start + 1 : end], text):
            size = _bytes(element, dimensions, text)
            variables.append({"name": name, "type": f"{element}{dimensions}", "bytes": size, "line": line})
    return variables


def _bytes(element: str, dimensions: str, text: str) -> int | None:
    """Size of `float [8][32]` where the dimensions are numbers or constants with plain values."""
    dtype = element_dtype(element.replace(" ", ""))
    if dtype is None:
        return None
    lanes = re.search(r"[234]$", re.sub(r"^vec<(.*),([234])>$", r"\1\2", element.replace(" ", "")))
    total = dtype.size * ({"2": 2, "3": 4, "4": 4}[lanes.group()] if lanes else 1)
    for dimension in re.findall(r"\[([^\]]*)\]", dimensions):
        value = _value(dimension, text, 0)
        if value is None:
            return None
        total *= value
    return total


def _value(expression: str, text: str, depth: int) -> int | None:
    def known(name: re.Match[str]) -> str:
        constant = re.search(rf"\b{name.group()}\s*=\s*([^;,]+);", text)
        value = _value(constant[1], text, depth + 1) if constant and depth < 8 else None
        return str(value) if value is not None else "?"

    plain = re.sub(r"[A-Za-z_]\w*", known, re.sub(r"\b(\d+)[uUlL]+\b", r"\1", expression))
    if not re.fullmatch(r"[\d\s+*()/-]+", plain) or len(plain) > 200:
        return None
    try:
        return int(_arithmetic(plain.replace("/", "//")))
    except (SyntaxError, ZeroDivisionError, TypeError):
        return None


def _arithmetic(expression: str) -> int:
    """Digits and + - * // ( ) only: `_value` has seen to that."""
    return int(eval(expression, {"__builtins__": {}}))


def _calls(
    text: str, bodies: Sequence[Sequence[Token]], pattern: re.Pattern[str], label: str
) -> list[dict[str, Any]]:
    found = []
    for body in bodies:
        for index, token in enumerate(body[:-1]):
            if token.kind == "name" and pattern.fullmatch(token.text) and body[index + 1].text in ("(", "<"):
                file, line = place_of(text, token.start, label)
                call: dict[str, Any] = {"name": token.text, "file": file, "line": line}
                if token.text.endswith("_barrier") and body[index + 1].text == "(":
                    inside = body[index + 2 : matching(body, index + 1)]
                    call["flags"] = [
                        t.text for t in inside if t.text.startswith("mem_") and t.text != "mem_flags"
                    ]
                found.append(call)
    return found
