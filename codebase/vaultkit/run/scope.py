"""Which notes a command means, as paths; nothing is read but the names of files.

`DIR` means the notes below it, `DIR NOTE…` those notes in it, `NOTE…` notes of the vault here. A note is a
file, a path in the folder or the vault, or a name; a name means both languages.
"""

import os
from importlib import import_module

from vaultkit import where
from vaultkit.files import NOTE_ENDINGS, OUT, clean, note_files
from vaultkit.languages import translated

NO_NAME = "'': no-note is no name of a note"
Rows = list[tuple[str, str]]


class WrongCall(Exception):
    """The text is the line to print; the exit code is 2."""


class Scope:
    """The vault, the notes that are meant as (path, file), whether they were named one by one, and what was
    `passed` over in the folder: (path, why).
    """

    __slots__ = ("named", "passed", "root", "rows")

    def __init__(self, root: str, rows: Rows, named: bool, passed: Rows | None = None) -> None:
        self.passed = passed or []
        self.root = root
        self.rows = rows
        self.named = named


def scope_of(names: list[str]) -> Scope:
    """Raises WrongCall for a folder or note that is not there."""
    if not names:
        root = where.default_vault()
        if not root:
            raise _no_vault(os.getcwd(), where.NO_VAULT)
        passed: Rows = []
        return Scope(root, note_files(root, passed), False, passed)
    if "" in names:
        raise WrongCall(NO_NAME)
    first, rest = names[0], names[1:]
    if os.path.isdir(first):
        return _in_folder(first, rest)
    for name in names:
        if os.path.isfile(name) and where.leaves(name):
            raise WrongCall(f"{name}: symbolic-link {OUT}")
    root = where.vault_of(first) if os.path.isfile(first) else where.default_vault()
    if not root:
        raise _no_vault(first, where.NO_FOLDER)
    return Scope(root, _unique(row for name in names for row in _named(root, "", name)), True)


def no_engine(folder: str) -> str:
    """What is said of an `--engine` that is no folder."""
    return f"{folder}: no-engine is not a folder (hint: --engine takes the folder that holds the package)"


def _no_vault(name: str, words: tuple[str, str]) -> WrongCall:
    return WrongCall(f"{name}: no-vault {words[0]} (hint: {words[1]})")


def _in_folder(folder: str, rest: list[str]) -> Scope:
    root = where.vault_of(folder)
    # The folder as it was called, unless it is only a part of its vault: messages then show paths as typed.
    part = _below(root, folder) or ""
    part = f"{part}/" if part else ""
    passed: Rows = []
    here = [row for row in note_files(root, passed) if row[0].startswith(part)]
    if not rest:
        return Scope(root, here, False, [row for row in passed if row[0].startswith(part)])
    rows, others = [], []
    for name in rest:
        found = _named(root, part, name)
        rows += found
        others += [row for row in found if not row[0].startswith(part)]
    # Names outside the folder can only be meant besides what is in it.
    return Scope(root, _unique([*here, *rows]) if others else _unique(rows), not others)


def _named(root: str, part: str, name: str) -> Rows:
    """The notes that `name` means, first in the folder `part` of the vault, then in all of it."""
    inner = os.path.join(root, part)
    for base in (inner, root, os.getcwd()):
        for ending in ("", *NOTE_ENDINGS):
            file = os.path.join(base, name + ending)
            path = _below(root, file)
            if path is not None and os.path.isfile(file) and path.lower().endswith(NOTE_ENDINGS):
                return [(path, file)]
            if path is not None and not ending and os.path.isdir(file) and base != inner:
                return [row for row in note_files(root) if row[0].startswith(f"{path}/" if path else "")]
    if os.path.isfile(name):
        raise WrongCall(f"{name}: no-note is not a note inside {where.shown(root)}")
    rows = note_files(root)
    wanted = _stem(name)
    stems = [row for row in rows if row[0].startswith(part) and _stem(row[0]) == wanted]
    stems = stems or [row for row in rows if _stem(row[0]) == wanted]
    if len(stems) == 1:
        pair = translated(stems[0][0])
        return stems + [row for row in rows if row[0] == pair and pair != stems[0][0]]
    try:  # an alias, or one of several: the links of the vault decide
        return list(import_module("vaultkit.run.select").rows_named(root, name))
    except LookupError as error:
        raise WrongCall(str(error)) from None


def _stem(path: str) -> str:
    name = path.rpartition("/")[2].lower()
    return next((name.removesuffix(ending) for ending in NOTE_ENDINGS if name.endswith(ending)), name)


def _below(root: str, file: str) -> str | None:
    """The path of a file in the vault, "" for the vault itself, None if it is outside."""
    folder, name = os.path.split(os.path.abspath(file))
    real = os.path.join(os.path.realpath(folder), name)
    root = os.path.realpath(root)
    if real == root or os.path.realpath(real) == root:
        return ""
    if not real.startswith(root.rstrip(os.sep) + os.sep):
        return None
    inside = os.path.realpath(real).startswith(root.rstrip(os.sep) + os.sep)
    return clean(os.path.relpath(real, root).replace(os.sep, "/")) if inside else None


def _unique(rows) -> Rows:  # type: ignore[no-untyped-def]
    return list(dict.fromkeys(rows))
