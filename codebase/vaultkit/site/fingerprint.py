"""A key of everything a built site depends on, cheap enough to be asked several times a second.

Names, sizes and times of change, not contents: a touched file costs a rebuild, a changed one is never missed.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vaultkit.site.paths import HERE, Layout

_WINDOW_STATE = re.compile(r"workspace.*\.json")  # Obsidian writes it all the time
_SKIPPED = frozenset({"__pycache__", "node_modules", ".trash"})


class Keys(NamedTuple):
    """Hex keys: `tools` of what shapes every page (our tools and theme, configuration, Obsidian's settings),
    `engine` of the engine's sources, `whole` of these and of the vault and the note runner's results.
    """

    whole: str
    tools: str
    engine: str


def keys(layout: Layout) -> Keys:
    folders, files = _tools(layout)
    tools = _key([*folders, layout.vault / ".obsidian"], files)
    engine = _key(_engine(layout), [])
    rest = _key([layout.vault], [layout.results])
    return Keys(hashlib.sha256(f"{tools} {engine} {rest}".encode()).hexdigest(), tools, engine)


def fingerprint(layout: Layout) -> str:
    """Hex key of vault, theme, tools, configuration, the note runner's results and the engine."""
    return keys(layout).whole


def _tools(layout: Layout) -> tuple[list[Path], list[Path]]:
    root = layout.root
    # STYLE.md holds the terms
    names = ("mkdocs.yml", "mkdocs.zh.yml", "constraints.txt", "STYLE.md", "node_modules/katex/package.json")
    return [HERE.parent], [root / name for name in names]


def _engine(layout: Layout) -> list[Path]:
    return [layout.root / "codebase" / "kvist", layout.root / "kernels"]


def _key(folders: list[Path], files: list[Path]) -> str:
    digest = hashlib.sha256(os.environ.get("SITE_URL", "").encode())
    for path, stat in _stats(folders, files):
        digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _stats(folders: list[Path], files: list[Path]) -> Iterator[tuple[str, os.stat_result]]:
    for folder in folders:
        yield from _walk(str(folder))
    for file in files:
        try:
            yield str(file), file.stat()
        except OSError:
            yield str(file), os.stat_result([0] * 10)


def _walk(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name in _SKIPPED:
            continue
        try:
            if entry.is_dir():
                yield from _walk(entry.path)
            elif not _WINDOW_STATE.fullmatch(entry.name):
                yield entry.path, entry.stat()
        except OSError:
            continue  # gone between listing and looking
