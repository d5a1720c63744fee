"""What a note may change in the process and another note must not see.

The pieces of `aspects`, the working folder, the state of numpy and MLX, and attributes of foreign modules and
classes (see `borrowed`; `execute` puts these in place). Each note has its own copy of it all, in place only
while its blocks run, so that notes cannot disturb one another even when their blocks are interleaved.
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
# OpenBLAS's threads keep a core busy for some 2**26 cycles before they sleep, from NumPy's import on; 2**20
# are enough between two products. Only the library is told: notes see the environment as it was.
if not {"OPENBLAS_THREAD_TIMEOUT", "GOTO_THREAD_TIMEOUT"} & os.environ.keys():
    os.putenv("OPENBLAS_THREAD_TIMEOUT", "20")

# Each with a name that stands in it once it is completely imported. NumPy imports its `random` when asked to.
_LIBRARIES = {"numpy": "geterr", "numpy.random": "get_state", "mlx.core": "random"}
_PRISTINE: dict[str, dict[str, Any]] = {}  # state of each library when first met, seeded


def _library_state(name: str, module: ModuleType) -> dict[str, Any]:
    if name == "numpy":
        return {"print": module.get_printoptions(), "err": module.geterr()}
    if name == "numpy.random":
        return {"generator": module.get_bit_generator(), "state": module.get_state()}
    high, low = module.random.state[0].tolist()
    return {"seed": (high << 32) | low, "device": module.default_device()}


def _put_library_state(name: str, module: ModuleType, state: dict[str, Any]) -> None:
    if name == "numpy":
        if module.get_printoptions() != state["print"]:
            module.set_printoptions(**state["print"])
        if module.geterr() != state["err"]:
            module.seterr(**state["err"])
    elif name == "numpy.random":
        if module.get_bit_generator() is not state["generator"]:
            module.set_bit_generator(state["generator"])
        if state is _PRISTINE.get(name):
            module.seed(SEED)  # the same state, at a tenth of the cost
        else:
            module.set_state(state["state"])
    else:
        module.random.seed(state["seed"])  # a key is the 64 bits of its seed
        module.set_default_device(state["device"])


def _meet(module: ModuleType) -> None:
    """Seed a library and remember the state that every note starts from."""
    name = module.__name__
    if name not in _PRISTINE:
        if name == "numpy.random":
            module.seed(SEED)
        elif name == "mlx.core":
            module.random.seed(SEED)
        _PRISTINE[name] = _library_state(name, module)


class Isolation:
    """One note's private process state: `enter` puts it in place, `leave` restores the host's.

    A process that does nothing but run notes gives them all the same dict `kept`: its own state, which
    nobody changes between them, is then read once.
    """

    def __init__(self, folder: str, environ: dict[str, str], kept: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self.kept = kept
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
        if self.kept:
            self.host = {**self.kept, "modules": ASPECTS["modules"].get()}
        else:
            self.host = {name: aspect.get() for name, aspect in ASPECTS.items()}
        if self.kept is not None:
            self.kept.update(self.host)
        if not self.own:  # for the first time: as the host has it, but for a few
            self.own = {name: aspect.start() for name, aspect in ASPECTS.items() if aspect.start}
            self.own["environ"] = {**self.host["environ"], **self.environ}
        os.chdir(self.folder)
        for name, value in self.own.items():
            ASPECTS[name].put(value)
        self.host_libraries = {}
        for name in _LIBRARIES:
            module = _ready(name)
            if module is None:
                after_import(name, _meet)
                continue
            if self.kept is None:
                self.host_libraries[name] = _library_state(name, module)
            _meet(module)
            _put_library_state(name, module, self.libraries.get(name, _PRISTINE[name]))

    def leave(self, *, last: bool = False) -> None:
        """The host's state again; with `last` nobody will enter once more, and the note's own is not kept."""
        forget()
        self.folder = _cwd() or self.folder
        if not last:
            self.own = {name: aspect.get() for name, aspect in ASPECTS.items()}
        for name in _LIBRARIES:
            if module := _ready(name):
                _meet(module)
                if not last:
                    self.libraries[name] = _library_state(name, module)
                _put_library_state(name, module, self.host_libraries.get(name) or _PRISTINE[name])
        for name, aspect in ASPECTS.items():
            aspect.put(self.host[name])
        if self.host_folder:
            os.chdir(self.host_folder)


def _ready(name: str) -> ModuleType | None:
    """The module if it is completely imported."""
    module = sys.modules.get(name)
    return module if module is not None and _LIBRARIES[name] in vars(module) else None


def _cwd() -> str:
    """The working folder, "" if it has been deleted."""
    try:
        return os.getcwd()
    except OSError:
        return ""
