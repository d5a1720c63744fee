"""Build what is compiled in kvist: the BLAS shim (Linux) and the C++ kernels. Run with .venv's Python.

Incremental by content: a stamp beside each build holds the hash of its sources, compiler and package
versions. Exit codes: 0 built or up to date, 3 no C++ compiler (one line says what to install), 1 failed.
kvist works without either; it says so in `kvist doctor`.
"""

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNELS = ROOT / "kernels"
PACKAGE = ROOT / "codebase" / "kvist"
BUILD = ROOT / "build"
TAIL = 25  # lines of compiler output worth showing


class BuildError(Exception):
    """A step failed; the message is for the user."""


def compiler(variable: str, names: list[str]) -> list[str] | None:
    """The compiler named by the environment variable, else the first of `names` on the PATH."""
    if os.environ.get(variable):
        return shlex.split(os.environ[variable])
    return next(([name] for name in names if shutil.which(name)), None)


def install_line() -> str:
    if sys.platform == "darwin":
        return "macOS: xcode-select --install"
    return "Debian, Ubuntu: apt-get install g++ · Fedora: dnf install gcc-c++ · Arch: pacman -S gcc"


def digest(sources: list[Path], *facts: str) -> str:
    h = hashlib.sha256(repr((sys.version, platform.machine(), *facts)).encode())
    for source in sorted(sources):
        h.update(f"{source.relative_to(ROOT)}\0".encode() + source.read_bytes())
    return h.hexdigest()


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def run(command: list[str], step: str, hint: str) -> None:
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-TAIL:])
        raise BuildError(f"{tail}\nbuild: {step} failed with exit code {done.returncode}. hint: {hint}")


def up_to_date(stamp: Path, key: str, outputs: list[Path]) -> bool:
    return bool(outputs) and all(o.exists() for o in outputs) and stamp.exists() and stamp.read_text() == key


def build_blas_shim(cc: list[str]) -> None:
    """codebase/kvist/_blas_shim.so: OpenBLAS of the numpy wheel under MLX's BLAS names. Linux only."""
    folder, output = KERNELS / "blas_shim", PACKAGE / "_blas_shim.so"
    stamp, key = BUILD / "blas_shim.stamp", digest(list(folder.iterdir()), *cc)
    if up_to_date(stamp, key, [output]):
        return
    BUILD.mkdir(exist_ok=True)
    fresh = BUILD / f"_blas_shim.{os.getpid()}.so"
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-fPIC", "-shared"]
    sources = [str(source) for source in sorted(folder.glob("*.c"))]
    command = [*cc, *flags, *sources, "-o", str(fresh), "-ldl", "-lpthread"]
    run(command, "the BLAS shim", "does the C compiler work?")
    fresh.replace(output)  # never written in place: a running Python may have it mapped
    stamp.write_text(key)
    print(f"build: {output.relative_to(ROOT)}")


def build_kernels(cxx: list[str]) -> None:
    """codebase/kvist/_kernels*.so: every C++ primitive, by CMake and Ninja from this environment."""
    sources = [p for p in KERNELS.rglob("*") if p.suffix in {".h", ".cpp", ".txt"}]
    facts = [*cxx, installed("mlx"), installed("nanobind")]
    stamp, key = BUILD / "kernels.stamp", digest(sources, *facts)
    name = f"_kernels{sysconfig.get_config_var('EXT_SUFFIX')}"
    if up_to_date(stamp, key, [PACKAGE / name]):
        return
    for tool in ("nanobind", "cmake", "ninja"):
        if not installed(tool):
            raise BuildError(f"build: need {tool}, got none in {sys.prefix}. hint: pip install -e '.[build]'")
    folder = BUILD / f"kernels-{hashlib.sha256(repr((sys.prefix, *facts)).encode()).hexdigest()[:12]}"
    started, tools = time.perf_counter(), Path(sys.executable).parent
    configure = [
        *(str(tools / "cmake"), "-G", "Ninja", "-S", str(KERNELS), "-B", str(folder)),
        *(f"-DPython_EXECUTABLE={sys.executable}", f"-DCMAKE_MAKE_PROGRAM={tools / 'ninja'}"),
    ]
    os.environ["CXX"] = shlex.join(cxx)  # read by CMake, "ccache g++" included
    run(configure, "configuring the extension", f"remove {folder.relative_to(ROOT)} and try again")
    compile_command = [str(tools / "cmake"), "--build", str(folder)]
    run(compile_command, "compiling the extension", "it needs C++20: g++ 11, clang 14 or newer")
    fresh = next(folder.glob("_kernels*.so"))
    shutil.copy2(fresh, PACKAGE / f".{name}.fresh")
    (PACKAGE / f".{name}.fresh").replace(PACKAGE / name)  # never written in place, as above
    stamp.write_text(key)
    print(f"build: codebase/kvist/{name} in {time.perf_counter() - started:.0f} s")


def main() -> int:
    cc, cxx = compiler("CC", ["gcc", "cc", "clang"]), compiler("CXX", ["g++", "c++", "clang++"])
    if cxx is None:
        print(f"build: need a C++ compiler, got none. Install one ({install_line()}), then run this again.")
        return 3
    try:
        if sys.platform == "linux":
            build_blas_shim(cc or cxx)
        build_kernels(cxx)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
