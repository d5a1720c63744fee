"""A note as it was when it was read: its text and the program in it, of the same bytes."""

from importlib import import_module
from pathlib import Path

from vaultkit.files import is_notebook
from vaultkit.read import text_of, unreadable
from vaultkit.run.fingerprints import Fingerprints
from vaultkit.run.plain import NO_LAB, Plain
from vaultkit.run.program import Program, program_of
from vaultkit.scan import scan


class Reading:
    """The note at `file`, `path` in its vault. `text` is None if it has none, `problems` are those of its
    bytes; `digest` is the hash of the bytes, "" if they cannot be read.
    """

    def __init__(self, file: Path, path: str, fingerprints: Fingerprints | None = None) -> None:
        self.text: str | None = None
        self.digest = ""
        try:
            fingerprints = fingerprints or Fingerprints()
            data = fingerprints.read(str(file))
        except OSError as error:
            self.problems = [unreadable(path, error)]
        else:
            self.text, self.problems = text_of(data, path)
            self.digest = fingerprints.file(str(file))
        self._key: str | None = None
        scanned = scan(self.text or "")
        self.lines = len(scanned.lines)
        self.program: Program = program_of(path, scanned)
        self.lab: Plain = NO_LAB
        if self.text and is_notebook(path):
            self.lab = import_module("vaultkit.run.lab").Lab(file, self.program)

    @property
    def key(self) -> str:
        """See `Plain.key`."""
        if self._key is None:
            self._key = self.lab.key(self.program)
        return self._key
