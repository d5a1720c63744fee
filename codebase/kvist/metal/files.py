"""Where things are: the kernels of a checkout, the stand-in headers, the cache of compiled kernels."""

import os
import sys
import tempfile
from functools import cache
from pathlib import Path

from kvist.errors import KvistError

SHIM = Path(__file__).with_name("shim")


def checkout_root() -> Path | None:
    """The checkout that kvist runs from, or None when it was installed from a wheel."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "kernels" / "CMakeLists.txt").exists() else None


def kernel_path(op: str) -> Path:
    """kernels/<op>/<op>.metal of the checkout. Raises KvistError outside a checkout or for an unknown op."""
    root = checkout_root()
    if root is None:
        raise KvistError(
            "metal",
            f"kernels/{op}/{op}.metal",
            "kvist without its checkout",
            "kernels are not part of the wheel; clone the repository, or pass your own .metal file",
        )
    path = root / "kernels" / op / f"{op}.metal"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in (root / "kernels").glob("*/*.metal"))) or "none"
        raise KvistError("metal", f"a kernel {op!r}", "no such file", f"kernels here: {known}")
    return path


@cache
def cache_folder() -> Path:
    """Where compiled kernels are kept: .cache/kvist of a checkout, else the user's cache folder.

    KVIST_CACHE overrides both. A folder that cannot be written is replaced by a temporary one.
    """
    root = checkout_root()
    if os.environ.get("KVIST_CACHE"):
        folder = Path(os.environ["KVIST_CACHE"])
    elif root is not None:
        folder = root / ".cache" / "kvist"
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Caches" / "kvist"
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kvist"
    folder = folder / "metal"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="kvist-metal-"))
