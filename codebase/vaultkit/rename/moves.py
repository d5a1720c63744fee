"""Which files a rename moves, and where to; refuses what cannot be done."""

import os
import posixpath
import unicodedata
from difflib import get_close_matches

from vaultkit.check.names import illegal_in_name
from vaultkit.errors import CallError, Problem, VaultError
from vaultkit.pairs import canonical, is_zh, pair_of, translated
from vaultkit.vault import Vault, fold

_MAX_BYTES = 240  # of a file name; most file systems allow 255, a temporary name needs some more


def moves(vault: Vault, old: str, new: str) -> dict[str, str]:
    """{old path: new path} of the file `old` and of its language pair.

    `old` is a name or a path, with or without `.md`; `new` a name (the folder stays), a path from the vault's
    root, or a folder ending in `/` (the name stays). Raises VaultError.
    """
    path = _find(vault, old)
    pair = pair_of(vault, path)
    if is_zh(path) and pair:
        path, pair = pair, path
        new = canonical(new) if is_zh(new) else new.removesuffix(".zh")
    target = _target(vault, path, new)
    found = {path: target}
    if pair:
        found[pair] = translated(target)
    for source, wanted in found.items():
        _refuse(vault, source, wanted, found)
    return found


def _find(vault: Vault, old: str) -> str:
    wanted = fold(unicodedata.normalize("NFC", old.strip())).strip("/")
    for name in (wanted, wanted + ".md"):
        found = vault.by_path.get(name) or (tuple(vault.by_name.get(name, ())) if "/" not in name else ())
        exact = [path for path in found if old.strip() in (path, path.removesuffix(".md"))]
        if len(found) == 1 or len(exact) == 1:
            return (exact or list(found))[0]
        if found:
            message = f"could be any of {', '.join(found[:4])}"
            raise VaultError(Problem(old, 0, "ambiguous-name", message, "give the path"))
    names = sorted({path.rsplit("/", 1)[-1].removesuffix(".md") for path in vault.files})
    close = get_close_matches(old.rsplit("/", 1)[-1], names, n=2)
    hint = f"did you mean {' or '.join(close)}?" if close else "give its name or its path in the vault"
    raise CallError(Problem(old, 0, "no-note", "is not a note of this vault", hint))


def _target(vault: Vault, path: str, new: str) -> str:
    """The new path of `path`, its extension kept."""
    folder, name = posixpath.split(path)
    extension = ".md" if path.lower().endswith(".md") else posixpath.splitext(name)[1]
    text = unicodedata.normalize("NFC", new.strip())
    if text.endswith("/"):
        text += name
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise VaultError(
            Problem(new, 0, "illegal-name", "is not a name in the vault", "a name, or folder/name")
        )
    if parts[-1].lower().endswith(extension.lower()) and len(parts[-1]) > len(extension):
        parts[-1] = parts[-1][: -len(extension)] if extension else parts[-1]
    where = _folder(vault, "/".join(parts[:-1])) if "/" in text else folder
    known = where == folder or any(path.startswith(where + "/") for path in vault.files)
    for part in parts[-1:] if known else parts:
        if why := illegal_in_name(part):
            hint = "choose another name; symbols can go into `aliases`"
            raise VaultError(Problem(new, 0, "illegal-name", why, hint))
    if len(os.fsencode(parts[-1] + ".zh" + extension)) > _MAX_BYTES:
        raise VaultError(Problem(new, 0, "illegal-name", "the name is too long for a file", "shorten it"))
    return posixpath.join(where, parts[-1] + extension)


def _folder(vault: Vault, folder: str) -> str:
    """A folder in the spelling in which the vault has it already, if it has."""
    wanted = fold(folder) + "/"
    for path in sorted(vault.files):
        if folder and fold(path).startswith(wanted):
            return path[: len(folder)]
    return folder


def _refuse(vault: Vault, source: str, target: str, found: dict[str, str]) -> None:
    if target == source:
        raise VaultError(Problem(source, 0, "same-name", "has this name already, nothing to do"))
    if vault.on_disk(source).is_symlink():
        hint = "rename the file that it leads to"
        raise VaultError(Problem(source, 0, "symbolic-link", "is a symbolic link", hint))
    if is_zh(source) != is_zh(target):
        message = "`.zh` marks translations"
        raise VaultError(Problem(target, 0, "illegal-name", message, "give a name without it"))
    taken = [path for path in vault.by_path.get(fold(target), ()) if path not in found]
    on_disk = vault.root / target
    if not taken and os.path.lexists(on_disk) and fold(target) != fold(source):
        taken = [target]
    for parent in (on_disk.parent, *on_disk.parent.parents):
        if parent == vault.root or taken:
            break
        if os.path.lexists(parent) and not parent.is_dir():
            taken = [parent.relative_to(vault.root).as_posix()]
    if taken:
        raise VaultError(
            Problem(taken[0], 0, "note-exists", "exists already, nothing was changed", "choose another name")
        )
