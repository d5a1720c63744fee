"""`kvist doctor`: what this machine has for the engine, one line each, with a hint for what is missing."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version

import mlx.core as mx
import numpy as np

from kvist import blas, native
from kvist.errors import KvistError
from kvist.metal.compiler import compiler
from kvist.models import tiny_path
from kvist.ops import rms_norm


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    ok: bool
    value: str
    hint: str = ""

    def line(self) -> str:
        """`name    ok  value`, with the hint when there is one."""
        text = f"{self.name:<14} {'ok' if self.ok else '--'}  {self.value}"
        return f"{text} (hint: {self.hint})" if self.hint else text


def run_checks() -> list[Check]:
    """Every check, in the order in which they are printed. A missing part is reported, never raised."""
    checks: list[Callable[[], Check]] = [
        check_python,
        check_mlx,
        check_device,
        check_threads,
        check_blas,
        check_extension,
        check_metal,
        check_tiny_model,
    ]
    return [check() for check in checks]


def as_json(checks: list[Check]) -> list[dict[str, object]]:
    """The report as plain data."""
    return [asdict(check) for check in checks]


def check_python() -> Check:
    return Check("python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def check_mlx() -> Check:
    compiled = "off" if os.environ.get("MLX_DISABLE_COMPILE") else "on"
    return Check("mlx", True, f"{version('mlx')}, mx.compile {compiled}")


def check_device() -> Check:
    return Check("device", True, f"{mx.default_device().type.name}")


def check_threads() -> Check:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Check("threads", True, f"{available} of {os.cpu_count()} processors available")


def check_blas() -> Check:
    """What carries float32 matmul, found out by doing one and not by what was loaded."""
    status = blas.status()
    speed = f"{matmul_gflops():.0f} GFLOP/s at 256x256x256"
    if not status.active:
        hint = "" if platform.system() == "Darwin" else "python scripts/build_ext.py builds the shim"
        return Check(
            "blas", platform.system() == "Darwin", f"{status.library}: {status.reason}; {speed}", hint
        )
    if not matmul_equals_numpy():
        value = f"{status.library} was loaded, but MLX does not compute with it; {speed}"
        return Check("blas", False, value, "is another BLAS preloaded (LD_PRELOAD)?")
    return Check("blas", True, f"{status.reason} ({status.library}); {speed}")


def check_extension() -> Check:
    """The C++ kernels, compared with the MLX definition on one small input."""
    status = native.status()
    if not status.active:
        return Check("extension", False, f"no C++ kernels: {status.reason}")
    x, weight = mx.arange(96, dtype=mx.float32).reshape(2, 48) / 7 - 5, mx.arange(48, dtype=mx.float32)
    reference = rms_norm(x, weight, implementation="reference")
    difference = float(mx.max(mx.abs(rms_norm(x, weight, implementation="cpp") - reference)))
    return Check("extension", difference <= 1e-4, f"{status.reason}; self-check off by {difference:.1g}")


def check_metal() -> Check:
    """Where Metal kernels run: on the GPU, or in the emulator, which needs a C++ compiler."""
    if mx.metal.is_available():
        return Check("metal", True, "GPU")
    try:
        command, version_line = compiler()
    except KvistError as error:
        return Check("metal", False, f"no GPU, and {error.need}: {error.got}", error.hint)
    return Check("metal", True, f"emulated on the CPU, compiled by {command[0]} ({version_line})")


def check_tiny_model() -> Check:
    try:
        return Check("tiny model", True, str(tiny_path()))
    except KvistError as error:
        return Check("tiny model", False, "missing", error.hint)


def matmul_gflops(size: int = 256) -> float:
    """Median speed of a float32 matmul of `size` cubed, in 10^9 floating-point operations per second."""
    a, b = mx.random.normal((size, size)), mx.random.normal((size, size))
    mx.eval(a, b)
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        mx.eval(a @ b)
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / statistics.median(seconds) / 1e9


def matmul_equals_numpy() -> bool:
    """Whether MLX and numpy give the same bits; two libraries add, and so round, in different orders."""
    generator = np.random.default_rng(0)
    # So small that neither splits it over threads, which can change bits too.
    a = generator.standard_normal((32, 200), dtype=np.float32)
    b = generator.standard_normal((200, 32), dtype=np.float32)
    return bool(np.array_equal(np.array(mx.array(a) @ mx.array(b)), a @ b))
