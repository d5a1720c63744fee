"""Which dotted names of a package a piece of code uses, and where: imports, aliases, attributes.

Names are followed through `import … as`, `from … import … as` and plain assignment, within one note from
block to block; a name that is bound to something else is forgotten. What a call gives has the path of what
was called and `()`: after `tree = Tree()` the use of `tree.grow` has the path `Tree().grow`. Such a name is
forgotten where it could be another by the time the code runs: after branches and loops that bind it, and in
functions. Code is only parsed, never run.
"""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Literal, NamedTuple

CALLED = "()"  # in a path: what this call gives
UseKind = Literal["import", "run", "annotation"]
_LINE_END = re.compile(r"\r\n|\r|\n")  # as Python counts lines
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Use(NamedTuple):
    """`path` as the code reaches it; `text` stands at `line` (1-based) and `column` (0-based, characters)."""

    path: str
    line: int
    column: int
    text: str
    kind: UseKind


def uses(code: str, bound: dict[str, str], package: str) -> list[Use]:
    """The uses in one block, in the order of the text; `bound` (name -> path) is carried on to the next.

    Code that does not parse has none.
    """
    found, after = _uses(code, tuple(bound.items()), package)
    bound.clear()
    bound.update(after)
    return list(found)


@lru_cache(2000)
def _uses(
    code: str, bound: tuple[tuple[str, str], ...], package: str
) -> tuple[tuple[Use, ...], tuple[tuple[str, str], ...]]:
    """The uses, and what is bound after them; kept, as most edits leave code as it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return (), bound
    reader = _Reader(code, dict(bound), package)
    reader.visit(tree)
    found = sorted(reader.found, key=lambda use: (use.line, use.column))
    return tuple(found), tuple(reader.bound.items())


class _Reader(ast.NodeVisitor):
    def __init__(self, code: str, bound: dict[str, str], package: str) -> None:
        self.lines = _LINE_END.split(code)
        self.bound = bound
        self.package = package
        self.kind: UseKind = "run"
        self.found: list[Use] = []

    def _own(self, path: str) -> bool:
        return path == self.package or path.startswith(self.package + ".")

    def _use(self, path: str, line: int, byte: int, text: str, kind: UseKind) -> None:
        column = len(self.lines[line - 1].encode()[:byte].decode("utf-8", "replace"))
        self.found.append(Use(path, line, column, text, kind))

    def _path(self, node: ast.expr | None) -> str:
        """The path that an expression stands for, "" if none."""
        if isinstance(node, ast.Name):
            return self.bound.get(node.id, "")
        if isinstance(node, ast.Attribute):
            owner = self._path(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        if isinstance(node, ast.Call):
            called = self._path(node.func)
            return f"{called}{CALLED}" if called and CALLED not in called else ""
        return ""

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            self.bound.pop(name, None)
            if self._own(alias.name):
                self.bound[name] = alias.name if alias.asname else name

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            name = alias.asname or alias.name
            self.bound.pop(name, None)
            if not node.level and self._own(node.module or "") and alias.name != "*":
                self.bound[name] = f"{node.module}.{alias.name}"
                self._use(self.bound[name], alias.lineno, alias.col_offset, alias.name, "import")

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.bound.pop(node.id, None)
        elif path := self._path(node):
            self._use(path, node.lineno, node.col_offset, node.id, self.kind)

    def visit_Call(self, node: ast.Call) -> None:
        path = self._path(node.func)
        if path.endswith(CALLED) and isinstance(node.func, ast.Name):
            self._use(f"{path}.__call__", node.lineno, node.col_offset, node.func.id, self.kind)
            self._all([*node.args, *node.keywords])
        else:
            self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.visit(node.value)
        if path := self._path(node):
            byte = (node.end_col_offset or 0) - len(node.attr.encode())
            self._use(path, node.end_lineno or node.lineno, byte, node.attr, self.kind)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        path = self._path(node.value)
        for target in node.targets:
            self.visit(target)
            if path and isinstance(target, ast.Name):
                self.bound[target.id] = path

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._annotations([node.annotation])
        if node.value:
            self.visit(node.value)
        self.visit(node.target)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.generic_visit(node)
        self.bound.pop(node.name or "", None)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._all([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])
        self.bound.pop(node.name, None)
        with self._scope(_stored(node.body)):
            self._all(node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        arguments = node.args
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        parameters += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
        self._all([default for default in (*arguments.defaults, *arguments.kw_defaults) if default])
        local = {parameter.arg for parameter in parameters}
        if isinstance(node, ast.Lambda):
            body: list[ast.AST] = [node.body]
        else:
            self._all(node.decorator_list)
            self._annotations([*(p.annotation for p in parameters), node.returns])
            self.bound.pop(node.name, None)
            body = [*node.body]
            local |= _stored(node.body)
        with self._scope(local):
            for name in [name for name, path in self.bound.items() if path.endswith(CALLED)]:
                del self.bound[name]  # the function may run when the name is another object
            self._all(body)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._branches([node.body, node.orelse])

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        self._branches([[case] for case in node.cases] + [[]])

    def visit_While(self, node: ast.While) -> None:
        self._loop([node.test, *node.body], node.orelse)

    def visit_Try(self, node: ast.Try) -> None:
        before = dict(self.bound)
        self._all([*node.body, *node.orelse])
        self._unsettle(before, node.body)
        self._branches([*([handler] for handler in node.handlers), []])
        self._all(node.finalbody)

    def visit_TryStar(self, node: ast.TryStar) -> None:
        self.visit_Try(node)  # type: ignore[arg-type]

    def _loop(self, nodes: list[ast.AST], orelse: list[ast.stmt]) -> None:
        """Code that runs any number of times: what it binds is not known at its start, nor after it."""
        before = dict(self.bound)
        self._unsettle({}, nodes)  # what an earlier round has bound
        self._all(nodes)
        self._unsettle(before, nodes)
        self._all(orelse)
        self._unsettle(before, [*nodes, *orelse])

    def _branches(self, branches: Sequence[Sequence[ast.AST]]) -> None:
        """Code of which one part runs; after it only what all parts agree on is known."""
        before, after = dict(self.bound), []
        for nodes in branches:
            self.bound.clear()
            self.bound.update(before)
            self._all(nodes)
            after.append(dict(self.bound))
        for name in {name for bound in after for name in bound}:
            paths = {bound.get(name, "") for bound in after}
            if len(paths) > 1:
                known = sorted(path for path in paths if path and not path.endswith(CALLED))
                objects = any(path.endswith(CALLED) for path in paths)
                self.bound.pop(name, None)
                if known and not objects:
                    self.bound[name] = known[0]
            else:
                self.bound[name] = paths.pop()

    def _unsettle(self, before: dict[str, str], nodes: Sequence[ast.AST]) -> None:
        """Forget objects under names that these nodes may have bound to something else than `before`."""
        for name in _stored(nodes):
            path, was = self.bound.get(name, ""), before.get(name, "")
            if CALLED in path + was and path != was:
                self.bound.pop(name, None)

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, _COMPREHENSIONS):
            with self._scope(_stored([generator.target for generator in node.generators])):
                self._all(ast.iter_child_nodes(node))
        elif isinstance(node, ast.For | ast.AsyncFor):
            self.visit(node.iter)
            self._loop([node.target, *node.body], node.orelse)
        else:
            super().generic_visit(node)

    def _all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _annotations(self, nodes: Iterable[ast.expr | None]) -> None:
        self.kind = "annotation"
        self._all(node for node in nodes if node)
        self.kind = "run"

    @contextmanager
    def _scope(self, local: set[str]) -> Iterator[None]:
        """A scope of its own, in which the names `local` are not what they are outside."""
        outer = self.bound
        self.bound = {name: path for name, path in outer.items() if name not in local}
        yield
        self.bound = outer


def _stored(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that these nodes bind, those of functions inside them included: better none than a wrong one."""
    stored: set[str] = set()
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            stored.add(node.id)
    return stored
