"""Obsidian's setting `userIgnoreFilters` (Excluded files): what its owner does not want to hear of.

Excluded notes stay linkable, and their links are links, as in Obsidian; only the lint says nothing of them.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

from vaultkit.place import settings


def ignored(root: Path) -> Callable[[str], bool]:
    """Does a filter of the vault match this vault path? A filter is the start of a path, or `/regex/`."""
    starts: list[str] = []
    patterns: list[re.Pattern[str]] = []
    for text in _filters(root):
        if len(text) > 2 and text.startswith("/") and text.endswith("/"):
            try:
                patterns.append(re.compile(text[1:-1]))
            except (re.error, OverflowError, RecursionError):
                continue  # a regular expression of JavaScript's that Python does not know
        elif text:
            starts.append(text)
    prefixes = tuple(starts)
    return lambda path: path.startswith(prefixes) or any(pattern.search(path) for pattern in patterns)


def _filters(root: Path) -> list[str]:
    try:
        loaded = json.loads(settings(root).read_text("utf-8"))
        found = loaded.get("userIgnoreFilters") or []
        return [text for text in found if isinstance(text, str)]
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return []
