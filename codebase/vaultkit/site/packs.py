"""Many small texts by key in few files: what is added at once is one file, written in one move and never
changed, so several processes may share a folder.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from vaultkit.write import write_atomic

MOST = 40  # files; when there are more, they are joined


class Packs:
    """Texts by key, kept in `folder`; a file that cannot be read counts as absent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._texts: dict[str, str] = {}
        self._read: set[str] = set()

    def get(self, key: str) -> str | None:
        """The text, also if another process has added it meanwhile."""
        if key not in self._texts:
            self._look()
        return self._texts.get(key)

    def known(self) -> Mapping[str, str]:
        """All texts that are there now."""
        self._look()
        return self._texts

    def add(self, texts: Mapping[str, str]) -> None:
        """Keep these texts too."""
        self._texts |= texts
        if texts:
            self._write(texts)
        if len(self._read) > MOST:
            self._look()
            joined, before = dict(sorted(self._texts.items())), set(self._read)
            new = self._write(joined)
            for name in before - {new}:
                (self.folder / name).unlink(missing_ok=True)
            self._read = {new}

    def _write(self, texts: Mapping[str, str]) -> str:
        content = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        name = f"{hashlib.blake2b(content, digest_size=12).hexdigest()}.json"
        write_atomic(self.folder / name, content)
        self._read.add(name)
        return name

    def _look(self) -> None:
        """Read the files that are new; one that goes while we look has been joined with others."""
        gone = True
        while gone:
            gone = False
            names = {file.name for file in self.folder.glob("*.json")}
            for name in sorted(names - self._read):
                try:
                    found = json.loads((self.folder / name).read_bytes())
                    self._texts |= {str(key): str(text) for key, text in found.items()}
                except FileNotFoundError:
                    gone = True
                    continue
                except (OSError, ValueError, AttributeError):
                    pass  # its texts are made again
                self._read.add(name)
