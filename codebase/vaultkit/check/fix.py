"""What `check --fix` mends by itself: links to aliases or several files, code and ticks of Chinese notes."""

from collections.abc import Iterator

from vaultkit.check.carry import carried
from vaultkit.check.labs import mend_lab
from vaultkit.check.links import alias_target, clear_path
from vaultkit.check.lists import ticks_to_copy
from vaultkit.edit import Edit, edit_file
from vaultkit.labs.notebook import is_notebook
from vaultkit.lists.items import is_list
from vaultkit.note import Note
from vaultkit.pairs import pair_of
from vaultkit.resolve import shortest_link
from vaultkit.rewrite import quoted, rewritten
from vaultkit.vault import Vault


def fix(vault: Vault, part: str = "") -> list[str]:
    """Mend what needs no choice in the notes below `part`; return the paths of those changed.

    The vault must be loaded again after.
    """
    changed = []
    for path, note in vault.notes.items():
        if not path.startswith(part):
            continue
        if is_notebook(path):
            changed += [path] if mend_lab(vault, note) else []
            continue
        edits = [*_links(vault, note), *_mirrored(vault, note)]
        readable = all(problem.code != "encoding" for problem in note.problems)
        if edits and readable and edit_file(vault.on_disk(path), edits):
            changed.append(path)
    return changed


def _links(vault: Vault, note: Note) -> Iterator[Edit]:
    """Aliases become names, and names that fit several files equally well the path of the one meant now."""
    for link in note.links:
        pipe = "\\|" if note.scan.lines[link.line - 1].lstrip(" \t>").startswith("|") else "|"
        display = "" if link.raw.startswith("!") else link.target.rsplit("/", 1)[-1]
        if target := alias_target(vault, note, link):
            new = rewritten(link, shortest_link(vault, target), display, pipe=pipe)
        elif path := clear_path(vault, note, link):
            new = rewritten(link, path, display, pipe=pipe)
        else:
            continue
        if new != link.raw:
            yield Edit(link.line, link.column, link.raw, quoted(note.scan.lines[link.line - 1], link, new))


def _mirrored(vault: Vault, note: Note) -> Iterator[Edit]:
    """Edits that carry English code and ticks over to a Chinese note."""
    other = pair_of(vault, note.path)
    if note.lang != "zh" or other is None:
        return
    english = vault.notes[other]
    yield from carried(english, note)
    if is_list(english):
        for source, target in ticks_to_copy(english, note):
            yield Edit(target.line, target.column, target.mark, source.mark)
