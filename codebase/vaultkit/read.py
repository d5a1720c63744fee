"""Read the text of a note, whatever its bytes are."""

import re
from codecs import BOM_UTF8
from importlib import import_module
from pathlib import Path

from vaultkit.errors import Problem
from vaultkit.files import is_notebook


def read_text(file: Path | str, path: str) -> tuple[str | None, list[Problem]]:
    """Text of a note, a notebook's as Markdown, and what is wrong with its bytes; None if it has none."""
    try:
        with open(file, "rb", buffering=0) as opened:
            data = opened.read()
    except OSError as error:
        return None, [unreadable(path, error)]
    return text_of(data, path)


def unreadable(path: str, error: OSError) -> Problem:
    return Problem(path, 0, "unreadable", f"cannot be read: {error.strerror or error}")


def text_of(data: bytes, path: str) -> tuple[str | None, list[Problem]]:
    """The same for the bytes of a note."""
    problems = []
    data = data.removeprefix(BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", errors="replace")
        problems.append(
            Problem(path, _line_after(before), "encoding", "is not UTF-8", "save the note as UTF-8")
        )
        text = data.decode("utf-8", errors="replace")
    if "\0" in text and not problems:
        line = _line_after(text[: text.index("\0")])
        problems.append(Problem(path, line, "encoding", "holds a NUL character", "remove it"))
    if is_notebook(path):
        shown, found = import_module("vaultkit.labs.view").note_text(text, path)  # dear, and seldom needed
        return shown, [*problems, *found]
    return text, problems


def _line_after(text: str) -> int:
    """Number of the line on which a text ends, lines counted as `split_lines` does."""
    return 1 + len(re.findall(r"\r\n|\n|\r", text))
