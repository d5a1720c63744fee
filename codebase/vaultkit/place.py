"""Where things are: the vault of a note, its attachments, the project around it and the caches."""

import json
import os
import sys
from pathlib import Path

from vaultkit import where
from vaultkit.errors import CallError, Problem


def vault_of(note: Path) -> Path:
    """The vault that holds a note or folder: the nearest folder upwards with `.obsidian`, else its
    own folder.
    """
    return Path(where.vault_of(str(note)))


def default_vault() -> Path:
    """The vault a command works on when none is named: this folder's own vault, else `vault/` here
    or above.
    """
    if found := where.default_vault():
        return Path(found)
    raise CallError(Problem(str(Path.cwd()), 0, "no-vault", *where.NO_VAULT))


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
    return Path(where.project_of(str(vault)))


def cache_folder(vault: Path) -> Path:
    """Where what is known of the vault is kept: see `where.cache_folder`."""
    return Path(where.cache_folder(str(vault)))


def command(name: str) -> str:
    """How to call a command of this Python: with its path when that lies below the working folder."""
    script = Path(sys.prefix, "bin", name)
    text = shown(script) if script.exists() else name
    return name if text.startswith(("/", "..")) else text


def shown(path: Path) -> str:
    """A path as people read it: relative to the working folder if it is below it."""
    return where.shown(str(path)).replace(os.sep, "/")
