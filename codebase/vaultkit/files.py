"""The files of a vault: which there are and which are notes, without reading any."""

import json
import os
import unicodedata
from collections.abc import Iterator

_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__"})


def walk(root: str) -> Iterator[tuple[str, str]]:
    """(vault path, real path) of each file; hidden names, and links that leave the vault, are passed over."""
    inside = os.path.realpath(root) + os.sep
    waiting = [(os.fspath(root), "")]
    while waiting:
        folder, part = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        for entry in entries:
            name = entry.name
            if name[0] == ".":
                continue
            if entry.is_dir(follow_symlinks=False):
                if name not in _SKIPPED_FOLDERS:
                    waiting.append((entry.path, f"{part}{name}/"))
            elif not entry.is_symlink() or _stays(entry.path, inside):
                yield clean(part + name), entry.path


def note_files(root: str) -> list[tuple[str, str]]:
    """(vault path, file) of each note by path; templates are no notes."""
    templates = templates_folder(root)
    return sorted(
        (path, file)
        for path, file in walk(root)
        if path.lower().endswith(".md") and not (templates and path.startswith(templates))
    )


def templates_folder(root: str) -> str:
    """`folder/` of the core plugin Templates: its files hold `{{date}}` and are no notes. "" if not set."""
    try:
        with open(os.path.join(root, ".obsidian", "templates.json"), encoding="utf-8") as file:
            settings = json.load(file)
    except (OSError, ValueError, RecursionError):
        return ""
    folder = settings.get("folder") if isinstance(settings, dict) else None
    return folder.strip("/") + "/" if isinstance(folder, str) and folder.strip("/") else ""


def clean(path: str) -> str:
    """A path as notes write it: composed Unicode, and no bytes that are none."""
    if path.isascii():
        return path
    return unicodedata.normalize("NFC", path).encode("utf-8", "replace").decode("utf-8")


def _stays(link: str, inside: str) -> bool:
    return os.path.isfile(link) and os.path.realpath(link).startswith(inside)
