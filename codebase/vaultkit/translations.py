"""Is a Chinese note still the translation of its English one? A mark in the note itself says of which text.

`vaultkit translated NOTE` writes the property `source_hash` into the Chinese note: a hash of the English text
as it stands. While the two agree the translation is current; without the property nothing is known. Code and
its output are left out, as parity compares them, and so are line breaks, comments and ticks.
"""

import hashlib
import re
from pathlib import Path

from vaultkit.edit import Edit, edit_file
from vaultkit.errors import Problem, VaultError
from vaultkit.frontmatter import key_line
from vaultkit.labs.notebook import is_notebook
from vaultkit.lines import Scan
from vaultkit.note import Note
from vaultkit.pairs import canonical, is_zh, translated
from vaultkit.skeleton import PLACEHOLDERS
from vaultkit.vault import Vault

PROPERTY = "source_hash"
_TARGET = re.compile(r"\[\[[^\]|#]+(?=[|#])")
_TICK = re.compile(r"^([\s>]*[-*+] )\[[^\]]\] ")


def source_hash(english: Note) -> str:
    """Hash of what a translator translates; begins with letters, so that YAML takes it for text."""
    scan = english.scan
    left_out = {
        number
        for fence in scan.fences
        if fence.is_python or fence.is_output
        for number in range(fence.line, fence.end_line + 1)
    }
    lines = _without_comments(scan)
    body = range(english.body_line, len(lines) + 1)
    words = " ".join(_TICK.sub(r"\1", lines[number - 1]) for number in body if number not in left_out)
    words = _TARGET.sub("[[", " ".join(words.split()))  # a note's new name asks for no new translation
    return "en-" + hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:12]


def _without_comments(scan: Scan) -> list[str]:
    lines = list(scan.lines)
    for comment in sorted(scan.comments, key=lambda comment: (comment.line, comment.column), reverse=True):
        for number in range(comment.line, comment.end_line + 1):
            line = lines[number - 1]
            start = comment.column if number == comment.line else 0
            end = comment.end_column if number == comment.end_line else len(line)
            lines[number - 1] = line[:start] + line[end:]
    return lines


def is_stale(vault: Vault, path: str) -> bool:
    """True if `path` is a Chinese note whose mark is not that of its English note as it is now."""
    english = vault.notes.get(canonical(path))
    if not is_zh(path) or english is None or path not in vault.notes:
        return False
    mark = vault.notes[path].properties.get(PROPERTY)
    return mark is not None and mark != source_hash(english)


def unwritten(vault: Vault, path: str) -> tuple[list[str], int]:
    """(headings of the Chinese note's sections that are empty, or as `vaultkit new` wrote them, though the
    English ones are not; number of the sections that the English note has written).
    """
    english, chinese = vault.notes.get(canonical(path)), vault.notes.get(translated(path))
    if english is None or chinese is None:
        return [], 0
    theirs, ours = _sections(chinese), _sections(english)
    if len(theirs) != len(ours):  # not in parallel: which is whose cannot be told
        ours = [("", True)] * len(theirs)
    written = [name for (name, _), (_, full) in zip(theirs, ours, strict=True) if full]
    empty = [name for (name, said), (_, full) in zip(theirs, ours, strict=True) if full and not said]
    return empty, len(written)


def _sections(note: Note) -> list[tuple[str, bool]]:
    """Headings of the second level, and whether anything is written below them."""
    lines = [line.strip() for line in note.scan.lines]
    found = [heading for heading in note.headings if heading.level == 2]
    ends = [*(heading.line - 1 for heading in found[1:]), len(lines)][: len(found)]
    return [
        (heading.text, any(line and line not in PLACEHOLDERS for line in lines[heading.line : end]))
        for heading, end in zip(found, ends, strict=True)
    ]


def stamp(vault: Vault, path: str, *, force: bool = False) -> Path:
    """Mark the Chinese note of the pair of `path` as the translation of the English text as it is now. Raises
    VaultError if it cannot be one; force: also if most of its sections are not written.
    """
    english, chinese = vault.notes.get(canonical(path)), vault.notes.get(translated(path))
    if english is None or chinese is None:
        raise VaultError(Problem(path, 0, "no-pair", "needs a note in both languages", "write the other one"))
    if is_notebook(path):
        raise VaultError(Problem(chinese.path, 0, "lab", "a lab carries no mark of its translation yet"))
    end = chinese.scan.front_end
    if not end or chinese.problems:
        hint = "begin with --- / title: 中文标题 / lang: zh / ---"
        raise VaultError(Problem(chinese.path, 1, "front-matter", "needs valid properties", hint))
    empty, sections = unwritten(vault, path)
    lacking = len([name for name, full in _sections(english) if full]) if not _sections(chinese) else 0
    if (lacking or 2 * len(empty) > sections) and not force:
        what = f"{len(empty)} of {sections} sections are empty"
        what = f"it has none of the {lacking} sections of {english.path}" if lacking else what
        message = f"is not translated yet: {what}; nothing was written"
        raise VaultError(Problem(chinese.path, 0, "untranslated", message, "--force marks it all the same"))
    line = f"{PROPERTY}: {source_hash(english)}"
    if PROPERTY in chinese.properties:
        number = key_line(chinese.scan, PROPERTY)
        edit = Edit(number, 0, chinese.scan.lines[number - 1], line)
    else:
        edit = Edit(end, 0, "", line + ("\r\n" if "\r\n" in chinese.text else "\n"))
    file = vault.on_disk(chinese.path)
    edit_file(file, [edit])
    return file
