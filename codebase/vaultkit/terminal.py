"""Paths as a terminal opens them, for people; inside, and in JSON, they are relative to the vault."""

import os
import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from pathlib import Path

from vaultkit import place
from vaultkit.errors import Problem

_KEPT = re.compile(r"(\[\[.*?\]\]|`[^`]*`)")  # links and quotations stand as they do in the note
_ENDING = re.compile(r"\.(?:md|ipynb|base|canvas)(?![\w.])")
_START = re.compile(r"(?:^|(?<=[\s(]))(?=\S)")
_LONGEST = 256


def path_here(root: str | Path, path: str) -> str:
    """A vault path as it is opened from the working folder."""
    return place.shown(Path(root, path))


def problem_here(root: str | Path, problem: Problem) -> Problem:
    """A problem whose path, and the paths in its words, are opened from the working folder; what is no file
    of the vault, such as a name that somebody typed, stays as it is.
    """
    path = path_here(root, problem.path) if _is_there(str(root), problem.path) else problem.path
    message, hint = (text_here(root, text) for text in (problem.message, problem.hint))
    return problem._replace(path=path, message=message, hint=hint)


def lines_here(root: str | Path, problems: Iterable[Problem]) -> str:
    return "\n".join(str(problem_here(root, problem)) for problem in problems)


def text_here(root: str | Path, text: str, show: Callable[[str], str] | None = None) -> str:
    """A sentence with the vault paths in it as they are opened from the working folder, or as `show` has
    them.
    """
    if not _ENDING.search(text):
        return text
    parts = _KEPT.split(text)
    parts[::2] = [_words_here(str(root), part, show or partial(path_here, root)) for part in parts[::2]]
    return "".join(parts)


def _words_here(root: str, text: str, show: Callable[[str], str]) -> str:
    done, pieces = 0, []
    for ending in _ENDING.finditer(text):
        for start in (found.start() for found in _START.finditer(text, done)):
            path = text[start : ending.end()]
            if start < ending.start() and len(path) <= _LONGEST and _is_file(root, path):
                pieces += [text[done:start], show(path)]
                done = ending.end()
                break
    return "".join([*pieces, text[done:]])


def _is_there(root: str, path: str) -> bool:
    return bool(path) and not os.path.isabs(path) and os.path.lexists(os.path.join(root, path))


@lru_cache(maxsize=4096)
def _is_file(root: str, path: str) -> bool:
    return not os.path.isabs(path) and os.path.isfile(os.path.join(root, path))
