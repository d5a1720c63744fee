"""Bring a freshly built tree into the published site: what differs is written, what is gone is removed."""

import os
from collections.abc import Iterable
from pathlib import Path


def publish(source: Path, target: Path, *, keep: tuple[str, ...] = ()) -> list[str]:
    """Make `target` equal to `source`; `keep` names folders of `target` that belong to others.

    Each file is replaced in one move, so a reader never gets half of one. Returns the paths that changed.
    """
    target.mkdir(parents=True, exist_ok=True)
    wanted = _files(source)
    changed = [path for path, file in wanted.items() if _copy(file, target / path)]
    for path, file in _files(target).items():
        if path not in wanted and path.split("/", 1)[0] not in keep:
            file.unlink()
            changed.append(path)
    for folder, folders, names in os.walk(target, topdown=False):
        if not folders and not names:
            os.rmdir(folder)
    return changed


def publish_files(source: Path, target: Path, paths: Iterable[str]) -> list[str]:
    """The same for a few paths: what is not in `source` goes from `target` too. The paths that changed."""
    changed = []
    for path in sorted(paths):
        file, place = source / path, target / path
        if file.is_file():
            changed += [path] if _copy(file, place) else []
        elif place.is_file():
            place.unlink()
            remove_empty(target, place.parent)
            changed.append(path)
    return changed


def remove_empty(root: Path, folder: Path) -> None:
    """Remove a folder that is empty, and those above it that are empty then, up to `root`."""
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _files(folder: Path) -> dict[str, Path]:
    return {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}


def _copy(source: Path, target: Path) -> bool:
    content = source.read_bytes()
    try:
        if target.stat().st_size == len(content) and target.read_bytes() == content:
            return False
    except OSError:
        target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(content)
    part.replace(target)
    return True
