"""The files of a vault on disk, as Obsidian lists them: everything but what a dot hides."""

import os
import unicodedata
from pathlib import Path
from typing import NamedTuple

from vaultkit.errors import Problem


class Listing(NamedTuple):
    """`files`: where each vault path stands on disk, by path; `problems`: what could not be listed."""

    files: dict[str, Path]
    problems: list[Problem]


def walk(root: Path) -> Listing:
    """Every file below `root`, sorted by vault path: posix, relative, composed (NFC) as Obsidian has it.

    Names with a leading dot are hidden. A symbolic link counts if it leads to a file inside the vault;
    linked folders are not entered, so there are no loops and no way out.
    """
    inside = os.path.realpath(root)
    found: list[tuple[str, Path]] = []
    problems: list[Problem] = []
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.name[0] == ".":
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(path)
                        if path.lower().endswith(".md"):
                            problems.append(_folder(_vault_path(path)))
                    elif _is_ours(entry, inside):
                        found.append((_vault_path(path), Path(entry.path)))
        except OSError as error:
            what = f"cannot be listed: {error.strerror or error}"
            problems.append(Problem(_vault_path(folder) or str(root), 0, "unreadable", what))
    files: dict[str, Path] = {}
    for path, real in sorted(found):
        if files.setdefault(path, real) is not real:
            what = "stands here twice, written with different Unicode forms; only the first is read"
            problems.append(Problem(path, 0, "duplicate-name", what, "rename one of the two"))
    return Listing(files, sorted(problems, key=lambda problem: problem.path))


def _is_ours(entry: os.DirEntry[str], inside: str) -> bool:
    """True for a regular file, and for a link to one inside the vault; no pipes, no devices."""
    if not entry.is_symlink():
        return entry.is_file(follow_symlinks=False)
    return os.path.isfile(entry.path) and os.path.realpath(entry.path).startswith(inside + os.sep)


def _vault_path(path: str) -> str:
    composed = path if path.isascii() else unicodedata.normalize("NFC", path)
    return composed.encode("utf-8", "replace").decode("utf-8")


def _folder(path: str) -> Problem:
    return Problem(path, 0, "folder-name", "is a folder with the name of a note", "rename it", "warning")
