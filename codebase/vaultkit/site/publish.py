"""Bring a freshly built tree into the published site: what differs is written, what is gone is removed."""

import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_SHARED = (".html", ".md", ".txt", ".bin")  # what a builder never writes into, but always anew

_AT_ONCE = 4  # files


def publish(source: Path, target: Path, *, keep: tuple[str, ...] = ()) -> list[str]:
    """Make `target` equal to `source`; `keep` names folders of `target` that belong to others.

    Each file is replaced in one move, so a reader never gets half of one. Pages are shared between the two
    trees where the disk can do that. Returns the paths that changed.
    """
    target.mkdir(parents=True, exist_ok=True)
    wanted, had = files_of(source), files_of(target, keep)
    changed = sorted(had.keys() - wanted.keys())
    for path in changed:
        (target / path).unlink()
        remove_empty(target, (target / path).parent)
    for path, stat in wanted.items():
        old = had.get(path)
        if old is None or not _same(source / path, stat, target / path, old):
            put_file(source / path, target / path, new=old is None)
            changed.append(path)
    return changed


def publish_files(source: Path, target: Path, paths: Iterable[str]) -> list[str]:
    """The same for a few paths: what is not in `source` goes from `target` too. The paths that changed."""
    there = {path: (source / path).is_file() for path in sorted(paths)}
    changed = []
    for path, stays in there.items():
        place = target / path
        if not stays and place.is_file():
            place.unlink()
            remove_empty(target, place.parent)
            changed.append(path)
    staying = [path for path, stays in there.items() if stays]
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # a disk takes its time to put one file in another's place
        copied = pool.map(lambda path: _copy(source / path, target / path), staying)
        changed += [path for path, done in zip(staying, copied, strict=True) if done]
    return sorted(changed)


def _copy(source: Path, target: Path) -> bool:
    """The same for one file, which is there; True if it has changed."""
    try:
        stat = target.stat()
    except OSError:
        put_file(source, target)
        return True
    if _same(source, source.stat(), target, stat):
        return False
    put_file(source, target)
    return True


def remove_empty(root: Path, folder: Path) -> None:
    """Remove a folder that is empty, and those above it that are empty then, up to `root`."""
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def put_file(source: Path, target: Path, *, new: bool = False) -> None:
    """Let `target` be what `source` is, in one move. A page is then the same file under two names: whoever
    changes one of them removes it first. new: nothing is there yet.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        if new and _linked(source, target):
            return
        _place(source, part)
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        _place(source, part)
    part.replace(target)
    part.unlink(missing_ok=True)  # where both were the same file already, nothing was moved


def _place(source: Path, part: Path) -> None:
    if not _linked(source, part):
        part.unlink(missing_ok=True)  # what an interrupted build has left
        shutil.copyfile(source, part)


def _linked(source: Path, target: Path) -> bool:
    """Give a page this name too; False if it is none, or the name is taken, or the disk cannot do it."""
    if source.suffix not in _SHARED:
        return False
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True


def replace_file(file: Path, content: bytes) -> None:
    """Let a file that is there hold this, in one move."""
    part = file.with_name(f".{file.name}.part")
    write_anew(part, content)
    part.replace(file)


def share(file: Path, other: Path) -> None:
    """Let `other` be what `file` is: a page the same file under two names."""
    other.unlink(missing_ok=True)
    if not _linked(file, other):
        shutil.copyfile(file, other)


def write_anew(file: Path | str, content: bytes) -> None:
    """Write a file under this name, and under no other that it may have had."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    for _ in range(3):
        try:
            place = os.open(file, flags, 0o666)
            break
        except FileExistsError:
            os.unlink(file)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(place, "wb") as writer:
        writer.write(content)


def read(file: Path | str) -> bytes:
    with open(file, "rb", buffering=0) as reader:
        return reader.read()


def files_of(folder: Path, keep: tuple[str, ...] = ()) -> dict[str, os.stat_result]:
    """Files by path below `folder`; not those of the folders `keep`."""
    found: dict[str, os.stat_result] = {}

    def look(place: str, path: str) -> None:
        with os.scandir(place) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_dir(follow_symlinks=False):
                    if path or entry.name not in keep:
                        look(entry.path, f"{path}{entry.name}/")
                elif entry.is_file():
                    found[path + entry.name] = entry.stat()

    if folder.is_dir():
        look(str(folder), "")
    return found


def _same(source: Path, stat: os.stat_result, target: Path, old: os.stat_result) -> bool:
    if os.path.samestat(stat, old):
        return True
    return stat.st_size == old.st_size and read(source) == read(target)
