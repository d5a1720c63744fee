"""Where things are, as plain paths: the vault of a note, the project around it, the folder of its caches.

For commands that must be quick: imports nothing heavy. `place` says the same in `Path`s.
"""

import hashlib
import os

NO_FOLDER = "is not a folder", "give the vault's folder"  # message and hint of every command
NO_VAULT = "there is no vault here", "run it inside the project, or name the vault's folder"

_CONTROL = [*range(32), 127, *range(0x80, 0xA0), 0x2028, 0x2029]
_ESCAPES = {number: repr(chr(number))[1:-1] for number in _CONTROL}

program = False  # True in the command's own process, which may be divided
engine: list[str] = []  # the folder given with --engine, for the commands that are printed


def vault_of(note: str) -> str:
    """Real path of the vault that holds a note or folder: the nearest folder upwards with `.obsidian`,
    else its own folder.
    """
    start = os.path.realpath(note)
    start = start if os.path.isdir(start) else os.path.dirname(start)
    return next((f for f in upwards(start) if os.path.isdir(os.path.join(f, ".obsidian"))), start)


def leaves(note: str) -> bool:
    """True if the path of a note goes through a symbolic link out of the vault that the path is in."""
    path = os.path.abspath(note)
    folder = os.path.dirname(path)
    vault = next((f for f in upwards(folder) if os.path.isdir(os.path.join(f, ".obsidian"))), folder)
    return not os.path.realpath(path).startswith(os.path.realpath(vault).rstrip(os.sep) + os.sep)


def default_vault() -> str:
    """The vault a command works on when none is named: this folder's own vault, else `vault/` here
    or above; "" if there is none.
    """
    for folder in upwards(os.getcwd()):
        if os.path.isdir(os.path.join(folder, ".obsidian")):
            return folder
        if os.path.isdir(os.path.join(folder, "vault")):
            return os.path.join(folder, "vault")
    return ""


def project_of(vault: str) -> str:
    """The folder that holds the vault's code and caches: the nearest one upwards with
    pyproject.toml, else the vault.
    """
    real = os.path.realpath(vault)
    return next((f for f in upwards(real) if os.path.isfile(os.path.join(f, "pyproject.toml"))), real)


def cache_folder(vault: str) -> str:
    """`.cache/kvist` of the project, for a vault of Obsidian in a project that can be written to, or where
    there is that folder already; for any other folder of notes one of its own in the user's cache, so that
    nothing is left beside the notes.
    """
    vault = os.path.realpath(vault)
    project = project_of(vault)
    folder = os.path.join(project, ".cache", "kvist")
    ours = os.path.isdir(folder) or os.path.isdir(os.path.join(vault, ".obsidian"))
    if project != vault and ours and os.access(project, os.W_OK):
        return folder
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    key = hashlib.sha256(os.fsencode(vault)).hexdigest()[:16]
    return os.path.join(base, "kvist", "vaults", f"{os.path.basename(vault)[:40]}-{key}")


def shown(path: str) -> str:
    """A path as people read it: relative to the working folder if it is below it, on one line."""
    path = os.path.abspath(path)
    try:
        here = os.getcwd()
    except OSError:
        return one_line(path)
    if path == here:
        return "."
    start = here.rstrip(os.sep) + os.sep
    return one_line(path[len(start) :] if path.startswith(start) else path)


def one_line(text: str) -> str:
    """The text with its line ends and other control characters as escapes: `\\n` for a line end."""
    return text if text.isprintable() else text.translate(_ESCAPES)


def upwards(folder: str) -> list[str]:
    """The folder and all that hold it, innermost first."""
    found = [folder]
    while os.path.dirname(found[-1]) != found[-1]:
        found.append(os.path.dirname(found[-1]))
    return found
