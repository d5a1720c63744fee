"""Compile a kernel's C++ into a program, once per content.

The cache key covers everything that goes in: the C++ text, the stand-in headers, the flags and the compiler's
version. Results are renamed into place, so any number of processes may compile the same kernel at once. The
least recently used programs go when there are too many.
"""

import hashlib
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

from kvist.errors import KvistError
from kvist.metal.files import SHIM, cache_folder, prune, shim_digest

# -ffp-contract=off: a * b + c rounds twice, as written, on every machine. DWARF 4: with 5, g++ 12 loses the
# file names of #line. No shadow stack: fibers switch stacks. Frame pointers: reports walk the stack.
_FLAGS = ["-std=c++17", "-g1", "-gdwarf-4", "-fno-strict-aliasing", "-ffp-contract=off", "-fno-exceptions"]
_FLAGS += ["-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-fsigned-char", "-w"]
_RUNTIME_FLAGS = [*_FLAGS, "-g0", "-O2", "-DNDEBUG", "-DKVIST_CHECKED"]
# Checked programs call the runtime before each access to memory: the compiler's instrumentation for
# ThreadSanitizer, linked with our functions in place of the sanitizer's.
_CHECKED_FLAGS = ["-O1", "-DKVIST_CHECKED", "-fsanitize=thread"]
_FAST_FLAGS = ["-O2"]
_MESSAGE = re.compile(r"^([^:\n]+):(\d+):(?:\d+:)? (?:fatal )?error: (.*)$", re.MULTILINE)
_FATAL = re.compile(
    r"\b(?:fatal error: (?!too many)|internal compiler error: )|out of memory|^Killed$", re.MULTILINE
)
_INSTALL = (
    "Debian, Ubuntu: apt-get install g++ · Fedora: dnf install gcc-c++ · macOS: xcode-select --install · "
    "anywhere: pip install ziglang"
)


class CompileError(KvistError):
    """The compiler read the text and refused it, at a line of it."""


class MissingHeader(KvistError):
    """An `#include` of a file that is nowhere."""


def program(cpp: str, label: str, *, check: bool, bounds: bool = True) -> Path:
    """The program that runs the kernel whose C++ text is `cpp`.

    check: with what tells the runtime of each access to memory. bounds: and of indices outside of arrays.
    Raises KvistError naming file and line where the kernel does not compile, or what to install where there
    is no compiler.
    """
    command, version = compiler()
    return _program(cpp, label, tuple(command), version, check, bounds)


def compiler() -> tuple[list[str], str]:
    """The C++ compiler in use ($CXX, g++, clang++ or the ziglang package) and its version."""
    chosen = os.environ.get("CXX", "")
    candidates = [shlex.split(chosen)] if chosen else [["g++"], ["clang++"]]
    for command in candidates:
        found = shutil.which(command[0])
        if found:
            return [found, *command[1:]], _version((found, *command[1:]))
    if not chosen and importlib.util.find_spec("ziglang") is not None:
        command = [sys.executable, "-m", "ziglang", "c++"]
        return command, _version(tuple(command))
    got = f"CXX={chosen}, which is not there" if chosen else "none"
    raise KvistError("metal", "a C++ compiler to emulate kernels", got, _INSTALL)


def refusal(messages: str, label: str, command: str, status: int) -> KvistError:
    """The first error of a compiler, at the Metal file and line that it names."""
    found = _first_of(messages, label)
    undefined = re.search(
        rf"(?:(\S*{re.escape(label)}:\d+): )?undefined reference to [`'‘](.+?)['’]", messages
    )
    if found is None and undefined is not None:
        where = Path(undefined[1]).name if undefined[1] else label
        hint = "a static member needs its value, or a definition outside of the class"
        return KvistError(where, f"a definition of {undefined[2]}", "a declaration alone", hint)
    if found is None:
        tail = " ".join(messages.split()[-40:]) or f"exit code {status}"
        return KvistError(label, f"{Path(command).name} to compile the kernel", tail)
    where, message = found
    missing = re.match(r"(.+): No such file|'(.+)' file not found", message)
    if missing and not message.startswith("error "):
        name = missing[1] or missing[2]
        hint = "-I FOLDER (in Python include=[...]) says where the project that it belongs to has it"
        return MissingHeader(where, f"the header {name}", "no such file", hint)
    # A fatal error is a full disk, a file that is gone and the like.
    kind = KvistError if _FATAL.search(messages) else CompileError
    hint = f"compiled by {command}"
    if re.search(r"(?:overloaded|call to) .*is ambiguous", message):
        hint = "it is ambiguous in Metal, too: arguments of one type, such as 0.5h beside a half, or a cast"
    return kind(where, "Metal source that compiles", f"the error: {message}", hint)


def _first_of(messages: str, label: str) -> tuple[str, str] | None:
    """(file:line, message). An error inside the stand-in headers is laid at the line that asked for it."""
    for match in _MESSAGE.finditer(messages):
        file, line, message = match.groups()
        if not _is_ours(file):
            return f"{Path(file).name}:{line}", message
        asked = re.compile(
            rf"^(?:In file included from |\s*from )?(\S*{re.escape(label)}):(\d+)", re.MULTILINE
        )
        place = asked.search(messages)
        if place is not None:
            return f"{Path(place[1]).name}:{place[2]}", message
        return label, message
    return None


def _is_ours(file: str) -> bool:
    """A stand-in header; its path may be that of another installation that parsed it for the same cache."""
    path = Path(file)
    return file == "kvist_entry" or (path.parent.name == SHIM.name and (SHIM / path.name).exists())


@cache
def _version(command: tuple[str, ...]) -> str:
    done = subprocess.run([*command, "--version"], capture_output=True, text=True)
    return done.stdout.partition("\n")[0]


@lru_cache(maxsize=256)
def _program(cpp: str, label: str, command: tuple[str, ...], version: str, check: bool, bounds: bool) -> Path:
    flags = [*_FLAGS, *_machine_flags(version), *_half_flags(version), *_fill_flags(version)]
    if not check:
        return _compiled(cpp, label, command, version, (*flags, *_FAST_FLAGS))
    flags += [*_CHECKED_FLAGS, *_entry_exit_flags(version)]
    plain = tuple(flags)
    if not bounds or _target(cpp, command, version, plain).exists():  # known not to compile with them
        return _compiled(cpp, label, command, version, plain)
    try:
        return _compiled(cpp, label, command, version, (*flags, *_bounds_flags(version)))
    except CompileError:  # and nothing else: a compiler that was stopped says nothing about the text
        return _compiled(cpp, label, command, version, plain)


def _target(cpp: str, command: tuple[str, ...], version: str, flags: tuple[str, ...]) -> Path:
    return cache_folder() / _key(cpp, *command, version, *flags, shim_digest())


def _compiled(cpp: str, label: str, command: tuple[str, ...], version: str, flags: tuple[str, ...]) -> Path:
    target = _target(cpp, command, version, flags)
    if target.exists():
        os.utime(target)
        return target
    runtime = _runtime_object(command, version)
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="compiling-") as folder:
        source, made, fresh = (Path(folder, name) for name in ("kernel.cpp", "kernel.o", "kernel"))
        source.write_text(cpp, encoding="utf-8")
        headers = [f"-I{SHIM}", *_precompiled(command, version, flags)]
        _run([*command, *flags, *headers, "-c", str(source), "-o", str(made)], label)
        _run([*command, str(made), str(runtime), *_link_flags(version), "-o", str(fresh)], label)
        os.replace(fresh, target)
    prune(cache_folder())
    return target


def _precompiled(command: tuple[str, ...], version: str, flags: tuple[str, ...]) -> list[str]:
    """Options that use the stand-in library already parsed: half the time of compiling a small kernel."""
    if _is_clang(version):
        return []
    header = cache_folder() / f"{_key(*command, version, *flags, shim_digest(), 'header')}.h"
    parsed = header.with_name(header.name + ".gch")
    if parsed.exists():
        os.utime(parsed)
        os.utime(header)
    else:
        with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="compiling-") as folder:
            plain, fresh = Path(folder, "all.h"), Path(folder, "all.h.gch")
            plain.write_text("#include <metal_stdlib>\n", encoding="utf-8")
            _run([*command, *flags, f"-I{SHIM}", "-x", "c++-header", str(plain), "-o", str(fresh)], "metal")
            os.replace(plain, header)
            os.replace(fresh, parsed)
    return ["-include", str(header)]


def _runtime_object(command: tuple[str, ...], version: str) -> Path:
    flags = [*_RUNTIME_FLAGS, *_machine_flags(version)]
    target = cache_folder() / f"{_key(*command, version, *flags, shim_digest())}.o"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="compiling-") as folder:
            fresh = Path(folder, "runtime.o")
            _run([*command, *flags, "-c", str(SHIM / "kvist_all.cpp"), "-o", str(fresh)], "metal runtime")
            os.replace(fresh, target)
    return target


def _is_clang(version: str) -> bool:
    return "clang" in version


def _machine_flags(version: str) -> list[str]:
    flags = [("-fPIE" if _is_clang(version) else "-fno-pie")] if platform.system() == "Linux" else []
    return [*flags, "-fcf-protection=none"] if platform.machine() in ("x86_64", "AMD64") else flags


def _half_flags(version: str) -> list[str]:
    """clang on x86 computes half in float and rounds once per expression unless told otherwise."""
    on_x86 = platform.machine() in ("x86_64", "AMD64")
    return ["-Xclang", "-ffloat16-excess-precision=none"] if _is_clang(version) and on_x86 else []


def _fill_flags(version: str) -> list[str]:
    """Variables without a value hold a pattern that is no likely one, rather than what was there before."""
    number = re.search(r"\b(\d+)\.\d+", version)
    known = number is not None and int(number[1]) >= 12
    return ["-ftrivial-auto-var-init=pattern"] if known else []


def _bounds_flags(version: str) -> list[str]:
    """Indices of arrays whose length the compiler knows: it calls the runtime.

    A text that takes the size of a threadgroup array, or passes one by reference, does not compile so.
    """
    return ["-DKVIST_BOUNDS", "-fsanitize=array-bounds" if _is_clang(version) else "-fsanitize=bounds"]


def _entry_exit_flags(version: str) -> list[str]:
    """No hooks at the start and end of functions."""
    if _is_clang(version):
        return ["-mllvm", "-tsan-instrument-func-entry-exit=0"]
    return ["--param", "tsan-instrument-func-entry-exit=0"]


def _link_flags(version: str) -> list[str]:
    """clang's ThreadSanitizer insists on position-independent programs; others are faster without."""
    if platform.system() != "Linux":
        return []
    return ["-pie"] if _is_clang(version) else ["-no-pie"]


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join((platform.machine(), *parts)).encode()).hexdigest()[:32]


def _run(command: Sequence[str], label: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise refusal(done.stderr, label, command[0], done.returncode)
