"""Links and embeds that lead nowhere, to several files at once, or to an alias."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from vaultkit.errors import Problem
from vaultkit.links import Link
from vaultkit.note import Note
from vaultkit.pairs import canonical, is_zh
from vaultkit.resolve import resolve, resolve_subpath, shortest_link
from vaultkit.vault import Vault

_FILE = re.compile(r"[^.]\.[A-Za-z][A-Za-z0-9]{1,5}$")  # a name with an extension


def check_links(vault: Vault) -> Iterator[Problem]:
    names = _Names(vault)
    for note in vault.notes.values():
        for link in note.links:
            problem = _check(vault, note, link, names)
            if problem:
                yield problem


def alias_target(vault: Vault, note: Note, link: Link) -> str | None:
    """Path of the note whose alias or Chinese title a broken link names; None if the link is fine or
    unknown.
    """
    if not link.target or not link.is_wikilink or resolve(vault, link.target, note.path).path:
        return None
    path = vault.by_alias.get(link.target.lower())
    if path is None:
        return None
    return canonical(path) if canonical(path) in vault.notes else path


def clear_path(vault: Vault, note: Note, link: Link) -> str | None:
    """The vault path to write instead of a target that fits several files equally well, None if it does not
    or if no path could tell them apart (names that differ in case only).
    """
    found = resolve(vault, link.target, note.path)
    if not found.ambiguous or found.path is None:
        return None
    path = found.path if link.target.lower().endswith(".md") else found.path.removesuffix(".md")
    again = resolve(vault, path, note.path)
    return path if again.path == found.path and not again.ambiguous else None


def _check(vault: Vault, note: Note, link: Link, names: "_Names") -> Problem | None:
    found = resolve(vault, link.target, note.path)
    if found.path is None:
        return _unresolved(vault, note, link, names)
    if found.ambiguous:
        several = ", ".join(found.candidates[:4])
        path = clear_path(vault, note, link)
        hint = f"write the path: [[{path}|{link.text}]], or run check --fix" if path else "rename one of them"
        message = f"{link.raw} could be any of {several}"
        return Problem(note.path, link.line, "ambiguous-link", message, hint)
    target = vault.notes.get(found.path)
    if link.subpath and target and resolve_subpath(target, link.subpath) is None:
        return _no_subpath(note, link, target)
    return None


def _unresolved(vault: Vault, note: Note, link: Link, names: "_Names") -> Problem:
    path = alias_target(vault, note, link)
    if path:
        hint = f"write [[{shortest_link(vault, path)}|{link.display or link.target}]], or run check --fix"
        message = f"{link.raw} is an alias, not a note: Obsidian does not resolve it"
        return Problem(note.path, link.line, "alias-target", message, hint)
    code = "unresolved-embed" if link.kind == "embed" else "unresolved-link"
    hint = _hint(link, names)
    return Problem(note.path, link.line, code, f"{link.raw} leads nowhere", hint)


def _hint(link: Link, names: "_Names") -> str:
    if "://" in link.target:
        return f"write [text]({link.target})"
    if link.kind == "embed" and link.target.lower().endswith(".svg"):
        return "vaultkit update writes the figures that blocks draw into the attachments"
    return names.hint(link.target)


class _Names:
    """Names like a wrong one; comparing is slow, so a vault with many broken links gets no more guesses."""

    def __init__(self, vault: Vault) -> None:
        paths = (
            path.rsplit("/", 1)[-1].removesuffix(".md") for path in sorted(vault.files) if not is_zh(path)
        )
        self.names = list(dict.fromkeys(paths))
        self.hints: dict[str, str] = {}
        self.left = max(10, 100_000 // (len(self.names) + 1))

    def hint(self, target: str) -> str:
        name = target.rsplit("/", 1)[-1]
        if name not in self.hints and self.left:
            self.left -= 1
            close = get_close_matches(name, self.names, n=2, cutoff=0.75)
            self.hints[name] = "did you mean " + " or ".join(f"[[{c}]]" for c in close) + "?" if close else ""
        if self.hints.get(name):
            return self.hints[name]
        if _FILE.search(name) and not name.lower().endswith(".md"):
            return "put the file into the vault, or mend its name"
        return "write the note, or declare it as a stub (status: stub)"


def _no_subpath(note: Note, link: Link, target: Note) -> Problem:
    if link.subpath.startswith("^"):
        names = ", ".join(f"^{name}" for name in target.blocks) or "none"
        hint = f"block ids there: {names[:120]}"
    else:
        close = get_close_matches(link.subpath, [heading.text for heading in target.headings], n=1)
        hint = f"nearest heading: {close[0]}" if close else "name a heading as it stands there, or a block id"
    what = "block" if link.subpath.startswith("^") else "heading"
    message = f"{link.raw}: no such {what} in {target.path}"
    return Problem(note.path, link.line, "unresolved-subpath", message, hint)
