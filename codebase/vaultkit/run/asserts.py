"""Show the values in an assertion that fails: `assert total(x) == 7` says what `total(x)` was.

Before a block is compiled, each operand of its asserts is kept in a hidden name (`(@0 := total(x)) == 7`),
which evaluates nothing twice and nothing more. When the assert fails, the names are read from its frame.
"""

import ast
from collections.abc import Iterator
from difflib import ndiff
from types import FrameType, FunctionType, ModuleType
from typing import Any, cast

MARK = "@"  # hidden names begin with what no name of a note can
_NOT_KEPT = (ast.Constant, ast.Starred, ast.GeneratorExp, ast.Lambda, ast.NamedExpr, ast.Yield, ast.YieldFrom)
_MAX_LENGTH = 200
_MAX_OPERANDS = 8


def compiled(code: str, file: str) -> Any:
    """The code object of `code`, its asserts rewritten. Raises SyntaxError as `compile` does."""
    tree: Any = code
    if "assert" in code:
        try:
            tree = parsed(code, file)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            tree = code
    return compile(tree, file, "exec", dont_inherit=True)


def parsed(code: str, file: str) -> ast.Module:
    """The syntax tree of `code`, its asserts rewritten. Raises what `ast.parse` does."""
    tree: ast.Module = _Rewriter().visit(ast.parse(code, file))
    return tree


def forget(namespace: dict[str, Any]) -> None:
    """Take the hidden names out of a namespace."""
    if any(name.startswith(MARK) for name in namespace):
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
    for number, node in enumerate(_operands(test)):
        name = f"{MARK}{number}"
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


class _Rewriter(ast.NodeTransformer):
    """Keeps operands of asserts, but not in class bodies, where a name would become an attribute."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [part if isinstance(part, ast.Assert) else self.visit(part) for part in node.body]
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST | list[ast.AST]:
        kept = {id(operand): f"{MARK}{number}" for number, operand in enumerate(_operands(node.test))}
        if not kept:
            return node
        node.test = cast(ast.expr, _Keeper(kept).visit(node.test))
        targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name in kept.values()]
        free = ast.Assign(targets, ast.Constant(None))  # let go of what may be large
        ast.copy_location(free, node)
        return [ast.fix_missing_locations(part) for part in (node, free)]


class _Keeper(ast.NodeTransformer):
    def __init__(self, kept: dict[int, str]) -> None:
        self.kept = kept

    def visit(self, node: ast.AST) -> ast.AST:
        name = self.kept.get(id(node))
        if name is None:
            return super().visit(node)
        target = ast.copy_location(ast.Name(name, ast.Store()), node)
        return ast.copy_location(ast.NamedExpr(target, node), node)  # type: ignore[arg-type]


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
        rows = ndiff(right.splitlines(), left.splitlines())
        return ["- the right side, + the left side", *(row for row in rows if row[0] != "?")][:40]
    if type(left) is type(right) and isinstance(left, list | tuple):
        if len(left) != len(right):
            return [f"{len(left)} items on the left, {len(right)} on the right"]
        for place, (a, b) in enumerate(zip(left, right, strict=True)):
            if a is not b and short(a) != short(b):
                return [f"first difference at [{place}]: {short(a)} and {short(b)}"]
    return []
