"""Call a function right after a module is first imported, without importing it ourselves.

The runner must seed the generators of numpy and MLX, but must not be the one who imports them: importing
them costs time, and whoever imports MLX first decides which BLAS it gets.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

from vaultkit.run.loaders import Loader


def after_import(name: str, action: Callable[[ModuleType], None]) -> None:
    """Run `action(module)` once when `name` is first imported; nothing happens if it already is."""
    if name not in sys.modules:
        sys.meta_path.insert(0, _Finder(name, action))


def forget() -> None:
    """Take back every request that has not come true."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]


class _Finder:
    """Stands in front of the real finders for one module until it is imported (not merely looked for)."""

    def __init__(self, name: str, action: Callable[[ModuleType], None]) -> None:
        self.name = name
        self.action = action
        self.asking = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.name or self.asking:
            return None
        self.asking = True
        try:
            spec = find_spec(fullname)
        finally:
            self.asking = False
        if spec and spec.loader:
            spec.loader = _Loader(spec.loader, self.done)
        return spec

    def done(self, module: ModuleType) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)
            self.action(module)


class _Loader(Loader):
    """The module's own loader, followed by the action."""

    def __init__(self, loader: Loader, action: Callable[[ModuleType], None]) -> None:
        self.loader = loader
        self.action = action

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self.loader.exec_module(module)
        if module.__spec__:
            module.__spec__.loader = self.loader
        module.__loader__ = self.loader
        self.action(module)
