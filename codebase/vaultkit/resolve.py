"""From a link's text to a file, exactly as Obsidian does it (rules R1 to R12 in the comments).

Aliases, titles, headings and slugs are never consulted (R11).
"""

import posixpath
import unicodedata
from typing import NamedTuple

from vaultkit.subpath import resolve_subpath, strip_heading
from vaultkit.vault import Vault, fold

__all__ = ["Resolution", "resolve", "resolve_subpath", "shortest_link", "strip_heading"]


class Resolution(NamedTuple):
    """`path` is the file or None; `ambiguous`: only an arbitrary tie-break chose among `candidates`."""

    path: str | None
    ambiguous: bool = False
    candidates: tuple[str, ...] = ()


def resolve(vault: Vault, link_target: str, source_path: str) -> Resolution:
    """The file that `link_target` (without `#subpath`) means in the note `source_path`."""
    if vault.resolved is None or not link_target:
        return _visible(vault, link_target, source_path)
    key = (link_target, source_path.rpartition("/")[0])  # which is all that counts
    if key not in vault.resolved:
        vault.resolved[key] = _visible(vault, link_target, source_path)
    return vault.resolved[key]


def _visible(vault: Vault, link_target: str, source_path: str) -> Resolution:
    found = _find(vault, link_target, source_path)
    return Resolution(None) if found.path in vault.hidden else found


def is_hidden(vault: Vault, link_target: str, source_path: str) -> bool:
    """True if the link means a file that is not published."""
    return bool(vault.hidden) and _find(vault, link_target, source_path).path in vault.hidden


def _find(vault: Vault, link_target: str, source_path: str) -> Resolution:
    target = link_target if link_target.isascii() else unicodedata.normalize("NFC", link_target)
    target = fold(target).strip()
    if not target:  # R1
        return Resolution(source_path, candidates=(source_path,))
    last = target.rsplit("/", 1)[-1]
    # R3: a segment with a dot may be a whole file name; otherwise, and if there is none, it is a note's.
    literal = _lookup(vault, target, source_path) if "." in last.strip(".") else Resolution(None)
    return literal if literal.path else _lookup(vault, target + ".md", source_path)


def _lookup(vault: Vault, target: str, source_path: str) -> Resolution:
    if target.startswith(("./", "../")):  # R5
        folder = posixpath.dirname(source_path)
        return _exact(vault, posixpath.normpath(posixpath.join(fold(folder), target)))
    if target.startswith("/"):  # R7
        return _exact(vault, target[1:])
    candidates = vault.by_name.get(target.rsplit("/", 1)[-1], [])
    if "/" not in target and len(candidates) == 1:  # R4
        return Resolution(candidates[0], candidates=tuple(candidates))
    if target in vault.by_path:  # R6
        return _exact(vault, target)
    matching = [path for path in candidates if fold(path).endswith(target)]  # R8
    if not matching:
        return Resolution(None)
    return _nearest(matching, posixpath.dirname(source_path))


def _nearest(matching: list[str], folder: str) -> Resolution:
    """R9: below the source's folder first, then the shortest path string; R10: an equal length is a tie."""
    inside = fold(f"{folder}/") if folder else ""

    def rank(path: str) -> tuple[bool, int]:
        return not fold(path).startswith(inside), len(path)

    ordered = sorted(matching, key=lambda path: (rank(path), path))
    tie = len(ordered) > 1 and rank(ordered[0]) == rank(ordered[1])
    return Resolution(ordered[0], tie, tuple(ordered))


def _exact(vault: Vault, path: str) -> Resolution:
    """The file at a folded path; of names that differ in case only, the choice is arbitrary (as in R10)."""
    found = vault.by_path.get(path, ())
    return Resolution(found[0] if found else None, len(found) > 1, found)


def shortest_link(vault: Vault, path: str) -> str:
    """R12: the text to write for a link to `path`: the name if it is unique, else the full vault path."""
    name = path.rsplit("/", 1)[-1]
    text = name if len(vault.by_name.get(fold(name), [])) == 1 else path
    return text.removesuffix(".md")
