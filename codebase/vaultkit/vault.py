"""A vault on disk: every file's name, every note parsed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from vaultkit import files
from vaultkit.errors import Problem, VaultError
from vaultkit.links import Link
from vaultkit.note import Note, parse_note
from vaultkit.outline import Heading
from vaultkit.read import read_text

__all__ = ["Heading", "Link", "Note", "Vault", "is_template", "note_files", "read_text"]


@dataclass
class Vault:
    """`notes` by vault-relative path; `files` are all paths (templates too), hidden ones left out."""

    root: Path
    notes: dict[str, Note]
    files: set[str]
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def load(cls, root: str | Path) -> "Vault":
        """Read the vault in folder `root`, else raise VaultError. Templates are files but not notes."""
        folder = Path(root)
        if not folder.is_dir():
            raise VaultError(Problem(str(root), 0, "no-vault", "is not a folder", "give the vault's folder"))
        problems: list[Problem] = []
        notes: dict[str, Note] = {}
        names: set[str] = set()
        templates = files.templates_folder(str(folder))
        for path, real in sorted(files.walk(str(folder))):
            names.add(path)
            if not path.lower().endswith(".md") or (templates and path.startswith(templates)):
                continue
            text, found = read_text(Path(real), path)
            if text is not None:
                notes[path] = parse_note(path, text)
                notes[path].problems[:0] = found
            else:
                problems += found
        return cls(folder, notes, names, problems)

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """Paths by lower-cased file name, extension included."""
        names: dict[str, list[str]] = {}
        for path in sorted(self.files):
            names.setdefault(path.rsplit("/", 1)[-1].lower(), []).append(path)
        return names

    @cached_property
    def by_path(self) -> dict[str, str]:
        """Paths by lower-cased path; of two that differ in case only, the first in sorted order."""
        return {path.lower(): path for path in sorted(self.files, reverse=True)}

    @cached_property
    def by_alias(self) -> dict[str, str]:
        """Note paths by lower-cased alias or Chinese title: never resolves, only names the mistake."""
        found: dict[str, str] = {}
        for path, note in sorted(self.notes.items()):
            names = [*note.aliases, note.title] if note.lang == "zh" else note.aliases
            for name in names:
                found.setdefault(name.lower(), path)
        return found


def note_files(root: Path) -> Iterator[tuple[str, Path]]:
    """(vault path, file) of each note by path, without reading any; templates are no notes."""
    for path, file in files.note_files(str(root)):
        yield path, Path(file)


def is_template(file: Path, root: Path) -> bool:
    """True if `file` stands in the templates folder of the vault `root`."""
    folder = files.templates_folder(str(root))
    return bool(folder) and file.resolve().is_relative_to((root / folder).resolve())
