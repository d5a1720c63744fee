"""Which notes a link's target may concern when files come and go: told by names, without resolving links."""

import unicodedata
from collections.abc import Iterable

from vaultkit.note import Note
from vaultkit.vault import fold


def endings_of(paths: Iterable[str]) -> tuple[str, ...]:
    """How the targets of links end that can mean one of these files: with or without the file's ending."""
    names = {fold(path.rsplit("/", 1)[-1]) for path in paths}
    return tuple(sorted(names | {name.rpartition(".")[0] for name in names if "." in name.strip(".")}))


def may_name(note: Note, endings: tuple[str, ...]) -> bool:
    """True if a link of the note may mean a file whose name gave `endings`."""
    return any(_folded(link.target).endswith(endings) for link in note.links if link.target)


def _folded(target: str) -> str:
    """As links are compared with names (`vaultkit.resolve`)."""
    if target.isascii():
        return target.lower().strip()
    return fold(unicodedata.normalize("NFC", target)).strip()
