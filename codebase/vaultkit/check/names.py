"""Names: two notes of one name, names that Obsidian cannot link, one alias for two notes."""

import re
from collections.abc import Iterator

from vaultkit.errors import Problem
from vaultkit.frontmatter import key_line
from vaultkit.vault import Vault

ILLEGAL = re.compile(r'[#|^:\[\]\\/*"<>?]|%%')


def illegal_in_name(title: str) -> str:
    """Why a title cannot be a file name in a vault, "" if it can."""
    if not title.strip() or title != title.strip():
        return "a name may not be empty or begin or end with a space"
    if title.startswith(".") or title.endswith("."):
        return "a name may not begin or end with a dot"
    if found := ILLEGAL.search(title):
        return f'`{found.group()}` may not stand in a name (nor any of # | ^ : [ ] \\ / * " < > ? %%)'
    if any(ord(char) < 32 for char in title):
        return "a name may not hold control characters"
    return "a name may not be longer than 120 characters" if len(title) > 120 else ""


def check_names(vault: Vault) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for path in sorted(vault.notes):
        name = path.rsplit("/", 1)[-1]
        other = first.setdefault(name.lower(), path)
        if other != path:
            message = f"has the same name as {other}"
            hint = "links by name cannot tell them apart: rename one"
            yield Problem(path, 0, "duplicate-name", message, hint)
        why = illegal_in_name(name.removesuffix(".md"))
        if why:
            yield Problem(path, 0, "illegal-name", why, "rename the file")


def check_aliases(vault: Vault) -> Iterator[Problem]:
    first: dict[str, str] = {}
    stems = {note.stem.lower(): path for path, note in sorted(vault.notes.items(), reverse=True)}
    for path, note in sorted(vault.notes.items()):
        for alias in dict.fromkeys(alias.lower() for alias in note.aliases):
            other = first.setdefault(alias, path)
            other = other if other != path else stems.get(alias, path)
            if other != path:
                message = f"alias `{alias}` is also a name of {other}"
                line = key_line(note.scan, "aliases")
                yield Problem(path, line, "duplicate-alias", message, "keep it in one note only")
