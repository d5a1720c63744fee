"""The public members of a class: what it defines itself, documented by a base class where it is silent."""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from vaultkit.api.names import Member
from vaultkit.api.signature import Function, Signatures, fields


@dataclass(frozen=True, slots=True)
class Class:
    """A class in the source of its module."""

    module: str
    node: ast.ClassDef
    signatures: Signatures

    def function(self, name: str) -> Function | None:
        return next((f for f in self._functions() if f.name == name), None)

    def _functions(self) -> Iterator[Function]:
        for item in self.node.body:
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                yield item

    def own(self) -> Iterator[Member]:
        """Fields, properties and methods in the order of the text; `__call__` counts as public."""
        documented = dict(_field_docs(self.node))
        for item in fields(self.node):
            name, annotation = ast.unparse(item.target), self.signatures.annotation(item.annotation)
            yield Member(name, "field", f"{name}: {annotation}", documented.get(name, ""), item.lineno)
        for function in self._functions():
            if function.name.startswith("_") and function.name != "__call__":
                continue
            decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
            doc = ast.get_docstring(function) or ""
            if any(text.endswith("property") for text in decorators):
                returns = self.signatures.annotation(function.returns)
                text = f"{function.name}: {returns}" if returns else function.name
                yield Member(function.name, "property", text, doc, function.lineno)
            elif not any(text.endswith((".setter", ".deleter")) for text in decorators):
                text = self.signatures.function(function, method=True)
                yield Member(function.name, "method", text, doc, function.lineno)


def members(line: list[Class]) -> list[Member]:
    """Members of `line[0]`; `line[1:]` are its bases, nearest first, which lend docstrings."""
    lent: dict[str, str] = {}
    for base in line[1:]:
        for member in base.own():
            lent.setdefault(member.name, member.doc)
    found: dict[str, Member] = {}
    for member in line[0].own():
        doc = member.doc or lent.get(member.name, "")
        found[member.name] = Member(member.name, member.kind, member.signature, doc, member.line)
    return list(found.values())


def _field_docs(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for item, after in zip(node.body, node.body[1:], strict=False):
        if isinstance(item, ast.AnnAssign) and isinstance(after, ast.Expr):
            value = after.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield ast.unparse(item.target), inspect.cleandoc(value.value)
