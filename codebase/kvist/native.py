"""The C++ primitives (kvist._kernels), if they are built and work here.

`kernels` is the extension or None, and `status()` says why. Everything in kvist runs without it, on MLX's own
operations. Build it with `python scripts/build_ext.py`; KVIST_NATIVE=off leaves it out.
"""

import importlib
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from types import ModuleType
from typing import Any

import mlx.core as mx

from kvist.errors import KvistError


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
        if hasattr(module, "linear"):  # the newest of an older extension may be missing; the rest is used
            matrix = mx.array([[1.0, 2.0], [0.5, 0.0]])
            (z,) = module.linear(x, [matrix], [], [], activation_bits=0, stream=mx.cpu)
            right = right and z.tolist() == [11.0, 1.5]
    except (TypeError, ValueError, RuntimeError) as error:
        return f"the self-check failed: {error}".splitlines()[0]
    return "" if right else "the self-check gave a wrong value"


kernels, _reason = _load()
_CPU = mx.Device(mx.cpu)


def status() -> NativeStatus:
    """Whether `kernels` is there, and why or why not."""
    return NativeStatus(kernels is not None, _reason)


_told = False


def primitive(name: str, where: str) -> Callable[..., Any] | None:
    """The C++ primitive `name` if it is to be used by default here, on the CPU; else None.

    That there is none although it would help is said once, as a RuntimeWarning.
    """
    global _told
    if mx.default_device() != _CPU:
        return None
    found: Callable[..., Any] | None = getattr(kernels, name, None)
    if found is None and not _told:
        _told = True
        reason = _reason if kernels is None else f"built without {name}; run `python scripts/build_ext.py`"
        warnings.warn(f"[{where}] no C++ kernels: {reason}. MLX's operations are used", RuntimeWarning, 3)
    return found


def required(name: str, where: str) -> Callable[..., Any]:
    """The C++ primitive `name`. Raises KvistError when it is not there, or the default device is a GPU."""
    found: Callable[..., Any] | None = getattr(kernels, name, None)
    if found is None:
        got = f"none: {_reason}" if kernels is None else f"an older one without {name}"
        raise KvistError(where, "the C++ extension", got, 'implementation="mlx" works everywhere')
    if mx.default_device() != mx.cpu:
        raise KvistError(where, "the CPU as default device", "a GPU", 'use implementation="mlx"')
    return found


_WORTH_MOVING = 64 << 20  # bytes of weights; fewer stay in the caches


def use_huge_pages(weights: Sequence[mx.array]) -> int:
    """Move what is read with every token onto large pages, if it is much; returns the bytes that lie on them.

    Decoding becomes about a tenth faster, in 0.1 to 1 s for 335 MB. 0, and nothing else, where there is no
    extension, no Linux 6.1, or the system gives none (/sys/kernel/mm/transparent_hugepage/enabled: never).
    """
    move: Callable[[Sequence[mx.array]], int] | None = getattr(kernels, "use_huge_pages", None)
    if move is None or sum(x.nbytes for x in weights) < _WORTH_MOVING:
        return 0
    return move(weights)
