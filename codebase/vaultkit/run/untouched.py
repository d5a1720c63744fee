"""Modules as they were right after their import: what a note has changed in them is undone for the next note.

Restored are a module's names, the contents of lists, dicts and sets that they hold, and the attributes of
classes that the module defines. What lies deeper (an array written in place, an object's attribute) is not.
"""

from types import ModuleType
from typing import Any

_KEPT = frozenset({"__builtins__", "__spec__", "__loader__", "__cached__", "__doc__"})


class Image:
    """The state of one module at one moment."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.names = dict(module.__dict__)
        self.contents: list[tuple[Any, Any]] = [
            (value, value.copy())
            for name, value in self.names.items()
            if type(value) in (list, dict, set) and name not in _KEPT
        ]
        self.classes: list[tuple[type, dict[str, Any]]] = [
            (value, dict(vars(value)))
            for value in self.names.values()
            if isinstance(value, type) and getattr(value, "__module__", "") == module.__name__
        ]

    def restore(self) -> None:
        """Undo what has changed; submodules, which appear as names when they are imported, are left alone."""
        now = self.module.__dict__
        for name in [name for name in now if name not in self.names and type(now[name]) is not ModuleType]:
            del now[name]
        for name, value in self.names.items():
            if now.get(name) is not value and type(value) is not ModuleType and name not in _KEPT:
                now[name] = value
        for held, content in self.contents:
            if not _same(held, content):
                held.clear()
                held.extend(content) if isinstance(held, list) else held.update(content)
        for kind, attributes in self.classes:
            _restore_class(kind, attributes)


def _same(held: Any, content: Any) -> bool:
    """True if two containers hold the same objects."""
    if len(held) != len(content):
        return False
    if isinstance(held, dict):
        return all(held.get(key) is value for key, value in content.items())
    if isinstance(held, list):
        return all(a is b for a, b in zip(held, content, strict=True))
    return bool(held == content)


def _restore_class(kind: type, attributes: dict[str, Any]) -> None:
    now = vars(kind)
    if len(now) == len(attributes) and all(now.get(name) is value for name, value in attributes.items()):
        return
    for name in [name for name in now if name not in attributes and not name.startswith("__")]:
        delattr(kind, name)
    for name, value in attributes.items():
        if now.get(name) is not value and name not in ("__dict__", "__weakref__", "__abstractmethods__"):
            try:
                setattr(kind, name, value)
            except (AttributeError, TypeError):  # a class that guards its attributes
                continue
