"""Where things are: the kernels of a checkout, the stand-in headers, the cache of compiled kernels."""

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from kvist.errors import KvistError

SHIM = Path(__file__).with_name("shim")
MAX_CACHE_BYTES = 256 << 20
_MAX_CACHE_FILES = 2000


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


@cache
def shim_digest() -> str:
    """One hash of the stand-in headers and the runtime."""
    h = hashlib.sha256()
    for path in sorted(SHIM.iterdir()):
        h.update(path.name.encode() + path.read_bytes())
    return h.hexdigest()


@cache
def angle_folder(names: Sequence[str] | tuple[str, ...] = ()) -> Path:
    """A folder with an empty file for each <header>: what the preprocessor finds for them."""
    digest = hashlib.sha256("\0".join(names).encode()).hexdigest()[:8]
    target = cache_folder() / f"headers-{digest}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="compiling-") as folder:
            fresh = Path(folder, "headers")
            for name in names:
                (fresh / name).parent.mkdir(parents=True, exist_ok=True)
                (fresh / name).touch()
            with contextlib.suppress(OSError):  # another process was quicker
                fresh.rename(target)
    return target


def prune(folder: Path, max_bytes: int = MAX_CACHE_BYTES) -> None:
    """Delete the least recently used compiled kernels beyond `max_bytes` or 2000 files."""
    entries = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                entries.append((status.st_mtime_ns, status.st_size, entry.path))
    entries.sort(reverse=True)
    total = 0
    for number, (_, size, path) in enumerate(entries):
        total += size
        if total > max_bytes or number >= _MAX_CACHE_FILES:
            with contextlib.suppress(OSError):
                os.unlink(path)
