"""A vault on disk: every file's name, every note parsed."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from vaultkit import files
from vaultkit.errors import Problem, no_folder
from vaultkit.journal import recover
from vaultkit.links import Link
from vaultkit.note import Note, parse_note
from vaultkit.outline import Heading
from vaultkit.read import read_text

__all__ = [
    "Heading",
    "Link",
    "Note",
    "Vault",
    "fold",
    "is_template",
    "note_files",
    "read_text",
    "stamp_of",
    "unread",
]


@dataclass
class Vault:
    """`notes` by vault-relative path; `files` are all paths (templates too), hidden ones left out.

    `templates` are the notes of the templates folder: Obsidian reads their links, we check and show nothing
    of them. `problems` are those of files that are no notes here. `hidden` are names that are taken but lead
    nowhere: what is not published. `resolved` is what `vaultkit.resolve` has found; None: nothing is kept.
    """

    root: Path
    notes: dict[str, Note]
    files: set[str]
    problems: list[Problem] = field(default_factory=list)
    templates: dict[str, Note] = field(default_factory=dict)
    disk: dict[str, str] = field(default_factory=dict)
    stamps: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # of notes when they were read
    hidden: set[str] = field(default_factory=set)
    resolved: dict[tuple[str, str], Any] | None = field(default_factory=dict, init=False, compare=False)

    @classmethod
    def load(cls, root: str | Path, known: "Vault | None" = None) -> "Vault":
        """Read the vault in folder `root`, else raise CallError.

        known: the same vault as it was before; notes whose files have not changed are taken from it.
        """
        folder = Path(root)
        if not folder.is_dir():
            raise no_folder(root)
        trouble: list[tuple[str, str]] = []
        missed = recover(folder) or []
        trouble += [(path, "was changed while a rename was interrupted: mend its links") for path in missed]
        templates = files.templates_folder(str(folder))
        vault = cls(folder, {}, set())
        with _no_collection():
            for path, real in sorted(files.walk(str(folder), trouble)):
                if path in vault.files:
                    trouble.append((path, "stands here twice, in two Unicode forms; only the first is read"))
                    continue
                vault.files.add(path)
                vault.disk[path] = real
                if not path.lower().endswith(files.NOTE_ENDINGS):
                    continue
                note = vault._read(path, real, known)
                if note:
                    (vault.templates if templates and path.startswith(templates) else vault.notes)[path] = (
                        note
                    )
        vault.problems += [passed_over(path, what) for path, what in trouble]
        return vault

    def _read(self, path: str, real: str, known: "Vault | None") -> Note | None:
        stamp = stamp_of(real)
        if known and stamp and known.stamps.get(path) == stamp and (note := known.note(path)):
            self.stamps[path] = stamp
            return note
        text, found = read_text(real, path)
        if text is None:
            self.problems += found
            return None
        if stamp:
            self.stamps[path] = stamp
        note = parse_note(path, text)
        note.problems[:0] = found
        return note

    def on_disk(self, path: str) -> Path:
        """Where a vault path stands on disk, whose name may be written in another Unicode form."""
        return Path(self.disk[path]) if path in self.disk else self.root / path

    def note(self, path: str | None) -> Note | None:
        """The note or template at a path."""
        return None if path is None else self.notes.get(path) or self.templates.get(path)

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """Paths by folded file name, extension included."""
        names: dict[str, list[str]] = {}
        for path in sorted(self.files | self.hidden):
            names.setdefault(fold(path.rsplit("/", 1)[-1]), []).append(path)
        return names

    @cached_property
    def by_path(self) -> dict[str, tuple[str, ...]]:
        """Paths by folded path: several where file names differ in case only."""
        paths: dict[str, tuple[str, ...]] = {}
        for path in sorted(self.files | self.hidden):
            paths[fold(path)] = (*paths.get(fold(path), ()), path)
        return paths

    @cached_property
    def by_alias(self) -> dict[str, str]:
        """Note paths by lower-cased alias or Chinese title: never resolves, only names the mistake."""
        found: dict[str, str] = {}
        for path, note in sorted(self.notes.items()):
            names = [*note.aliases, note.title] if note.lang == "zh" else note.aliases
            for name in names:
                found.setdefault(name.lower(), path)
        return found


def unread(vault: Vault) -> dict[str, str]:
    """The notes that cannot be read, by path, and why."""
    errors = [p for p in vault.problems if p.code == "unreadable" and p.severity == "error"]
    return {p.path: p.message for p in errors if p.path.lower().endswith(files.NOTE_ENDINGS)}


def passed_over(path: str, what: str) -> Problem:
    """The warning that something in the vault is not read, in the words of `files.walk`."""
    code = "symbolic-link" if what in files.LINKS else "unreadable"
    return Problem(path, 0, code, what, severity="warning")


@contextmanager
def _no_collection() -> Iterator[None]:
    """No search for cycles while a vault is read: what is made stays, and is looked at again and again."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def stamp_of(file: str | Path) -> tuple[int, int, int] | None:
    """What changes when a file is written: its time, its size, its number on disk; None if it has gone."""
    try:
        stat = os.stat(file)
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def fold(text: str) -> str:
    """A name as Obsidian compares it: lower case; no-break spaces are spaces."""
    return text.replace("\u00a0", " ").lower()


def note_files(root: Path) -> Iterator[tuple[str, Path]]:
    """(vault path, file) of each note by path, without reading any; templates are no notes."""
    for path, file in files.note_files(str(root)):
        yield path, Path(file)


def is_template(file: Path, root: Path) -> bool:
    """True if `file` stands in the templates folder of the vault `root`."""
    folder = files.templates_folder(str(root))
    return bool(folder) and file.resolve().is_relative_to((root / folder).resolve())
