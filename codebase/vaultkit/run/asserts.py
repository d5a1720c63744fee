"""Show the values in an assertion that fails: `assert f(x) == 7` says what `f(x)` was.

Before a block is compiled, each operand of its asserts is kept in a hidden name, `(_kept_0 := f(x)) == 7`,
which evaluates nothing twice and nothing more. When the assert fails, the names are read from its frame. This
is done in the text, assert by assert, as parsing the whole block in Python costs eight times as much.
"""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from types import FrameType, FunctionType, ModuleType
from typing import Any

MARK = "_kept_"  # what hidden names begin with
_ASSERT = re.compile(r"[ \t]*assert\b")
# Names and numbers need not be kept: they are as they were when the assert has failed.
_PLAIN = re.compile(
    r"[ \t]*assert[ \t]+[^\W\d]\w*[ \t]*(?:[=!<>]=|[<>])[ \t]*(?:[^\W\d]\w*|\d+(?:\.\d+)?)[ \t]*"
)
_TOP_ASSERT = re.compile(r"assert\b")
_UNSURE = ('"""', "'''", "\f")  # there may be texts that look like an assert
_MAX_LINES = 40
_NOT_KEPT = (ast.Constant, ast.Starred, ast.GeneratorExp, ast.Lambda, ast.NamedExpr, ast.Yield, ast.YieldFrom)
_MAX_LENGTH = 200
_MAX_OPERANDS = 8


def rewritten(code: str) -> str:
    """The code with the operands of its asserts kept; it has the same lines."""
    if "assert" not in code or any(mark in code for mark in _UNSURE):
        return code
    lines = code.split("\n")
    number = 0
    sure = _TOP_ASSERT if "class " in code else _ASSERT  # the body of a class would keep the names
    while number < len(lines):
        line = lines[number]
        if "assert" in line and sure.match(line) and not _PLAIN.fullmatch(line):
            number = _rewrite(lines, number)
        else:
            number += 1
    return "\n".join(lines)


def _rewrite(lines: list[str], first: int) -> int:
    """Rewrite the assert that starts at index `first`; return the index after it."""
    indent = len(lines[first]) - len(lines[first].lstrip())
    for end in range(first + 1, min(first + _MAX_LINES, len(lines)) + 1):
        text = "\n".join(lines[first:end])[indent:]
        try:
            statement = ast.parse(text).body[0]
        except (SyntaxError, ValueError, RecursionError):
            continue
        if not isinstance(statement, ast.Assert):
            break
        rows = [row.encode() for row in text.split("\n")]
        operands = list(enumerate(_operands(statement.test)))
        for place, node in sorted(
            operands, key=lambda pair: (pair[1].lineno, pair[1].col_offset), reverse=True
        ):
            last = (node.end_lineno or node.lineno) - 1
            stop = node.end_col_offset or 0
            rows[last] = rows[last][:stop] + b"))" + rows[last][stop:]
            row, start = rows[node.lineno - 1], node.col_offset
            rows[node.lineno - 1] = row[:start] + f"({MARK}{place} := (".encode() + row[start:]
        lines[first:end] = [lines[first][:indent] + rows[0].decode(), *(row.decode() for row in rows[1:])]
        return end
    return first + 1


def _position(operand: tuple[int, ast.expr]) -> tuple[int, int]:
    return operand[1].lineno, operand[1].col_offset


def forget(namespace: dict[str, Any]) -> None:
    """Take the hidden names out of a namespace."""
    for name in [name for name in namespace if name.startswith(MARK)]:
        del namespace[name]


def explain(code: str, line: int, frame: FrameType) -> tuple[str, list[str]]:
    """(the assertion with its values, lines that name each) of the assert on `line` that failed."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return "", []
    asserts = [
        n for n in ast.walk(tree) if isinstance(n, ast.Assert) and n.lineno <= line <= (n.end_lineno or 0)
    ]
    if not asserts:
        return "", []
    test = max(asserts, key=lambda node: node.lineno).test
    values: dict[int, Any] = {}
    lines = []
    operands = _operands(test)
    unkept = any(map(_PLAIN.fullmatch, code.split("\n")[line - 1 : line]))
    for number, node in enumerate(operands):
        name = f"{MARK}{number}"
        if unkept and isinstance(node, ast.Name):
            name = node.id
        scope = frame.f_locals if name in frame.f_locals else frame.f_globals
        if name in scope:
            values[id(node)] = scope[name]
            text = short(scope[name])
            if text != ast.unparse(node) and not isinstance(scope[name], type | FunctionType | ModuleType):
                lines.append(f"where {short_text(ast.unparse(node))} = {text}")
    return _with_values(test, values), list(dict.fromkeys(lines)) + _difference(test, values)


def short(value: object) -> str:
    """A value on one line."""
    try:
        return short_text(" ".join(repr(value).split()))
    except Exception as error:  # a broken __repr__ must not hide the failure
        return f"<no repr: {type(error).__name__}>"


def short_text(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else text[:_MAX_LENGTH] + "…"


def _operands(test: ast.expr) -> list[ast.expr]:
    """What is worth knowing of an assert's condition: sides of comparisons, arguments of a call."""
    return list(_kept(test))[:_MAX_OPERANDS]


def _kept(test: ast.expr) -> Iterator[ast.expr]:
    parts: list[ast.expr] = []
    if isinstance(test, ast.Compare):
        parts = [test.left, *test.comparators]
    elif isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _kept(value)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _kept(test.operand)
    elif isinstance(test, ast.Call):
        parts = [*test.args, *(keyword.value for keyword in test.keywords)]
        if not any(not isinstance(part, _NOT_KEPT) for part in parts) and isinstance(
            test.func, ast.Attribute
        ):
            parts = [test.func.value]
    else:
        parts = [test]
    yield from (part for part in parts if not isinstance(part, _NOT_KEPT))


def _with_values(test: ast.expr, values: dict[int, Any]) -> str:
    """The condition with its operands replaced by their values, "" if that would be too long."""
    if not isinstance(test, ast.Compare):
        return f"assert {short_text(ast.unparse(test))}"
    parts = []
    for node in (test.left, *test.comparators):
        parts.append(short(values[id(node)]) if id(node) in values else ast.unparse(node))
    signs = [ast.unparse(ast.Compare(ast.Constant(0), [op], [ast.Constant(0)]))[2:-2] for op in test.ops]
    text = (
        "assert " + parts[0] + "".join(f" {sign} {part}" for sign, part in zip(signs, parts[1:], strict=True))
    )
    return text if len(text) <= _MAX_LENGTH else f"assert {short_text(ast.unparse(test))}"


def _difference(test: ast.expr, values: dict[int, Any]) -> list[str]:
    """Where the two sides of `==` differ, for texts of several lines and for sequences."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return []
    sides: list[Any] = []
    for node in (test.left, test.comparators[0]):
        if not isinstance(node, ast.Constant) and id(node) not in values:
            return []
        sides.append(node.value if isinstance(node, ast.Constant) else values[id(node)])
    left, right = sides
    if isinstance(left, str) and isinstance(right, str) and "\n" in left + right:
        ndiff = import_module("difflib").ndiff  # dear to import, and seldom needed
        rows = ndiff(right.splitlines(), left.splitlines())
        return ["- the right side, + the left side", *(row for row in rows if row[0] != "?")][:40]
    if type(left) is type(right) and isinstance(left, list | tuple):
        if len(left) != len(right):
            return [f"{len(left)} items on the left, {len(right)} on the right"]
        for place, (a, b) in enumerate(zip(left, right, strict=True)):
            if a is not b and short(a) != short(b):
                return [f"first difference at [{place}]: {short(a)} and {short(b)}"]
    return []
