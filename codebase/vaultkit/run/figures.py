"""Figures that blocks draw: SVG files compared by the hash of the data they plot, not by their bytes."""

import hashlib
import os
import re
from time import time_ns

_DATA = re.compile(rb"<!--\s*kvist-data:\s*([0-9a-fA-F]+)\s*-->")


_TICK_NS = 100_000_000  # longer than the clock of any file system stands still


def data_hash(svg: bytes) -> str:
    """Hash of the plotted data, from the line `<!-- kvist-data: HEX -->`; of the bytes if there is none."""
    found = _DATA.search(svg)
    return found.group(1).decode().lower() if found else "bytes:" + hashlib.sha256(svg).hexdigest()


def same_figure(committed: bytes | None, drawn: bytes) -> bool:
    return committed is not None and data_hash(committed) == data_hash(drawn)


class FigureFolder:
    """The folder where blocks draw; `take` gives what was drawn since the last call."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.seen: dict[str, bytes] = {}
        self.empty_since = 0  # the folder's time when it was found empty, 0 if that is not sure

    def take(self) -> dict[str, bytes]:
        """File name and bytes of each SVG that is new or has changed."""
        drawn: dict[str, bytes] = {}
        try:
            changed = os.stat(self.folder).st_mtime_ns
            if changed == self.empty_since:
                return drawn
            names = os.listdir(self.folder)
        except OSError:  # the note has deleted it
            return drawn
        self.empty_since = changed if not names and time_ns() - changed > _TICK_NS else 0
        for name in sorted(name for name in names if name.endswith(".svg")):
            with open(os.path.join(self.folder, name), "rb") as file:
                data = file.read()
            if self.seen.get(name) != data:
                self.seen[name] = drawn[name] = data
        return drawn
