"""Give back what a note changes in things that are not its own: `json.dumps = f`, `Cache.insert = broken`.

Before a statement that assigns to an attribute, or to an item of a module's container, a call is put that
remembers the old value. After the block the old values are put back, before the note's next block the note's.
What is not written as such a statement, as a method of a shared object, is not seen.
"""

import ast
from types import ModuleType
from typing import Any

GUARD, SET, DELETE = "@guard", "@setattr", "@delattr"
_MISSING = object()


class Borrowed:
    """What one note has changed in foreign modules, classes and containers."""

    def __init__(self) -> None:
        self.attributes: dict[tuple[int, str], tuple[Any, str, Any]] = {}
        self.containers: dict[int, tuple[Any, Any]] = {}
        self.changed: list[tuple[Any, str, Any]] = []
        self.filled: list[tuple[Any, Any]] = []
        self.away = True  # the old values are in place

    def functions(self) -> dict[str, Any]:
        """The hidden names that the note's code needs."""
        return {GUARD: self.guard, SET: self._set, DELETE: self._delete}

    def guard(self, owner: Any, name: str = "", root: Any = None) -> None:
        """Remember what `owner.name` is, or with no name what the container `owner` of a module holds."""
        if not name:
            known = id(owner) in self.containers or not _foreign(root)
            if type(owner) in (dict, list, set) and not known:
                self.containers[id(owner)] = (owner, owner.copy())
        elif _foreign(owner) and (id(owner), name) not in self.attributes:
            self.attributes[id(owner), name] = (owner, name, vars(owner).get(name, _MISSING))

    def give_back(self) -> None:
        """Put the old values in place and remember the note's, unless that is done."""
        if self.away:
            return
        self.away = True
        self.changed = [(o, n, vars(o).get(n, _MISSING)) for o, n, _ in self.attributes.values()]
        self.filled = [(owner, owner.copy()) for owner, _ in self.containers.values()]
        for owner, name, old in self.attributes.values():
            _put(owner, name, old)
        for owner, old in self.containers.values():
            _refill(owner, old)

    def put_again(self) -> None:
        """Put the note's values in place."""
        self.away = False
        for owner, name, value in self.changed:
            _put(owner, name, value)
        for owner, value in self.filled:
            _refill(owner, value)

    def _set(self, owner: Any, name: str, value: Any) -> None:
        self.guard(owner, name)
        setattr(owner, name, value)

    def _delete(self, owner: Any, name: str) -> None:
        self.guard(owner, name)
        delattr(owner, name)


def _foreign(owner: Any) -> bool:
    return isinstance(owner, ModuleType) or (isinstance(owner, type) and owner.__module__ != "note")


def _put(owner: Any, name: str, value: Any) -> None:
    if value is not _MISSING:
        setattr(owner, name, value)
    elif name in vars(owner):
        delattr(owner, name)


def _refill(owner: Any, content: Any) -> None:
    if owner != content or type(owner) is dict:
        owner.clear()
        owner.extend(content) if type(owner) is list else owner.update(content)


class Guarding(ast.NodeTransformer):
    """Puts the calls before the statements; `used` is true if there was any."""

    used = False

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in ("setattr", "delattr"):
            node.func = ast.copy_location(ast.Name("@" + node.func.id, ast.Load()), node.func)
            self.used = True
        return node

    def guarded(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete) -> Any:
        self.generic_visit(node)
        targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
        calls = [call for target in targets if (call := _call(target))]
        self.used |= bool(calls)
        return [*(ast.copy_location(call, node) for call in calls), node]

    visit_Assign = visit_AugAssign = visit_AnnAssign = visit_Delete = guarded


def _call(target: ast.expr) -> ast.Expr | None:
    """The call for one target, None if it needs none: its owner must be a name or a chain of attributes."""
    if isinstance(target, ast.Attribute) and _is_chain(target.value):
        arguments: list[ast.expr] = [_loaded(target.value), ast.Constant(target.attr)]
    elif isinstance(target, ast.Subscript) and _is_chain(target.value, attributes=1):
        arguments = [_loaded(target.value), ast.Constant(""), _loaded(_root(target.value))]
    else:
        return None
    return ast.Expr(ast.Call(ast.Name(GUARD, ast.Load()), arguments, []))


def _is_chain(node: ast.expr, attributes: int = 0) -> bool:
    """True for `a.b.c` with at least so many attributes; what is done to `self` is the note's own affair."""
    count = 0
    while isinstance(node, ast.Attribute):
        node, count = node.value, count + 1
    return isinstance(node, ast.Name) and node.id != "self" and count >= attributes


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _loaded(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body
