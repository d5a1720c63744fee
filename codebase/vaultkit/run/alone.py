"""What a process that does nothing but run notes of one vault finds out once, not for each note."""

import os
from pathlib import Path
from typing import Any


class Alone:
    """`vault` is a real path. `state` is the process's own (see `isolation`), which only notes change."""

    def __init__(self, vault: str) -> None:
        self.vault = Path(vault)
        self.state: dict[str, Any] = {}
        self._folders: dict[str, str] = {}

    def real(self, file: str) -> str:
        """The real path of a note."""
        folder, name = os.path.split(file)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        inside = os.path.join(self._folders[folder], name)
        return os.path.realpath(inside) if os.path.islink(inside) else inside
