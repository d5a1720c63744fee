"""What every note depends on besides files: Python, the installed packages, the machine, the environment,
the runner itself and where imports are looked for. Each is a stamp: a name and a short text to compare.

Libraries are stamped by the names and times of their `*.dist-info` folders; the files of those that a process
has loaded are stamped besides (`observe.loaded_files`), so that an edit by hand in site-packages is noticed.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from vaultkit.run.fingerprints import Fingerprints, digest

# Names that C libraries read without Python seeing it; what Python code reads is recorded one by one.
ENVIRONMENT = (
    *("KVIST_", "MLX_", "OPENBLAS_", "GOTO_", "OMP_", "MKL_", "BLIS_", "VECLIB_", "NPY_", "NUMPY_", "METAL_"),
    *("CUDA_", "NVIDIA_", "LD_", "DYLD_", "PYTHON", "LC_", "LANG", "TZ", "RAYON_", "TOKENIZERS_", "HIP_"),
)
SET_BY_RUNNER = frozenset({"KVIST_FIGURES", "MLX_DISABLE_COMPILE"})
# They change how Python starts or prints, but nothing that a note can do.
HARMLESS = frozenset({"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONPATH"})
_HARMLESS_OPTIONS = frozenset(
    {"importtime", "pycache_prefix", "faulthandler", "frozen_modules", "utf8", "dev"}
)
RUNNER = "the runner"

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_NOT_THE_RUNNER = frozenset({"__pycache__", "site", "lists"})
_DEVICES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dri/renderD128")
_ENDINGS = (".py", ".so", ".pyd")
_folders: list[tuple[str, ...]] = []


def library_folders() -> tuple[str, ...]:
    """Folders of Python itself and of installed packages; what lies below is stamped, not tracked."""
    if not _folders:
        found = {os.path.dirname(os.__file__), os.path.join(sys.prefix, "bin")}
        found |= {path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")}
        found |= {path for path in sys.path if path.endswith(".zip") and path.startswith(sys.base_prefix)}
        found |= {os.path.realpath(path) for path in found}
        _folders.append(tuple(path.rstrip(os.sep) + os.sep for path in sorted(found)))
    return _folders[0]


@lru_cache(maxsize=65536)
def is_library(path: str) -> bool:
    return (path + os.sep).startswith(library_folders())


def stamps(fingerprints: Fingerprints, host_path: list[str] | None = None) -> dict[str, str]:
    """Every stamp as it is now; `host_path` is `sys.path` of the process that runs notes."""
    return {
        "the version of Python": f"{sys.version} {_flags()} {sys.prefix}",
        "the machine": _machine(),
        "the installed packages": _lines(_packages()),
        "the environment": _lines(f"{n}={v}" for n, v in sorted(os.environ.items()) if _is_stamped(n)),
        RUNNER: _lines(_runner(fingerprints)),
        "the import path": _lines(_roots(sys.path if host_path is None else host_path)),
    }


def _flags() -> str:
    """The options of Python that change what code does."""
    flags = sys.flags.optimize, sys.flags.dev_mode, sys.flags.utf8_mode, sys.flags.bytes_warning
    options = sorted(f"{k}={v}" for k, v in sys._xoptions.items() if k not in _HARMLESS_OPTIONS)
    return " ".join(map(str, [*flags, *sys.warnoptions, *options]))


def variable(environ: Mapping[str, str], name: str) -> str:
    """The value of an environment variable as a dependency; `*` is the whole environment."""
    if name != "*":
        return digest(environ[name]) if name in environ else "unset"
    return digest("\n".join(f"{k}={v}" for k, v in sorted(environ.items()) if k not in SET_BY_RUNNER))


def _is_stamped(name: str) -> bool:
    return name.startswith(ENVIRONMENT) and name not in SET_BY_RUNNER and name not in HARMLESS


def _machine() -> str:
    """The machine and its devices: a verdict of the processor is none for a graphics card."""
    if not hasattr(os, "uname"):
        return sys.platform
    uname = os.uname()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    devices = [name for name in _DEVICES if os.path.exists(name)]
    return " ".join([uname.sysname, uname.release, uname.machine, uname.nodename, str(cores), *devices])


def _packages() -> list[str]:
    found = []
    for folder in library_folders():
        if not folder.rstrip(os.sep).endswith("-packages"):
            continue
        try:
            entries = [entry for entry in os.scandir(folder) if entry.name.endswith((".dist-info", ".pth"))]
        except OSError:
            continue
        found += [f"{folder}{entry.name} {entry.stat().st_mtime_ns}" for entry in entries]
    return sorted(found)


def _runner(fingerprints: Fingerprints) -> list[str]:
    """The sources that decide what a note's verdict is, all that this process has of them included."""
    return sorted(f"{file} {fingerprints.file(file)}" for file in _sources(_PACKAGE))


def _sources(folder: str) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.name.endswith(".py"):
            yield entry.path
        elif entry.is_dir() and entry.name not in _NOT_THE_RUNNER:
            yield from _sources(entry.path)


def _roots(path: list[str]) -> list[str]:
    """Folders on the import path that are no library, with the modules in each: a new one may hide others."""
    found = []
    for folder in dict.fromkeys(os.path.abspath(entry) for entry in path):
        if is_library(folder):
            continue
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        names = sorted(entry.name for entry in entries if _is_module(entry))
        if names:
            found.append(f"{folder}: {' '.join(names)}")
    return found


def _is_module(entry: "os.DirEntry[str]") -> bool:
    if entry.name.endswith(_ENDINGS):
        return True
    return entry.name.isidentifier() and os.path.isfile(os.path.join(entry.path, "__init__.py"))


def _lines(parts: Iterable[str]) -> str:
    return digest("\n".join(parts))
