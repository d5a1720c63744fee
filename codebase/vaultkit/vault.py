"""A vault on disk: every file's name, every note parsed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from vaultkit.errors import Problem, VaultError
from vaultkit.links import Link
from vaultkit.note import Note, parse_note
from vaultkit.outline import Heading
from vaultkit.walk import walk

__all__ = ["Heading", "Link", "Note", "Vault", "fold", "is_template", "note_files", "read_text"]


@dataclass
class Vault:
    """`notes` by vault-relative path; `files` are all paths (templates too), hidden ones left out.

    `templates` are the notes of the templates folder: Obsidian reads their links, we check and show nothing
    of them. `problems` are those of files that are no notes here.
    """

    root: Path
    notes: dict[str, Note]
    files: set[str]
    problems: list[Problem] = field(default_factory=list)
    templates: dict[str, Note] = field(default_factory=dict)
    disk: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def load(cls, root: str | Path) -> "Vault":
        """Read the vault in folder `root`, else raise VaultError."""
        folder = Path(root)
        if not folder.is_dir():
            raise VaultError(Problem(str(root), 0, "no-vault", "is not a folder", "give the vault's folder"))
        listing = walk(folder)
        vault = cls(folder, {}, set(listing.files), listing.problems, disk=listing.files)
        templates = _templates_folder(folder)
        for path, real in listing.files.items():
            if not path.lower().endswith(".md"):
                continue
            text, found = read_text(real, path)
            if text is None:
                vault.problems += found
                continue
            note = parse_note(path, text)
            note.problems[:0] = found
            (vault.templates if templates and path.startswith(templates) else vault.notes)[path] = note
        return vault

    def on_disk(self, path: str) -> Path:
        """Where a vault path stands on disk, whose name may be written in another Unicode form."""
        return self.disk.get(path) or self.root / path

    def note(self, path: str | None) -> Note | None:
        """The note or template at a path."""
        return None if path is None else self.notes.get(path) or self.templates.get(path)

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """Paths by folded file name, extension included."""
        names: dict[str, list[str]] = {}
        for path in sorted(self.files):
            names.setdefault(fold(path.rsplit("/", 1)[-1]), []).append(path)
        return names

    @cached_property
    def by_path(self) -> dict[str, tuple[str, ...]]:
        """Paths by folded path: several where file names differ in case only."""
        paths: dict[str, tuple[str, ...]] = {}
        for path in sorted(self.files):
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


def fold(text: str) -> str:
    """A name as Obsidian compares it: lower case; no-break spaces are spaces."""
    return text.replace("\u00a0", " ").lower()


def read_text(file: Path, path: str) -> tuple[str | None, list[Problem]]:
    """Text of a note and what is wrong with its bytes; None if it cannot be read at all."""
    try:
        data = file.read_bytes()
    except OSError as error:
        return None, [Problem(path, 0, "unreadable", f"cannot be read: {error.strerror or error}")]
    problems = []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(Problem(path, line, "encoding", "is not UTF-8", "save the note as UTF-8"))
        text = data.decode("utf-8-sig", errors="replace")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        problems.append(Problem(path, line, "encoding", "holds a NUL character", "remove it"))
    return text, problems


def note_files(root: Path) -> Iterator[tuple[str, Path]]:
    """(vault path, file) of each note by path, without reading any; templates are no notes."""
    templates = _templates_folder(root)
    for path, real in walk(root).files.items():
        if path.lower().endswith(".md") and not (templates and path.startswith(templates)):
            yield path, real


def is_template(file: Path, root: Path) -> bool:
    """True if `file` stands in the templates folder of the vault `root`."""
    folder = _templates_folder(root)
    return bool(folder) and file.resolve().is_relative_to((root / folder).resolve())


def _templates_folder(root: Path) -> str:
    """`folder/` of the core plugin Templates: its files hold `{{date}}` and are no notes. "" if not set."""
    try:
        settings = json.loads((root / ".obsidian" / "templates.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return ""
    folder = settings.get("folder") if isinstance(settings, dict) else None
    return folder.strip("/") + "/" if isinstance(folder, str) and folder.strip("/") else ""
