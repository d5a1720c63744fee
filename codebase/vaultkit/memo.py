"""What was computed from a note alone, kept as long as the note is the same."""

from collections.abc import Callable, Iterable
from typing import Any

from vaultkit.note import Note


class Memo:
    """Values by name and note; a note that was read again is another note, even at the same path."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[Note, Any]] = {}

    def of(self, name: str, note: Note, compute: Callable[[], Any]) -> Any:
        """The value of `compute()` for this note, computed once."""
        kept = self._kept.get((name, note.path))
        if kept is not None and kept[0] is note:
            return kept[1]
        value = compute()
        self._kept[name, note.path] = note, value
        return value

    def forget(self, notes: Iterable[Note]) -> None:
        """Compute anew what is asked of these notes."""
        paths = {note.path for note in notes}
        self._kept = {key: kept for key, kept in self._kept.items() if key[1] not in paths}
