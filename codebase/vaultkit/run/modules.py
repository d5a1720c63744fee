"""Which of our modules a note uses: each note sees only the modules that it imports itself.

Between notes, every module that is not Python's or a library's is taken out of `sys.modules` (and off its
parent package) and kept. When the next note imports it, dynamically or not, the finder here notes that and
gives the same module back, together with all that module depends on. So one process runs many notes, no
module runs twice, and yet each note's imports are seen as if it ran alone.
"""

import dis
import os
import sys
import time
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, SourceFileLoader
from importlib.util import cache_from_source
from types import CodeType, ModuleType
from typing import Protocol

from vaultkit.run.fingerprints import REST_NS
from vaultkit.run.stamps import is_library

_CANDIDATES = ("/__init__.py", *EXTENSION_SUFFIXES, ".py", ".pyc")
_DYNAMIC = (b"import_module", b"__import__", b"sys.modules", b"pkgutil", b"runpy", b"__path__")


class Recorder(Protocol):
    """Who is told of dependencies."""

    active: bool

    def on_file(self, path: str, module: str = "") -> None: ...

    def on_module(self, name: str) -> None: ...


class Modules(MetaPathFinder):
    """The registry of our own modules, and the finder that watches them being imported."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.kept: dict[str, ModuleType] = {}
        self.edges: dict[str, set[str]] = {}
        self.origins: dict[str, tuple[str, ...]] = {}
        self.asking: set[str] = set()
        self.strangers = sorted(name for name, module in sys.modules.items() if _is_stranger(name, module))
        sys.meta_path.insert(0, self)

    def put_away(self) -> None:
        """Take all our modules out of `sys.modules`, for the next note to import anew."""
        for name in self.edges:
            module = sys.modules.pop(name, None)
            if module is None:
                continue
            self.kept[name] = module
            parent, _, child = name.rpartition(".")
            holder = sys.modules.get(parent) or self.kept.get(parent)
            if holder is not None and holder.__dict__.get(child) is module:
                delattr(holder, child)

    def closure(self, names: Iterable[str]) -> set[str]:
        """The modules `names` and all they depend on, those of them that are ours."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in self.edges and name not in found:
                found.add(name)
                waiting += [*self.edges[name], name.rpartition(".")[0]]
        return found

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not self.recorder.active or fullname in self.asking:
            return None
        places = tuple(os.path.abspath(p) for p in (sys.path if path is None else path))
        places = tuple(place for place in places if not is_library(place))
        if fullname in self.kept and self.origins.get(fullname) == places:
            return self._ready(fullname)
        spec = self._found(fullname, path, target)
        if spec is None:
            self._missing(fullname, places)
            return None
        if not _is_own(spec):
            return spec
        if fullname not in self.edges:
            self.edges[fullname] = set()
        self.kept.pop(fullname, None)
        self.origins[fullname] = places
        self.recorder.on_module(fullname)
        self._passed_over(fullname, places, spec)
        if spec.origin and spec.has_location:
            self.recorder.on_file(os.path.abspath(spec.origin), fullname)
        if type(spec.loader) is SourceFileLoader:
            spec.loader = _SourceLoader(spec.loader.name, spec.loader.path, self)
        elif spec.loader is not None and spec.has_location:  # an extension: what it imports cannot be read
            spec.loader = _OpaqueLoader(spec.loader, self)
        return spec

    def _found(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        self.asking.add(fullname)
        try:
            for finder in list(sys.meta_path):
                spec = finder.find_spec(fullname, path, target) if finder is not self else None
                if spec is not None:
                    return spec
        finally:
            self.asking.discard(fullname)
        return None

    def _missing(self, fullname: str, places: tuple[str, ...]) -> None:
        tail = fullname.rpartition(".")[2]
        for place in places:
            for ending in ("", *_CANDIDATES):
                self.recorder.on_file(os.path.join(place, tail) + ending)

    def _passed_over(self, fullname: str, places: tuple[str, ...], spec: ModuleSpec) -> None:
        """What would be imported instead of `spec` if it existed."""
        tail = fullname.rpartition(".")[2]
        for place in places:
            for ending in _CANDIDATES:
                candidate = os.path.join(place, tail) + ending
                if candidate == spec.origin:
                    return
                self.recorder.on_file(candidate, fullname)

    def _ready(self, fullname: str) -> ModuleSpec:
        """A spec that gives back a kept module; its dependencies are put back at once."""
        self.recorder.on_module(fullname)
        for name in sorted(self.closure([fullname]) - {fullname}):
            self._put_back(name)
        module = self.kept[fullname]
        real = module.__spec__
        assert real is not None
        spec = ModuleSpec(fullname, _ReadyLoader(self, module, real), origin=real.origin)
        spec.submodule_search_locations = real.submodule_search_locations
        spec.cached = real.cached
        return spec

    def _put_back(self, name: str) -> None:
        module = self.kept.pop(name, None)
        if module is None or name in sys.modules:
            return
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        holder = sys.modules.get(parent) or self.kept.get(parent)
        if holder is not None and child not in holder.__dict__:
            setattr(holder, child, module)

    def imported(self, name: str, data: bytes | None, code: CodeType | None) -> None:
        """Note what a module's code imports; all that is loaded, if that cannot be read from the code."""
        if code is not None:
            self.edges[name] |= _imports(code, name)
        if data is None or any(word in data for word in _DYNAMIC):
            self.edges[name] |= {other for other in self.edges if other in sys.modules and other != name}


class _ReadyLoader(Loader):
    """Gives a module that has already run."""

    def __init__(self, owner: Modules, module: ModuleType, real: ModuleSpec) -> None:
        self.owner, self.module, self.real = owner, module, real

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.real
        self.owner.kept.pop(self.real.name, None)


class _OpaqueLoader(Loader):
    def __init__(self, loader: Loader, owner: Modules) -> None:
        self.loader, self.owner = loader, owner

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self.loader.exec_module(module)
        module.__loader__ = self.loader
        assert module.__spec__ is not None
        module.__spec__.loader = self.loader
        self.owner.imported(module.__name__, None, None)


class _SourceLoader(SourceFileLoader):
    """Runs a module from its source unless its bytecode is surely of that source.

    Python trusts bytecode by the source's size and whole seconds, so an edit within a second can run the old
    code. Here bytecode counts only when the source had been at rest for two seconds when it was written.
    """

    def __init__(self, fullname: str, path: str, owner: Modules) -> None:
        super().__init__(fullname, path)
        self.owner = owner

    def get_code(self, fullname: str) -> CodeType | None:
        if _may_use_bytecode(self.path):
            self.code = super().get_code(fullname)
        else:
            self.code = self.source_to_code(self.get_data(self.path), self.path)
        return self.code

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        self.owner.imported(module.__name__, self.get_data(self.path), self.code)


def _may_use_bytecode(source: str) -> bool:
    """True if the bytecode is of this source; doubtful bytecode is deleted, and new written once the source
    is at rest.
    """
    status, bytecode = os.stat(source), cache_from_source(source)
    changed = max(status.st_mtime_ns, status.st_ctime_ns) + REST_NS
    try:
        if changed < os.stat(bytecode).st_mtime_ns:
            return True
        os.unlink(bytecode)
    except OSError:
        pass
    return changed < time.time_ns()


def _is_own(spec: ModuleSpec) -> bool:
    if spec.origin and spec.has_location:
        return not is_library(os.path.abspath(spec.origin))
    locations = list(spec.submodule_search_locations or ())
    return bool(locations) and not all(is_library(os.path.abspath(place)) for place in locations)


def _is_stranger(name: str, module: ModuleType) -> bool:
    """A module of ours that was imported before anyone watched."""
    if name.split(".")[0] in ("vaultkit", "__main__", "__mp_main__"):
        return False
    spec = getattr(module, "__spec__", None)
    return spec is not None and _is_own(spec)


def _imports(code: CodeType, name: str) -> set[str]:
    """Every module that the import statements of `code`, functions included, can mean."""
    package = sys.modules[name].__package__ or ""
    found: set[str] = set()
    values: list[object] = [None, None]
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            level, names = values
            base = str(instruction.argval)
            if isinstance(level, int) and level > 0:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - level + 1], base]).strip(".")
            found.add(base)
            found |= (
                {f"{base}.{child}" for child in names if child != "*"} if isinstance(names, tuple) else set()
            )
            found |= _parents(base)
        elif instruction.opname.startswith("LOAD_"):
            values = [values[1], instruction.argval]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _imports(constant, name)
    return found - {name}


def _parents(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[:n]) for n in range(1, len(parts))}
