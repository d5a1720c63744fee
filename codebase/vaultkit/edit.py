"""Change single places of a text and leave every other byte alone."""

import re
from pathlib import Path
from typing import NamedTuple

from vaultkit.write import write_atomic

_LINE_END = re.compile(r"\r\n|\n|\r")


class Edit(NamedTuple):
    """Replace `old` at `line` (1-based) and `column` (0-based) by `new`; neither spans lines unless
    `old` does. `notes` tell people what it does: (lines below its first, words).
    """

    line: int
    column: int
    old: str
    new: str
    notes: tuple[tuple[int, str], ...] = ()


def apply(text: str, edits: list[Edit]) -> str:
    """`text` with all edits made; an edit whose `old` is not there is left out."""
    starts = [0, *(end.end() for end in _LINE_END.finditer(text))]
    for edit in sorted(set(edits), reverse=True):
        if edit.line > len(starts):
            continue
        at = starts[edit.line - 1] + edit.column
        if text.startswith(edit.old, at):
            text = text[:at] + edit.new + text[at + len(edit.old) :]
    return text


def told(edits: list[Edit]) -> list[tuple[int, str]]:
    """(line in the new text, words) of each thing that the edits do."""
    found, shift = [], 0
    for edit in sorted(set(edits)):
        found += [(edit.line + shift + below, words) for below, words in edit.notes]
        shift += len(_LINE_END.findall(edit.new)) - len(_LINE_END.findall(edit.old))
    return found


def edit_file(file: Path, edits: list[Edit]) -> bool:
    """Apply edits to a UTF-8 file, keeping a byte order mark and line ends; True if it changed."""
    data = file.read_bytes()
    text = data.decode("utf-8-sig")
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    changed = mark + apply(text, edits).encode("utf-8")
    if changed == data:
        return False
    write_atomic(file, changed)
    return True
