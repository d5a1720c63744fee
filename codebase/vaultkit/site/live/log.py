"""Who asked what: stand-ins for a vault's tables and notes that write down each question.

While one page is staged, every note, name and table entry it looks up is logged as a key: `("pages", path)`
for an entry, `("pages",)` for all of a table, `("note", path, attribute)` for what was asked of a note,
`(ALL, "tags")` and `(ALL, "properties", name)` for what was asked of each file. A page has to be staged again
if and only if the answer to one of its questions has changed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from vaultkit.bases.index import Entry, Record
from vaultkit.note import Note

Key = tuple[str, ...]
ALL = "all files"  # of which bases ask: which there are, and their tags, links, embeds and properties
FACTS = ("note", "tags", "links", "embeds")  # of a file, besides its properties and its name
V = TypeVar("V")


class Log:
    """The questions of the page that is being staged."""

    def __init__(self) -> None:
        self.keys: set[Key] = set()

    @contextmanager
    def asked(self) -> Iterator[set[Key]]:
        """A set that receives what is asked meanwhile; whoever was listening before gets it too."""
        outer, self.keys = self.keys, set()
        try:
            yield self.keys
        finally:
            outer |= self.keys
            self.keys = outer


class Table(dict[str, V]):
    """A dictionary that logs what is asked of it."""

    def __init__(self, log: Log, name: str, content: dict[str, V]) -> None:
        super().__init__(content)
        self._log, self._name = log, name

    def __getitem__(self, key: str) -> V:
        self._log.keys.add((self._name, key))
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._log.keys.add((self._name, key))
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._log.keys.add((self._name, str(key)))
        return super().__contains__(key)

    def _all(self) -> None:
        self._log.keys.add((self._name,))

    def __iter__(self) -> Iterator[str]:
        self._all()
        return super().__iter__()

    def __len__(self) -> int:
        self._all()
        return super().__len__()

    def __bool__(self) -> bool:
        return len(self) > 0

    def __eq__(self, other: object) -> bool:
        self._all()
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def keys(self) -> Any:
        self._all()
        return super().keys()

    def values(self) -> Any:
        self._all()
        return super().values()

    def items(self) -> Any:
        self._all()
        return super().items()

    def copy(self) -> dict[str, V]:
        self._all()
        return dict(super().items())


class Paths(set[str]):
    """A set of the vault's files, which logs what is asked of it."""

    def __init__(self, log: Log, name: str, content: set[str]) -> None:
        super().__init__(content)
        self._log, self._name = log, name

    def __contains__(self, key: object) -> bool:
        self._log.keys.add((self._name, str(key)))
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self._log.keys.add((self._name,))
        return super().__iter__()

    def __len__(self) -> int:
        self._log.keys.add((self._name,))
        return super().__len__()


class Watched:
    """A note that logs which of its attributes are asked for; in all else it is the note."""

    __slots__ = ("_log", "_note")

    def __init__(self, log: Log, note: Note) -> None:
        self._log, self._note = log, note

    def __getattr__(self, name: str) -> Any:
        note: Note = self._note
        self._log.keys.add(("note", note.path, name))
        return getattr(note, name)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


class WatchedRecord(Record):
    """The properties of one of all files: one is logged by its name, any other question as one about all."""

    def __init__(self, log: Log, record: Record) -> None:
        super().__init__(record)
        self._log, self._record = log, record

    def find(self, name: str) -> Any:
        self._log.keys.add((ALL, "properties", name.lower()))
        return self._record.find(name)

    def has(self, name: str) -> bool:
        self._log.keys.add((ALL, "properties", name.lower()))
        return self._record.has(name)

    def _all(self) -> Record:
        self._log.keys.add((ALL, "properties"))
        return self._record

    def __getitem__(self, key: str) -> Any:
        return self._all()[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self._all().get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __eq__(self, other: object) -> bool:
        return self._all() == other

    __hash__ = None  # type: ignore[assignment]

    def keys(self) -> Any:
        return self._all().keys()

    def values(self) -> Any:
        return self._all().values()

    def items(self) -> Any:
        return self._all().items()


class WatchedEntry:
    """One of all files, which logs what is asked of it as asked of each of them."""

    __slots__ = ("_entry", "_log", "_record")

    def __init__(self, log: Log, entry: Entry) -> None:
        self._log, self._entry = log, entry
        self._record: WatchedRecord | None = None

    @property
    def properties(self) -> WatchedRecord:
        if self._record is None:
            self._record = WatchedRecord(self._log, self._entry.properties)
        return self._record

    def __getattr__(self, name: str) -> Any:
        if name in FACTS:
            self._log.keys.add((ALL, name))
        return getattr(self._entry, name)
