"""Compile a kernel's C++ into a program, once per content.

The cache key covers everything that goes in: the C++ text, the stand-in headers, the flags and the compiler's
version. Results are renamed into place, so any number of processes may compile the same kernel at once.
"""

import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

from kvist.errors import KvistError
from kvist.metal.files import SHIM, cache_folder

# -ffp-contract=off: a * b + c rounds twice, as written, on every machine. -no-pie: addresses in crash
# reports are those in the line table. DWARF 4: with 5, g++ 12 loses the file names of #line. No shadow stack:
# fibers switch stacks.
_DEBUG_FLAGS = ["-g1", "-gdwarf-4"]
_FLAGS = ["-std=c++17", *_DEBUG_FLAGS, "-fno-strict-aliasing", "-ffp-contract=off", "-fno-exceptions", "-w"]
_RUNTIME_FLAGS = [*_FLAGS, "-O2", "-DNDEBUG"]
_KERNEL_FLAGS = [*_FLAGS, "-O1"]
_RUNTIME = ("kvist_scheduler.cpp", "kvist_main.cpp")
_MESSAGE = re.compile(r"^([^:\n]+):(\d+):(?:\d+:)? (?:fatal )?error: (.*)$", re.MULTILINE)


def program(cpp: str, label: str) -> Path:
    """The program that runs the kernel whose C++ text is `cpp`.

    Raises KvistError naming file and line where the kernel does not compile, or what to install where there
    is no compiler.
    """
    command, version = compiler()
    return _program(cpp, label, tuple(command), version)


def compiler() -> tuple[list[str], str]:
    """The C++ compiler in use ($CXX, g++ or clang++) and its version."""
    chosen = os.environ.get("CXX", "")
    candidates = [shlex.split(chosen)] if chosen else [["g++"], ["clang++"]]
    for command in candidates:
        found = shutil.which(command[0])
        if found:
            return [found, *command[1:]], _version((found, *command[1:]))
    raise KvistError(
        "metal",
        "a C++ compiler to emulate kernels",
        f"CXX={chosen}, which is not there" if chosen else "none",
        "Debian, Ubuntu: apt-get install g++ · Fedora: dnf install gcc-c++ · macOS: xcode-select --install",
    )


@cache
def _version(command: tuple[str, ...]) -> str:
    done = subprocess.run([*command, "--version"], capture_output=True, text=True)
    return done.stdout.partition("\n")[0]


@lru_cache(maxsize=256)
def _program(cpp: str, label: str, command: tuple[str, ...], version: str) -> Path:
    flags = [*_KERNEL_FLAGS, *_machine_flags(), *_half_flags(version)]
    target = cache_folder() / _key(cpp, *command, version, *flags, _shim_digest())
    if target.exists():
        return target
    runtime = [str(_runtime_object(source, command, version)) for source in _RUNTIME]
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="compiling-") as folder:
        source, fresh = Path(folder, "kernel.cpp"), Path(folder, "kernel")
        source.write_text(cpp, encoding="utf-8")
        arguments = [*flags, f"-I{SHIM}", str(source), *runtime, *_link_flags(), "-o", str(fresh)]
        _run([*command, *arguments], label)
        os.replace(fresh, target)
    return target


def _runtime_object(source: str, command: tuple[str, ...], version: str) -> Path:
    flags = [*_RUNTIME_FLAGS, *_machine_flags()]
    target = cache_folder() / f"{_key(source, *command, version, *flags, _shim_digest())}.o"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="compiling-") as folder:
            fresh = Path(folder, "runtime.o")
            _run([*command, *flags, "-c", str(SHIM / source), "-o", str(fresh)], "metal runtime")
            os.replace(fresh, target)
    return target


def _machine_flags() -> list[str]:
    flags = ["-fno-pie"] if platform.system() == "Linux" else []
    return [*flags, "-fcf-protection=none"] if platform.machine() in ("x86_64", "AMD64") else flags


def _half_flags(version: str) -> list[str]:
    """clang on x86 computes half in float and rounds once per expression unless told otherwise."""
    on_x86 = platform.machine() in ("x86_64", "AMD64")
    return ["-Xclang", "-ffloat16-excess-precision=none"] if "clang" in version and on_x86 else []


def _link_flags() -> list[str]:
    return ["-no-pie"] if platform.system() == "Linux" else []


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join((platform.machine(), *parts)).encode()).hexdigest()[:32]


@cache
def _shim_digest() -> str:
    h = hashlib.sha256()
    for path in sorted(SHIM.iterdir()):
        h.update(path.name.encode() + path.read_bytes())
    return h.hexdigest()


def _run(command: Sequence[str], label: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode == 0:
        return
    found = _MESSAGE.search(done.stderr)
    if found is None:
        tail = " ".join(done.stderr.split()[-40:]) or f"exit code {done.returncode}"
        raise KvistError(label, f"{command[0]} to compile the kernel", tail)
    file, line, message = found.groups()
    where = f"{Path(file).name}:{line}"
    raise KvistError(
        where, "Metal source that compiles", f"the error: {message}", f"compiled by {command[0]}"
    )
