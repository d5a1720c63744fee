"""Scaffold a note pair: the skeleton of a concept in both languages."""

from datetime import date
from pathlib import Path

from vaultkit.check.names import illegal_in_name
from vaultkit.errors import Problem, VaultError
from vaultkit.lists.fields import is_day
from vaultkit.pairs import translated
from vaultkit.resolve import resolve
from vaultkit.skeleton import chinese_note, english_note, session_note
from vaultkit.vault import Vault
from vaultkit.write import write_atomic

FOLDERS = {"concept": "concepts"}
SESSIONS = "sessions"


def new_note(vault: Vault, kind: str, title: str, zh: str = "") -> list[Path]:
    """Write the pair of a new note and return both files. Raises VaultError rather than overwrite
    anything.
    """
    path = f"{FOLDERS[kind]}/{title}.md"
    why = illegal_in_name(title)
    if why:
        hint = "choose another title; symbols can go into `aliases`"
        raise VaultError(Problem(title, 0, "illegal-name", why, hint))
    if title.lower().endswith(".zh"):
        why = "`.zh` marks translations"
        raise VaultError(Problem(title, 0, "illegal-name", why, "give the English title"))
    zh = " ".join(zh.split())
    _refuse_taken(vault, path, title, zh)
    today = date.today().isoformat()
    texts = {path: english_note(title, zh, today), translated(path): chinese_note(title, zh or title)}
    for name, text in texts.items():
        write_atomic(vault.root / name, text.encode("utf-8"))
    return [vault.root / name for name in texts]


def new_session(vault: Vault, day: str = "") -> Path:
    """Write the study log of a day (today) and return its file; one that exists is left as it is.

    Raises VaultError if `day` is not a date.
    """
    day = day or date.today().isoformat()
    if not is_day(day):
        raise VaultError(Problem(day, 0, "session", "is not a date", "write it like 2026-11-22"))
    file = vault.root / SESSIONS / f"{day}.md"
    if not file.exists():
        write_atomic(file, session_note(day).encode())
    return file


def _refuse_taken(vault: Vault, path: str, title: str, zh: str) -> None:
    for name in (path, translated(path)):
        taken = resolve(vault, name.rsplit("/", 1)[-1], "").path
        if taken is None and (vault.root / name).exists():
            taken = name
        if taken:
            hint = "edit that note; a stub is filled by changing `status: stub` to `draft`"
            raise VaultError(Problem(taken, 0, "note-exists", "exists already, nothing was written", hint))
    for name in (title, zh):
        taken = vault.by_alias.get(name.lower()) if name else None
        if taken:
            hint = "edit that note, or choose another title"
            raise VaultError(Problem(taken, 0, "note-exists", f"has `{name}` among its names already", hint))
