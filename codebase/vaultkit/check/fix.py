"""What `check --fix` mends by itself: links to aliases or several files, code and ticks of Chinese notes."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from vaultkit.check.carry import carried
from vaultkit.check.labs import mend_lab
from vaultkit.check.links import alias_target, clear_path
from vaultkit.check.lists import ticks_to_copy
from vaultkit.check.pairs import english_target
from vaultkit.check.properties import is_house
from vaultkit.edit import Edit, edit_file, told
from vaultkit.labs.notebook import is_notebook
from vaultkit.lists.items import is_list
from vaultkit.note import Note
from vaultkit.pairs import canonical, pair_of
from vaultkit.resolve import shortest_link
from vaultkit.rewrite import quoted, rewritten
from vaultkit.vault import Vault

_ZH = re.compile(r"\.zh(?=(?:\.md|\.ipynb)?$)", re.IGNORECASE)


class Fixed(NamedTuple):
    """What was mended: in which note, at which of its lines as they are now (0: the whole file), and how."""

    path: str
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words}" if self.line else f"{self.path}: {self.words}"


def fix(vault: Vault, part: str = "") -> list[Fixed]:
    """Mend what needs no choice in the notes below `part`; return what was done, note by note.

    The vault must be loaded again after.
    """
    changed: list[Fixed] = []
    house = is_house(vault)
    for path, note in vault.notes.items():
        if not path.startswith(part):
            continue
        if is_notebook(path):
            words = f"code, outputs and control: as {canonical(path)}"
            changed += [Fixed(path, 0, words)] if mend_lab(vault, note) else []
            continue
        edits = [*_links(vault, note, house), *_mirrored(vault, note)]
        readable = all(problem.code != "encoding" for problem in note.problems)
        if edits and readable and edit_file(vault.on_disk(path), edits):
            changed += [Fixed(path, line, words) for line, words in told(edits)]
    return changed


def _links(vault: Vault, note: Note, house: bool) -> Iterator[Edit]:
    """Aliases become names, and names that fit several files equally well the path of the one meant now."""
    for link in note.links:
        pipe = "\\|" if note.scan.lines[link.line - 1].lstrip(" \t>").startswith("|") else "|"
        display = "" if link.raw.startswith("!") else link.target.rsplit("/", 1)[-1]
        if target := alias_target(vault, note, link):
            new = rewritten(link, shortest_link(vault, target), display, pipe=pipe)
        elif house and english_target(vault, note, link):
            new = rewritten(link, _ZH.sub("", link.target), pipe=pipe)
        elif path := clear_path(vault, note, link):
            new = rewritten(link, path, display, pipe=pipe)
        else:
            continue
        if new != link.raw:
            text = quoted(note.scan.lines[link.line - 1], link, new)
            yield Edit(link.line, link.column, link.raw, text, ((0, f"{link.raw} is now {new}"),))


def _mirrored(vault: Vault, note: Note) -> Iterator[Edit]:
    """Edits that carry English code and ticks over to a Chinese note."""
    other = pair_of(vault, note.path)
    if note.lang != "zh" or other is None:
        return
    english = vault.notes[other]
    yield from carried(english, note)
    if is_list(english):
        for source, target in ticks_to_copy(english, note):
            words = f"tick: as {english.path}:{source.line}"
            yield Edit(target.line, target.column, target.mark, source.mark, ((0, words),))
