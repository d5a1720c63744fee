"""Files in JSON that name notes: canvases and bookmarks. Only the names are changed, all else stays."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from vaultkit.note import parse_note
from vaultkit.rename.texts import Renaming, rewrite_note
from vaultkit.rename.titles import new_subpath
from vaultkit.vault import Vault, fold

_STRING = r'"(?:[^"\\\x00-\x1f]|\\.)*"'
_FIELD = re.compile(rf'(?P<key>"(?:file|path|text)")(?P<colon>\s*:\s*)(?P<value>{_STRING})')
_NODE = re.compile(rf"\{{(?:[^\"{{}}]|{_STRING})*\}}")  # an object that holds no other
_SUBPATH = re.compile(rf'"subpath"\s*:\s*(?P<value>{_STRING})')


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
    if path.lower().endswith(".canvas") and renaming.titles:
        text = _NODE.sub(partial(_place, renaming), text)
    if path.lower().endswith(".canvas"):
        keys = {"file": partial(_file, renaming), "text": partial(_markdown, renaming, path)}
    else:
        keys = {"path": partial(_file, renaming)}
    return _FIELD.sub(partial(_field, keys), text)


def _place(renaming: Renaming, node: re.Match[str]) -> str:
    """A node of a canvas; the heading that it shows of a note by its new name."""
    found = _SUBPATH.search(node[0])
    values = _value(node[0]) if found else {}
    file, subpath = values.get("file"), values.get("subpath")
    if found is None or not isinstance(file, str) or not isinstance(subpath, str):
        return node[0]
    path = _path(renaming, file)
    for title in renaming.titles.get(path, ()):
        part = new_subpath(renaming.before.notes[path], title, subpath.removeprefix("#"))
        if part and subpath.startswith(f"#{part[0]}"):
            new = json.dumps(f"#{part[1]}{subpath[len(part[0]) + 1 :]}", ensure_ascii="\\u" in found["value"])
            return node[0][: found.start("value")] + new + node[0][found.end("value") :]
    return node[0]


def _value(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


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
    return renaming.moves.get(_path(renaming, old), old)


def _path(renaming: Renaming, file: str) -> str:
    """The file of the vault that a canvas or a bookmark names so, "" if there is none."""
    paths = renaming.before.by_path.get(fold(file), ())
    return file if file in paths else next(iter(paths), "")


def _markdown(renaming: Renaming, path: str, old: str) -> str:
    return rewrite_note(parse_note(path, old), renaming)
