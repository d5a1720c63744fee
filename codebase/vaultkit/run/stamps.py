"""What every note depends on besides files: Python, the installed packages, the machine, the environment,
the runner itself and where imports are looked for. Each is a stamp: a name and a short text to compare.

Libraries are stamped by the names and times of their `*.dist-info` folders, not file by file: a library
edited by hand in site-packages is not noticed (`--no-cache` is for that).
"""

import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from vaultkit.run.fingerprints import Fingerprints, digest

# Names that C libraries read without Python seeing it; what Python code reads is recorded one by one.
ENVIRONMENT = (
    *("KVIST_", "MLX_", "OPENBLAS_", "GOTO_", "OMP_", "MKL_", "BLIS_", "VECLIB_", "NPY_", "NUMPY_", "METAL_"),
    *("CUDA_", "NVIDIA_", "LD_", "DYLD_", "PYTHON", "LC_", "LANG", "TZ", "RAYON_", "TOKENIZERS_"),
)
SET_BY_RUNNER = frozenset({"KVIST_FIGURES", "MLX_DISABLE_COMPILE"})

_PACKAGE = Path(__file__).resolve().parents[1]
_ENDINGS = (".py", ".so", ".pyd")


@cache
def library_folders() -> tuple[str, ...]:
    """Folders of Python itself and of installed packages; what lies below is stamped, not tracked."""
    found = {os.path.dirname(os.__file__), os.path.join(sys.prefix, "bin")}
    found |= {path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")}
    found |= {path for path in sys.path if path.endswith(".zip")}
    found |= {os.path.realpath(path) for path in found}
    return tuple(path.rstrip(os.sep) + os.sep for path in sorted(found))


def is_library(path: str) -> bool:
    return (path + os.sep).startswith(library_folders())


def stamps(fingerprints: Fingerprints, host_path: list[str] | None = None) -> dict[str, str]:
    """Every stamp as it is now; `host_path` is `sys.path` of the process that runs notes."""
    uname = os.uname() if hasattr(os, "uname") else None
    machine = f"{uname.sysname} {uname.machine} {uname.nodename}" if uname else sys.platform
    return {
        "the version of Python": f"{sys.version} {sys.flags.optimize} {sys.prefix}",
        "the machine": machine,
        "the installed packages": _lines(_packages()),
        "the environment": _lines(f"{n}={v}" for n, v in sorted(os.environ.items()) if _is_stamped(n)),
        "the runner": _lines(_runner(fingerprints)),
        "the import path": _lines(_roots(sys.path if host_path is None else host_path)),
    }


def _is_stamped(name: str) -> bool:
    return name.startswith(ENVIRONMENT) and name not in SET_BY_RUNNER


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
    files = (file for file in _PACKAGE.rglob("*.py") if "site" not in file.relative_to(_PACKAGE).parts)
    return sorted(f"{file} {fingerprints.file(str(file))}" for file in files)


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
