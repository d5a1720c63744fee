"""Files in JSON that name notes: canvases and bookmarks. Only the names are changed, all else stays."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from vaultkit.note import parse_note
from vaultkit.rename.texts import Renaming, rewrite_note
from vaultkit.vault import Vault, fold

_STRING = r'"(?:[^"\\\x00-\x1f]|\\.)*"'
_FIELD = re.compile(rf'(?P<key>"(?:file|path|text)")(?P<colon>\s*:\s*)(?P<value>{_STRING})')


def json_files(vault: Vault) -> Iterator[tuple[str, Path]]:
    """(vault path, file) of the canvases and of Obsidian's bookmarks."""
    for path in sorted(vault.files):
        if path.lower().endswith(".canvas"):
            yield path, vault.on_disk(path)
    bookmarks = vault.root / ".obsidian" / "bookmarks.json"
    if bookmarks.is_file():
        yield ".obsidian/bookmarks.json", bookmarks


def rewrite_json(path: str, text: str, renaming: Renaming) -> str:
    """The file's text with moved files named anew: file nodes and the links of text nodes, or bookmarks."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    keys: dict[str, Callable[[str], str]]
    if path.lower().endswith(".canvas"):
        keys = {"file": partial(_file, renaming), "text": partial(_markdown, renaming, path)}
    else:
        keys = {"path": partial(_file, renaming)}
    return _FIELD.sub(partial(_field, keys), text)


def _field(keys: dict[str, Callable[[str], str]], found: re.Match[str]) -> str:
    change = keys.get(json.loads(found["key"]))
    if change is None:
        return found.group()
    old = json.loads(found["value"])
    new = change(old)
    if new == old:
        return found.group()
    return found["key"] + found["colon"] + json.dumps(new, ensure_ascii="\\u" in found["value"])


def _file(renaming: Renaming, old: str) -> str:
    paths = renaming.before.by_path.get(fold(old), ())
    path = old if old in paths else next(iter(paths), "")
    return renaming.moves.get(path, old)


def _markdown(renaming: Renaming, path: str, old: str) -> str:
    return rewrite_note(parse_note(path, old), renaming)
