"""Loaders that stand in for Python's while notes run: they give a kept module back, or watch one run."""

import os
from collections.abc import Callable
from contextlib import nullcontext
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import cache_from_source
from time import time_ns
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

from vaultkit.run.fingerprints import REST_NS
from vaultkit.run.generators import own_generators

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object  # importing `importlib.abc` costs more than all of this

Done = Callable[[ModuleType, bytes | None, CodeType | None], None]


class ReadyLoader(Loader):
    """Gives a module that has already run; `given` is called then."""

    def __init__(self, module: ModuleType, real: ModuleSpec, given: Callable[[str], None]) -> None:
        self.module, self.real, self.given = module, real, given

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.real
        self.given(self.real.name)


class OpaqueLoader(Loader):
    """An extension or the like: what it imports cannot be read, so `done` gets no code."""

    def __init__(self, loader: Loader, done: Done) -> None:
        self.loader, self.done = loader, done

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        with guarded(None):
            self.loader.exec_module(module)
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.done(module, None, None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)  # is_package, get_filename, get_resource_reader ...


class SourceLoader(SourceFileLoader):
    """Runs a module from its source; `done` gets the source and the code that was run."""

    def __init__(self, fullname: str, path: str, done: Done) -> None:
        super().__init__(fullname, path)
        self.done = done

    def exec_module(self, module: ModuleType) -> None:
        data = self.get_data(self.path)
        code = self.get_code(module.__name__)
        if code is None:
            raise ImportError(f"no code in {self.path}", name=module.__name__, path=self.path)
        with guarded(data):
            exec(code, module.__dict__)
        self.done(module, data, code)


_depth = [0]


class guarded:
    """While a module is run: see `generators`. Within another module's import only if the code may draw."""

    def __init__(self, data: bytes | None) -> None:
        needed = _depth[0] == 0 or data is None or b"random" in data
        self.inner: Any = own_generators() if needed else nullcontext()

    def __enter__(self) -> None:
        _depth[0] += 1
        self.inner.__enter__()

    def __exit__(self, *error: Any) -> None:
        _depth[0] -= 1
        self.inner.__exit__(*error)


def watch_sources(watched: Callable[[str], bool]) -> None:
    """From now on sources for which `watched(path)` are never run from doubtful bytecode, whoever loads them.

    Python trusts bytecode by the source's size and whole seconds, so an edit within a second can run the old
    code. Here bytecode counts only when the source had been at rest for two seconds when it was written.
    """
    original = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        path = os.path.abspath(self.path)
        if watched(path) and not _may_use_bytecode(path):
            return self.source_to_code(self.get_data(self.path), self.path)
        return original(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]


def _may_use_bytecode(source: str) -> bool:
    """True if the bytecode is of this source; doubtful bytecode is deleted, and new written once the source
    is at rest.
    """
    try:
        status, bytecode = os.stat(source), cache_from_source(source)
        changed = max(status.st_mtime_ns, status.st_ctime_ns) + REST_NS
        if changed < os.stat(bytecode).st_mtime_ns:
            return True
        os.unlink(bytecode)
    except (OSError, NotImplementedError):
        pass
    try:
        return max(os.stat(source).st_mtime_ns, os.stat(source).st_ctime_ns) + REST_NS < time_ns()
    except OSError:
        return False
