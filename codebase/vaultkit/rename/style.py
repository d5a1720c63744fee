"""How a link to a moved file is written: as before, as short as before, and surely leading there."""

import json
import posixpath
from pathlib import Path

from vaultkit.links import Link
from vaultkit.place import settings
from vaultkit.resolve import resolve
from vaultkit.vault import Vault


def link_format(root: Path) -> str:
    """Obsidian's setting `newLinkFormat`: "shortest" (its default), "relative" or "absolute"."""
    try:
        loaded = json.loads(settings(root).read_text("utf-8"))
        found = loaded.get("newLinkFormat")
    except (OSError, ValueError, AttributeError, RecursionError):
        return "shortest"
    return found if found in ("relative", "absolute") else "shortest"


def new_linkpath(vault: Vault, link: Link, was: str, source: tuple[str, str], target: str, style: str) -> str:
    """The text that leads to `target` in the renamed `vault`, in the way in which `link` led to `was`.

    `source` is the linking file's (old, new) path. A bare name stays one, a dotted path stays relative, a
    path of a Markdown link that was right from its own folder stays so, other paths follow `style`. Where
    that would lead elsewhere the vault path is written, which Obsidian prefers to everything.
    """
    extension = was.lower().endswith(".md") and not link.target.lower().endswith(".md")
    text = target.removesuffix(".md") if extension else target
    folder = posixpath.dirname(source[1])
    relative = posixpath.relpath(text, folder or ".")
    dotted = relative if relative.startswith("../") else f"./{relative}"
    for candidate in (*_preferred(link, was, source[0], text, relative, dotted, style), text, dotted, target):
        found = resolve(vault, candidate, source[1])
        if found.path == target and not found.ambiguous:
            return candidate
    return text


def _preferred(
    link: Link, was: str, source: str, text: str, relative: str, dotted: str, style: str
) -> tuple[str, ...]:
    old = link.target
    if old.startswith(("./", "../")):
        return (dotted if old.startswith("./") or style == "relative" else relative, dotted)
    if old.startswith("/"):
        return ("/" + text,)
    if "/" not in old:
        return (text.rsplit("/", 1)[-1],)
    if style == "relative" or (style != "absolute" and not link.is_wikilink and _beside(old, was, source)):
        return (relative, dotted)
    return (text,)


def _beside(old: str, was: str, source: str) -> bool:
    """True if a Markdown link's path is right from the folder of its own note, as other programs read it."""
    there = posixpath.normpath(posixpath.join(posixpath.dirname(source), old))
    return there.lower() in (was.lower(), was.lower().removesuffix(".md"))
