"""Put the OpenBLAS of the numpy wheel under MLX on Linux, when kvist is imported.

The Linux wheel of MLX links the reference BLAS, which is scalar and single-threaded. libmlx imports
`cblas_sgemm` and friends by name, and the dynamic linker looks in globally loaded libraries first, so a tiny
shim that defines these names and forwards them to OpenBLAS wins when it is loaded before libmlx. numpy ships
OpenBLAS with its functions renamed `scipy_cblas_*64_` (64-bit integers); the shim (kernels/blas_shim) is the
translation. Where `mlx.core` was imported before kvist, the shim points libmlx's calls at itself afterwards.

Set `KVIST_BLAS=off` to keep MLX as it came. `status()` says what is in use and why.
"""

import ctypes
import importlib.util
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

SHIM = Path(__file__).with_name("_blas_shim.so")

_lock = threading.Lock()
_status: "BlasStatus | None" = None


@dataclass(frozen=True, slots=True)
class BlasStatus:
    """What carries MLX's float32 and float64 matmul on the CPU."""

    active: bool
    """True when MLX was put on OpenBLAS."""
    library: str
    """Path of the OpenBLAS in use, or a short name of what MLX uses by itself."""
    reason: str
    """Why: one line for people."""


def install() -> BlasStatus:
    """Load OpenBLAS and the shim once; later calls return the first answer. Never raises."""
    global _status
    with _lock:
        if _status is None:
            _status = _install()
        return _status


def status() -> BlasStatus:
    """The answer of `install`, which `import kvist` has already called."""
    return install()


def find_openblas() -> Path | None:
    """The 64-bit-integer OpenBLAS beside numpy, found without importing numpy; None if there is none."""
    spec = importlib.util.find_spec("numpy")
    if spec is None or spec.origin is None:
        return None
    libraries = Path(spec.origin).parent.with_name("numpy.libs")
    return next(iter(sorted(libraries.glob("libscipy_openblas64_*.so"))), None)


def _install() -> BlasStatus:
    refusal = _why_not()
    if refusal:
        return _fallback(refusal)
    library = find_openblas()
    if library is None:
        return _fallback("this numpy brings no OpenBLAS (it is in the wheels, not in distribution packages)")
    if not SHIM.exists():
        return _fallback("the BLAS shim is not built; run `python scripts/build_ext.py` (needs a C compiler)")
    try:
        shim = ctypes.CDLL(str(SHIM))
        if not shim.kvist_blas_shim_open(str(library).encode()):
            return _fallback(f"{library.name} lacks a routine that the shim forwards to")
        if "mlx.core" in sys.modules:
            if not shim.kvist_blas_shim_rebind():
                return _fallback(
                    "mlx.core was imported before kvist and cannot be turned; import kvist first"
                )
            return BlasStatus(
                True, str(library), "OpenBLAS of the numpy wheel, put under MLX after it was loaded"
            )
        ctypes.CDLL(str(SHIM), mode=ctypes.RTLD_GLOBAL)  # only now, when every name has a target
    except (OSError, AttributeError) as error:
        return _fallback(f"the shim cannot be loaded: {error}")
    return BlasStatus(True, str(library), "OpenBLAS of the numpy wheel, loaded ahead of MLX")


def _why_not() -> str:
    """The first reason not to try, or an empty string."""
    if sys.platform != "linux":
        return (
            "only needed on Linux; MLX uses Accelerate on a Mac" if sys.platform == "darwin" else "not Linux"
        )
    if os.environ.get("KVIST_BLAS", "").lower() in {"off", "0", "no"}:
        return f"switched off by KVIST_BLAS={os.environ['KVIST_BLAS']}"
    return ""


def _fallback(reason: str) -> BlasStatus:
    library = "Accelerate" if sys.platform == "darwin" else "reference BLAS of the MLX wheel"
    return BlasStatus(False, library, reason)
