"""Figures that blocks draw: SVG files compared by the hash of the data they plot, not by their bytes."""

import hashlib
import os
import re
from pathlib import Path

_DATA = re.compile(rb"<!--\s*kvist-data:\s*([0-9a-fA-F]+)\s*-->")


def data_hash(svg: bytes) -> str:
    """Hash of the plotted data, from the line `<!-- kvist-data: HEX -->`; of the bytes if there is none."""
    found = _DATA.search(svg)
    return found.group(1).decode().lower() if found else "bytes:" + hashlib.sha256(svg).hexdigest()


def same_figure(committed: bytes | None, drawn: bytes) -> bool:
    return committed is not None and data_hash(committed) == data_hash(drawn)


class FigureFolder:
    """The folder where blocks draw; `take` gives what was drawn since the last call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: dict[str, bytes] = {}

    def take(self) -> dict[str, bytes]:
        """File name and bytes of each SVG that is new or has changed."""
        drawn: dict[str, bytes] = {}
        try:
            names = sorted(name for name in os.listdir(self.folder) if name.endswith(".svg"))
        except OSError:  # the note has deleted it
            names = []
        for name in names:
            data = (self.folder / name).read_bytes()
            if self.seen.get(name) != data:
                self.seen[name] = drawn[name] = data
        return drawn
