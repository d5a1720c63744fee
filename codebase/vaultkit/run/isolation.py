"""What a note may change in the process and another note must not see.

The pieces of `aspects`, the working folder, the state of numpy and MLX, and attributes of foreign modules and
classes (see `borrowed`). Each note has its own copy of all of it, put in place before each of its blocks and
taken away after, so that notes cannot disturb one another even when their blocks are interleaved.
"""

import os
import sys
from types import ModuleType
from typing import Any

from vaultkit.run.aspects import ASPECTS, SEED
from vaultkit.run.borrowed import Borrowed
from vaultkit.run.imports import after_import, forget

# mlx.core compiles fused functions with the C++ compiler at first use: too slow for notes, and not portable.
os.environ["MLX_DISABLE_COMPILE"] = "1"

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
        self.borrowed = Borrowed()
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
        self.borrowed.put_again()

    def leave(self) -> None:
        forget()
        self.borrowed.give_back()
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
