"""Where things are: the vault of a note, its attachments, the project around it and the caches."""

import json
import os
import sys
from pathlib import Path

from vaultkit.errors import Problem, VaultError


def vault_of(note: Path) -> Path:
    """The vault that holds a note or folder: the nearest folder upwards with `.obsidian`, else its
    own folder.
    """
    start = note.resolve()
    start = start if start.is_dir() else start.parent
    return next((folder for folder in (start, *start.parents) if (folder / ".obsidian").is_dir()), start)


def default_vault() -> Path:
    """The vault a command works on when none is named: this folder's own vault, else `vault/` here
    or above.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".obsidian").is_dir():
            return folder
        if (folder / "vault").is_dir():
            return folder / "vault"
    hint = "run it inside the project, or name the vault's folder"
    raise VaultError(Problem(str(here), 0, "no-vault", "there is no vault here", hint))


def part_of(vault: Path, folder: Path) -> str:
    """Prefix of the paths of all notes in `folder` of the vault; "" for the vault itself."""
    part = folder.resolve().relative_to(vault.resolve()).as_posix()
    return "" if part == "." else part + "/"


def settings(vault: Path) -> Path:
    """The file of Obsidian's settings that concern files."""
    return vault / ".obsidian" / "app.json"


def attachments(vault: Path) -> Path:
    """The folder for figures: Obsidian's setting `attachmentFolderPath`, else `attachments`."""
    try:
        loaded = json.loads(settings(vault).read_text("utf-8"))
        name = loaded.get("attachmentFolderPath") or "attachments"
    except (OSError, ValueError, AttributeError):
        name = "attachments"
    name = name.strip("/") if isinstance(name, str) else ""
    return vault / name if name and ".." not in name.split("/") else vault / "attachments"


def project_of(vault: Path) -> Path:
    """The folder that holds the vault's code and caches: the nearest one upwards with
    pyproject.toml, else the vault.
    """
    vault = vault.resolve()
    return next((f for f in (vault, *vault.parents) if (f / "pyproject.toml").is_file()), vault)


def cache_folder(vault: Path) -> Path:
    return project_of(vault) / ".cache" / "kvist"


def command(name: str) -> str:
    """How to call a command of this Python: with its path when that lies below the working folder."""
    script = Path(sys.prefix, "bin", name)
    text = shown(script) if script.exists() else name
    return name if text.startswith(("/", "..")) else text


def shown(path: Path) -> str:
    """A path as people read it: relative to the working folder if it is below it."""
    try:
        return Path(os.path.abspath(path)).relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return str(path)
