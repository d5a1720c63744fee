"""What a note may change in the process and another note must not see.

Working folder, environment, `sys.path`, `sys.argv`, warning filters, the generators of Python, numpy and
MLX, numpy's print options and error state, MLX's default device. Each note has its own copy of all of it,
put in place before each of its blocks and taken away after, so that notes cannot disturb one another even
when their blocks are interleaved.
"""

import os
import random
import sys
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from vaultkit.run.imports import after_import, forget

SEED = 0

# mlx.core compiles fused functions with the C++ compiler at first use: too slow for notes, and not portable.
os.environ["MLX_DISABLE_COMPILE"] = "1"


class Aspect(NamedTuple):
    """One piece of process state; `start` gives a note's initial value, None leaves the host's."""

    get: Callable[[], Any]
    put: Callable[[Any], None]
    start: Callable[[], Any] | None = None


def _encoded() -> dict[Any, Any]:
    """The environment as `os.environ` keeps it: decoding it for each block can cost more than the block."""
    return os.environ._data  # type: ignore[attr-defined, no-any-return]


def _set_environ(values: dict[Any, Any]) -> None:
    now = _encoded()
    if now == values:
        return
    for name in set(now) - set(values):
        del os.environ[os.environ.decodekey(name)]  # type: ignore[attr-defined]
    for name, value in values.items():
        if now.get(name) != value:
            os.environ[os.environ.decodekey(name)] = os.environ.decodevalue(value)  # type: ignore[attr-defined]


def _get_list(name: str) -> Callable[[], tuple[list[str], list[str]]]:
    """The list `sys.<name>` itself and a copy, as a note may change the list or put another in its place."""
    return lambda: (getattr(sys, name), list(getattr(sys, name)))


def _set_list(name: str) -> Callable[[tuple[list[str], list[str]]], None]:
    def put(value: tuple[list[str], list[str]]) -> None:
        target, content = value
        target[:] = content
        setattr(sys, name, target)

    return put


def _set_filters(values: list[Any]) -> None:
    warnings.filters[:] = values  # type: ignore[index]
    warnings._filters_mutated()  # type: ignore[attr-defined]


ASPECTS: dict[str, Aspect] = {
    "environ": Aspect(lambda: dict(_encoded()), _set_environ),
    "path": Aspect(_get_list("path"), _set_list("path")),
    "argv": Aspect(_get_list("argv"), _set_list("argv"), lambda: ([], ["note"])),
    "filters": Aspect(lambda: list(warnings.filters), _set_filters),
    "random": Aspect(random.getstate, random.setstate, lambda: random.Random(SEED).getstate()),
}

_LIBRARIES = ("numpy", "mlx.core")
_PRISTINE: dict[str, dict[str, Any]] = {}  # state of each library when first met, seeded


def _library_state(name: str, module: ModuleType) -> dict[str, Any]:
    if name == "numpy":
        return {
            "random": module.random.get_state(),
            "print": module.get_printoptions(),
            "err": module.geterr(),
        }
    high, low = module.random.state[0].tolist()
    return {"seed": (high << 32) | low, "device": module.default_device()}


def _put_library_state(name: str, module: ModuleType, state: dict[str, Any]) -> None:
    if name == "numpy":
        module.random.set_state(state["random"])
        module.set_printoptions(**state["print"])
        module.seterr(**state["err"])
    else:
        module.random.seed(state["seed"])  # a key is the 64 bits of its seed
        module.set_default_device(state["device"])


def _meet(module: ModuleType) -> None:
    """Seed a library and remember the state that every note starts from."""
    name = module.__name__
    if name not in _PRISTINE:
        module.random.seed(SEED)
        _PRISTINE[name] = _library_state(name, module)


class Isolation:
    """One note's private process state: `enter` puts it in place, `leave` restores the host's."""

    def __init__(self, folder: str, environ: dict[str, str]) -> None:
        self.folder = folder
        self.environ = {
            os.environ.encodekey(name): os.environ.encodevalue(value)  # type: ignore[attr-defined]
            for name, value in environ.items()
        }
        self.own: dict[str, Any] = {}
        self.libraries: dict[str, dict[str, Any]] = {}
        self.host: dict[str, Any] = {}
        self.host_libraries: dict[str, dict[str, Any]] = {}
        self.host_folder = ""

    def enter(self) -> None:
        self.host_folder = _cwd()
        self.host = {name: aspect.get() for name, aspect in ASPECTS.items()}
        if not self.own:
            starts = {name: aspect.start() for name, aspect in ASPECTS.items() if aspect.start}
            self.own = {**self.host, **starts, "environ": {**self.host["environ"], **self.environ}}
        os.chdir(self.folder)
        for name, aspect in ASPECTS.items():
            aspect.put(self.own[name])
        self.host_libraries = {}
        for name in _LIBRARIES:
            module = _ready(name)
            if module is None:
                after_import(name, _meet)
                continue
            self.host_libraries[name] = _library_state(name, module)
            _meet(module)
            _put_library_state(name, module, self.libraries.get(name, _PRISTINE[name]))

    def leave(self) -> None:
        forget()
        self.folder = _cwd() or self.folder
        self.own = {name: aspect.get() for name, aspect in ASPECTS.items()}
        for name in _LIBRARIES:
            if module := _ready(name):
                _meet(module)
                self.libraries[name] = _library_state(name, module)
                _put_library_state(name, module, self.host_libraries.get(name) or _PRISTINE[name])
        for name, aspect in ASPECTS.items():
            aspect.put(self.host[name])
        if self.host_folder:
            os.chdir(self.host_folder)


def _ready(name: str) -> ModuleType | None:
    """The module if it is completely imported."""
    module = sys.modules.get(name)
    return module if module is not None and hasattr(module, "random") else None


def _cwd() -> str:
    """The working folder, "" if it has been deleted."""
    try:
        return os.getcwd()
    except OSError:
        return ""
