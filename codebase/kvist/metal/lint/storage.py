"""How much threadgroup memory a kernel takes."""

import ast
import operator
import re
from collections.abc import Callable, Iterator, Sequence

from kvist.metal.lint.names import VECTORS
from kvist.metal.lint.problems import Problem
from kvist.metal.lint.unit import Unit
from kvist.metal.threadgroup_variables import declares_pointer
from kvist.metal.tokens import matching, split_commas

THREADGROUP_BYTES = 32768  # of every Apple GPU since the A11 (Metal Feature Set Tables)
_BYTES = {"bool": 1, "char": 1, "short": 2, "int": 4, "long": 8, "half": 2, "float": 4, "bfloat": 2}
_BYTES |= {f"u{name}": _BYTES[name] for name in ("char", "short", "int", "long")}
_BYTES |= {f"{u}int{n}_t": n // 8 for u in ("", "u") for n in (8, 16, 32, 64)}
_BYTES |= {"atomic_int": 4, "atomic_uint": 4, "size_t": 8}
_OPERATIONS: dict[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
    ast.Mod: operator.mod,
}


def check_threadgroup_size(unit: Unit) -> Iterator[Problem]:
    """The threadgroup variables of a kernel fit; those whose size is not a number here count for nothing."""
    constants = _constants(unit)
    for function in unit.functions:
        if not function.is_kernel:
            continue
        total = 0
        for index in range(*function.body):
            if unit.words[index] != "threadgroup" or unit.words[index - 1] not in (";", "{", "}"):
                continue
            end = next((i for i in range(index, len(unit.words)) if unit.words[i] == ";"), index)
            if declares_pointer(unit.tokens, index + 1) or "(" in unit.words[index:end]:
                continue
            before, total = total, total + _size(unit, index + 1, end, constants)
            if before <= THREADGROUP_BYTES < total:
                message = f"{total} bytes of threadgroup variables, of at most {THREADGROUP_BYTES}"
                yield unit.problem(unit.tokens[index], "threadgroup-size", message, "a smaller tile")


def _size(unit: Unit, begin: int, end: int, constants: dict[str, int]) -> int:
    """Bytes of `float a[4], b[2][3]`, 0 where they are not known."""
    element = _bytes_of(unit.words[begin])
    total = 0
    for piece in split_commas(unit.tokens[begin:end]):
        words = [t.text for t in piece]
        count = 1
        index = words.index("[") if "[" in words else len(words)
        while index < len(words) and words[index] == "[":
            closing = matching(piece, index)
            count *= max(_value(words[index + 1 : closing], constants), 0)
            index = closing + 1
        total += count * element
    return total


def _bytes_of(name: str) -> int:
    scalar = re.fullmatch(r"(packed_)?([a-z]+?)([234])", name)
    if name in VECTORS and scalar is not None:
        return _BYTES[scalar[2]] * (4 if scalar[3] == "3" and not scalar[1] else int(scalar[3]))
    return _BYTES.get(name, 0)


def _constants(unit: Unit) -> dict[str, int]:
    """Whole numbers that the text names once: `constant constexpr uint N = 4 * 8;`."""
    found: dict[str, int] = {}
    several: set[str] = set()
    for index, word in enumerate(unit.words[:-2]):
        if unit.words[index + 1] != "=" or unit.tokens[index].kind != "name":
            continue
        end = next((i for i in range(index, len(unit.words)) if unit.words[i] in (";", ",")), index)
        start = index
        while start > 0 and unit.words[start - 1] not in (";", "{", "}", "("):
            start -= 1
        fixed = {"constant", "constexpr", "const"} & set(unit.words[start:index])
        value = _value(unit.words[index + 2 : end], found) if fixed else -1
        if value < 0 or word in found:
            several.add(word)
        found[word] = value
    return {name: value for name, value in found.items() if name not in several}


def _value(words: Sequence[str], constants: dict[str, int]) -> int:
    """A sum or product of whole numbers and names, -1 for everything else."""
    spelled = " ".join(re.sub(r"(?<=[\da-fA-F])[uUlL]+$", "", w) if w[0].isdigit() else w for w in words)
    try:
        return _evaluated(ast.parse(spelled[:200], mode="eval").body, constants)
    except (SyntaxError, ValueError, KeyError, ZeroDivisionError, RecursionError, MemoryError):
        return -1


def _evaluated(node: ast.expr, constants: dict[str, int]) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value < 1 << 40:
        return node.value
    if isinstance(node, ast.Name):
        if constants[node.id] < 0:
            raise ValueError(node.id)
        return constants[node.id]
    if isinstance(node, ast.BinOp):
        left, right = _evaluated(node.left, constants), _evaluated(node.right, constants)
        return _OPERATIONS[type(node.op)](left, right)
    raise ValueError("no whole number")
