"""The files of libraries that this process has loaded: modules, extensions, shared libraries."""

import os
import sys

from vaultkit.run.stamps import is_library

_MAPS = "/proc/self/maps"


def loaded_files() -> list[str]:
    """Absolute paths, sorted. Shared libraries are read off the memory map where there is one, system ones
    included; bytecode counts as its source.
    """
    found = set()
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and is_library(file):
            found.add(os.path.abspath(file))
    try:
        with open(_MAPS, encoding="utf-8", errors="surrogateescape") as file:
            rows = [line.rstrip("\n").split(maxsplit=5) for line in file]
    except OSError:
        rows = []
    for row in rows:
        if len(row) == 6 and row[1].count("x") and row[5][0] == "/" and not row[5].endswith(" (deleted)"):
            found.add(row[5])
    return sorted(found)
