"""What a block may declare to need, `<!-- run: requires NAME -->`, and whether it is there.

Nothing is imported to find out: whoever imports MLX first decides which BLAS it gets.
"""

import platform
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

METAL, EXTENSION = "metal", "extension"


def present(name: str) -> bool:
    """True if `name` is there: `metal` (a Mac's GPU), `extension` (kvist's compiled C++), or a module."""
    if name == METAL:
        return sys.platform == "darwin" and platform.machine() == "arm64" and _module("mlx.core")
    if name == EXTENSION:
        return _module("kvist._kernels")
    return _module(name)


def why_absent(name: str) -> str:
    """The reason for which a block is skipped that requires `name`."""
    known = {
        METAL: "requires Metal, and this machine has no GPU for it",
        EXTENSION: "requires kvist's C++ extension, which is not built here",
    }
    return known.get(name, f"requires {name}, which is not installed here")


def _module(name: str) -> bool:
    top, *inner = name.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return False
    path = top
    for part in inner:
        if spec is None or spec.submodule_search_locations is None:
            return False
        path = f"{path}.{part}"
        places = [str(Path(place)) for place in spec.submodule_search_locations]
        spec = PathFinder.find_spec(path, places)
    return spec is not None
