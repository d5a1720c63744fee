"""Write an export: into a new or empty folder, or over a former export; never over anybody's files."""

import json
import os
from pathlib import Path

from vaultkit.errors import Problem, VaultError
from vaultkit.write import write_atomic

MARK = ".vaultkit-export.json"  # lists the files of an export: they, and no others, may be replaced


def former(out: Path, vault: Path) -> set[str]:
    """Paths of the export that stands in `out`; raises VaultError if `out` is no place for one."""
    here, there = Path(os.path.realpath(out)), Path(os.path.realpath(vault))
    if here == there or here.is_relative_to(there) or there.is_relative_to(here):
        raise _refused(out, "lies in the vault, or the vault in it", "name a folder beside the vault")
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise _refused(out, "is no folder", "name a new folder")
    if not out.exists() or not any(out.iterdir()):
        return set()
    try:
        listed = json.loads((out / MARK).read_text("utf-8"))["files"]
        return {str(path) for path in listed if is_inside(str(path))}
    except (OSError, ValueError, KeyError, TypeError):
        raise _refused(out, "holds files that are no export", "name a new or empty folder") from None


def is_inside(path: str) -> bool:
    """True for a relative path that stays below the folder it is joined to."""
    parts = path.split("/")
    return bool(path) and not any(part in ("", ".", "..") for part in parts) and "\0" not in path


def write(files: dict[str, bytes], out: Path, old: set[str]) -> list[Problem]:
    """Write the files, remove what only the former export had; what cannot be written is reported."""
    foreign = sorted(path for path in files if path not in old and os.path.lexists(out / path))
    if foreign:
        raise _refused(
            out / foreign[0], "is not of the former export", "move it away, or name another folder"
        )
    out.mkdir(parents=True, exist_ok=True)
    problems: list[Problem] = []
    written: set[str] = set()
    for path, content in files.items():
        why = _write_one(out, path, content)
        if why:
            problems.append(Problem(path, 0, "not-written", why))
        else:
            written.add(path)
    for path in sorted(old - written):
        if not _through_link(out, path):
            (out / path).unlink(missing_ok=True)
            _remove_empty(out, (out / path).parent)
    listing = json.dumps({"files": sorted(written)}, ensure_ascii=False, indent=0)
    write_atomic(out / MARK, listing.encode("utf-8", "surrogatepass"))
    return problems


def _write_one(out: Path, path: str, content: bytes) -> str:
    """Reason why a file was not written, "" if it was."""
    if not is_inside(path) or _through_link(out, path):
        return "would be written outside of the export"
    file = out / path
    try:
        if file.is_file() and file.read_bytes() == content:
            return ""
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, content)
    except (OSError, ValueError) as error:
        return f"cannot be written: {getattr(error, 'strerror', None) or error}"
    return ""


def _through_link(out: Path, path: str) -> bool:
    """True if a part of the path below `out` is a symbolic link."""
    place = out
    for part in path.split("/"):
        place = place / part
        if place.is_symlink():
            return True
    return False


def _remove_empty(out: Path, folder: Path) -> None:
    while folder != out and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _refused(path: Path, why: str, hint: str) -> VaultError:
    return VaultError(Problem(str(path), 0, "export", why, hint))
