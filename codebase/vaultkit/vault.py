"""A vault on disk: every file's name, every note parsed."""

import json
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from vaultkit.errors import Problem, VaultError
from vaultkit.labs.notebook import is_notebook
from vaultkit.labs.view import note_text
from vaultkit.links import Link
from vaultkit.note import Note, parse_note
from vaultkit.outline import Heading

__all__ = ["Heading", "Link", "Note", "Vault", "is_template", "note_files", "read_text"]

NOTE_ENDINGS = (".md", ".ipynb")  # a notebook is read as a note too
_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__"})


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
        files: set[str] = set()
        templates = _templates_folder(folder)
        for path, real in sorted(_walk(folder)):
            files.add(path)
            if not path.lower().endswith(NOTE_ENDINGS) or (templates and path.startswith(templates)):
                continue
            text, found = read_text(real, path)
            if text is not None:
                notes[path] = parse_note(path, text)
                notes[path].problems[:0] = found
            else:
                problems += found
        return cls(folder, notes, files, problems)

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


def read_text(file: Path, path: str) -> tuple[str | None, list[Problem]]:
    """Text of a note, a notebook's as Markdown, and what is wrong with its bytes; None if it has none."""
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
    if is_notebook(path):
        shown, found = note_text(text, path)
        return shown, [*problems, *found]
    return text, problems


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    """(vault path, real path) of each file; hidden names, and links that leave the vault, are passed over."""
    inside = os.path.realpath(root)
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in _SKIPPED_FOLDERS)
        for name in names:
            real = Path(folder, name)
            if name[0] == "." or (real.is_symlink() and not _stays(real, inside)):
                continue
            relative = unicodedata.normalize("NFC", real.relative_to(root).as_posix())
            yield relative.encode("utf-8", "replace").decode("utf-8"), real


def _stays(link: Path, inside: str) -> bool:
    return os.path.isfile(link) and os.path.realpath(link).startswith(inside + os.sep)


def note_files(root: Path) -> Iterator[tuple[str, Path]]:
    """(vault path, file) of each note by path, without reading any; templates are no notes."""
    templates = _templates_folder(root)
    for path, real in sorted(_walk(root)):
        if path.lower().endswith(NOTE_ENDINGS) and not (templates and path.startswith(templates)):
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
