"""The C++ primitives (kvist._kernels), if they are built and work here.

`kernels` is the extension or None, and `status()` says why. Everything in kvist runs without it, on MLX's own
operations. Build it with `python scripts/build_ext.py`; KVIST_NATIVE=off leaves it out.
"""

import importlib
import os
from dataclasses import dataclass
from importlib.metadata import version
from types import ModuleType

import mlx.core as mx


@dataclass(frozen=True, slots=True)
class NativeStatus:
    """Whether the extension is in use, and why or why not in one line for people."""

    active: bool
    reason: str


def _load() -> tuple[ModuleType | None, str]:
    if os.environ.get("KVIST_NATIVE", "").lower() in ("off", "0", "no"):
        return None, "switched off by KVIST_NATIVE"
    try:
        module = importlib.import_module("kvist._kernels")
    except ModuleNotFoundError:
        return None, "not built; run `python scripts/build_ext.py` (needs a C++ compiler)"
    except ImportError as error:
        return None, f"cannot be loaded: {error}"
    fault = _self_check(module)
    if fault:
        return None, f"{fault}; run `python scripts/build_ext.py` again"
    return module, f"C++ primitives built by {module.compiler}, {module.num_threads()} threads"


def _self_check(module: ModuleType) -> str:
    """What is wrong with the extension, or nothing.

    An extension built for another MLX may crash, and one built with another nanobind imports well and then
    refuses every mx.array; so the version is compared and one small call is made.
    """
    installed = version("mlx")
    if module.mlx_version != installed:
        return f"built for mlx {module.mlx_version}, but mlx {installed} is installed"
    try:
        x = mx.array([3.0, 4.0])
        y = module.rms_norm(x, mx.array([1.0, 2.0]), 0.0, stream=mx.cpu)
        right = mx.allclose(y, mx.array([0.848528, 2.262742]), rtol=1e-5).item()
    except (TypeError, ValueError, RuntimeError) as error:
        return f"the self-check failed: {error}".splitlines()[0]
    return "" if right else "the self-check gave a wrong value"


kernels, _reason = _load()


def status() -> NativeStatus:
    """Whether `kernels` is there, and why or why not."""
    return NativeStatus(kernels is not None, _reason)
