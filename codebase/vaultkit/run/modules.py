"""Which of our modules a note uses: each note sees only the modules that it imports itself.

Between notes, every module that is not Python's or a library's is taken out of `sys.modules` (and off its
parent package), restored to what it was after its import, and kept. When the next note imports it,
dynamically or not, the finder here notes that and gives the same module back, together with all that module
depends on. So one process runs many notes, no module runs twice, and yet each note's imports are seen, and
are, as if it ran alone. A module whose import depended on what a note had set up (its environment, its files)
is not kept: the next note that wants it runs it again.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType
from typing import Protocol

from vaultkit.run.imported import imports_of
from vaultkit.run.loaders import OpaqueLoader, ReadyLoader, SourceLoader, watch_sources
from vaultkit.run.stamps import is_library
from vaultkit.run.untouched import Image

_CANDIDATES = ("/__init__.py", *EXTENSION_SUFFIXES, ".py", ".pyc")
_DYNAMIC = (b"import_module", b"__import__", b"sys.modules", b"pkgutil", b"runpy", b"__path__", b"importlib")


class Recorder(Protocol):
    """Who is told of dependencies."""

    active: bool

    def on_files(self, paths: list[str], module: str = "") -> None: ...

    def on_module(self, name: str) -> None: ...

    def on_source(self, source: bytes, module: str = "") -> None: ...


class Modules:
    """The registry of our own modules, and the finder that watches them being imported."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.kept: dict[str, ModuleType] = {}
        self.edges: dict[str, set[str]] = {}  # of each of our modules, what it depends on: see `link`
        self.below: dict[str, frozenset[str]] = {}  # the closure of each, as far as it has been asked for
        self.origins: dict[str, tuple[str, ...]] = {}
        self.images: dict[str, Image] = {}
        self.tainted: set[str] = set()
        self.asking: set[str] = set()
        self.absolute: dict[str, tuple[str, bool]] = {}
        self.strangers = sorted(name for name, module in sys.modules.items() if _is_stranger(name, module))
        self.settled = set(sys.modules)  # not ours, or not to be touched
        sys.meta_path.insert(0, self)
        watch_sources(self._is_watched)

    def put_away(self) -> None:
        """Take all our modules out of `sys.modules`, for the next note to import anew."""
        for name in (set(sys.modules) - self.settled).difference(self.edges):
            if _is_stranger(name, sys.modules[name]):
                del sys.modules[name]  # put there by hand, past the finders
            else:
                self.settled.add(name)
        for name in self.edges:
            module = sys.modules.pop(name, None)
            if module is None:
                continue
            self.kept[name] = module
            if name in self.images:
                self.images[name].restore()
            parent, _, child = name.rpartition(".")
            holder = sys.modules.get(parent) or self.kept.get(parent)
            if holder is not None and holder.__dict__.get(child) is module:
                delattr(holder, child)
        if self.tainted:
            for name in [name for name in self.kept if self.closure([name]) & self.tainted]:
                self.kept.pop(name)
                self.images.pop(name, None)
            self.tainted.clear()

    def drop(self) -> None:
        """Forget every module: whoever wants one runs it again."""
        self.put_away()
        self.kept.clear()
        self.images.clear()

    def link(self, name: str, others: Iterable[str]) -> None:
        """The module `name`, one of ours, depends on `others`."""
        fresh = set(others) - self.edges.setdefault(name, set())
        if fresh:
            self.edges[name] |= fresh
            self.below.clear()

    def closure(self, names: Iterable[str]) -> set[str]:
        """The modules `names` and all they depend on, those of them that are ours."""
        found: set[str] = set()
        for name in names:
            if name not in self.below:
                self.below[name] = frozenset(self._closure(name))
            found |= self.below[name]
        return found

    def _closure(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
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
        places = tuple(place for place, library in map(self._place, path or sys.path) if not library)
        if path and not places:
            return None  # within a library
        if fullname in self.kept and self.origins.get(fullname) == places:
            return self._ready(fullname)
        spec = self._found(fullname, path, target)
        if spec is None:
            tail = fullname.rpartition(".")[2]
            self.recorder.on_files(
                [os.path.join(place, tail) + ending for place in places for ending in ("", *_CANDIDATES)]
            )
            return None
        if not _is_own(spec):
            return spec
        if fullname not in self.edges:
            self.edges[fullname] = set()
            self.below.clear()
        self.kept.pop(fullname, None)
        self.images.pop(fullname, None)
        self.origins[fullname] = places
        self.recorder.on_module(fullname)
        self.recorder.on_files(_looked_at(fullname, places, spec), fullname)
        if type(spec.loader) is SourceFileLoader:
            spec.loader = SourceLoader(spec.loader.name, spec.loader.path, self._imported)
        elif spec.loader is not None and spec.has_location:  # an extension: what it imports cannot be read
            spec.loader = OpaqueLoader(spec.loader, self._imported)
        return spec

    def _place(self, entry: str) -> tuple[str, bool]:
        """An entry of an import path as an absolute path, and whether it is a library's."""
        if not os.path.isabs(entry):
            return os.path.abspath(entry), is_library(os.path.abspath(entry))
        if entry not in self.absolute:
            self.absolute[entry] = (os.path.abspath(entry), is_library(os.path.abspath(entry)))
        return self.absolute[entry]

    def _is_watched(self, path: str) -> bool:
        """True if a source is ours; being run counts as being read, even from bytecode."""
        if not self.recorder.active or is_library(path):
            return False
        self.recorder.on_files([path])
        return True

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

    def _ready(self, fullname: str) -> ModuleSpec:
        """A spec that gives back a kept module; its dependencies are put back at once."""
        self.recorder.on_module(fullname)
        for name in sorted(self.closure([fullname]) - {fullname}):
            self._put_back(name)
        module = self.kept[fullname]
        real = module.__spec__
        assert real is not None
        loader = ReadyLoader(module, real, self._given)
        spec = ModuleSpec(fullname, loader, origin=real.origin)
        spec.submodule_search_locations = real.submodule_search_locations
        spec.cached = real.cached
        return spec

    def _given(self, name: str) -> None:
        self.kept.pop(name, None)

    def _put_back(self, name: str) -> None:
        module = self.kept.pop(name, None)
        if module is None or name in sys.modules:
            return
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        holder = sys.modules.get(parent) or self.kept.get(parent)
        if holder is not None and child not in holder.__dict__:
            setattr(holder, child, module)

    def _imported(self, module: ModuleType, data: bytes | None, code: CodeType | None) -> None:
        """Note what a module's code imports; all that is loaded, if that cannot be read from the code."""
        name = module.__name__
        if name not in self.edges:
            return
        if code is not None:
            self.link(name, imports_of(code, name))
        if data is None or any(word in data for word in _DYNAMIC):
            self.link(name, {other for other in self.edges if other in sys.modules and other != name})
        self.recorder.on_source(data or b"", name)
        self.images[name] = Image(module)


def _looked_at(fullname: str, places: tuple[str, ...], spec: ModuleSpec) -> list[str]:
    """The module's file, and what would be imported instead of it if it existed."""
    found = []
    if spec.origin and spec.has_location:
        origin = os.path.abspath(spec.origin)
        found.append(origin)
        while not os.path.exists(origin) and os.path.dirname(origin) != origin:  # within an archive
            origin = os.path.dirname(origin)
            if os.path.isfile(origin):
                found.append(origin)
    tail = fullname.rpartition(".")[2]
    for place in places:
        for ending in _CANDIDATES:
            candidate = os.path.join(place, tail) + ending
            if candidate == spec.origin:
                return found
            found.append(candidate)
    return found


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
