"""The dependency cache: a note is not run again while nothing it used has changed.

An entry holds the note's program (code, control words, set-up, outputs; not its prose), the stamps of
`stamps` and every thing that `observe` saw it use, each with its value. It is trusted only if all of them
have that value now. Notes that failed, or used what cannot be tracked, have no such entry and always run.

`notes.cache` in the vault's cache folder: a header line with a digest of the vault's path and the rest, then
JSON. A file that is damaged, edited, of another format or of another vault is ignored with one line. Writing
replaces the file in one step, so of two runs at once the later one's file stands, whole.
"""

from __future__ import annotations

import hashlib
import json
import os

from vaultkit import where
from vaultkit.lock import locked
from vaultkit.run.fingerprints import ABSENT, Fingerprints, libraries
from vaultkit.run.stamps import RUNNER, stamps, variable
from vaultkit.run.used import Used
from vaultkit.write import write_atomic

HEADER = "kvist run cache 2"
UNREADABLE = (KeyError, TypeError, ValueError, IndexError, AttributeError)

TYPE_CHECKING = False  # importing typing costs more than this module
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class RunCache:
    """The cache of one vault; `fault` says why a file that exists was ignored."""

    def __init__(self, root: str | os.PathLike[str], environ: dict[str, str]) -> None:
        self.root = os.path.realpath(root)
        self.folder = where.cache_folder(self.root)
        self.file = os.path.join(self.folder, "notes.cache")
        self.environ = environ
        self.fault = ""
        self.head = self._head()
        loaded = self._load()
        self.fingerprints = Fingerprints(loaded["files"])
        self.notes: dict[str, Any] = loaded["notes"]
        self.things: list[Any] = loaded["things"]
        self.groups: list[Any] = loaded["groups"]
        self.stamped: list[Any] = loaded["stamps"]
        self.stamps = stamps(self.fingerprints)
        # What a text means is decided by the runner: another runner reads it again.
        self.texts: dict[str, Any] = loaded["texts"] if loaded["runner"] == self.stamps[RUNNER] else {}
        self.files: dict[str, str] = {}  # where a note stands, if not where its path says
        self.fresh: dict[str, tuple[str, Used, dict[str, Any]]] = {}
        self.failures: dict[str, str] = {}
        self.known: dict[int, str] = {}  # what is to be said of a thing: "" if it is as it was
        self.group_known: dict[int, str] = {}
        self.changed = False

    # reading

    def _load(self) -> dict[str, Any]:
        empty: dict[str, Any] = {
            "files": {}, "notes": {}, "texts": {}, "things": [], "groups": [], "stamps": [], "runner": ""
        }  # fmt: skip
        try:
            with open(self.file, "rb") as file:
                data = file.read()
        except (FileNotFoundError, NotADirectoryError):
            return empty
        except OSError as error:
            self.fault = f"cannot be read ({error.strerror})"
            return empty
        head, _, body = data.partition(b"\n")
        if not head.startswith(HEADER.encode() + b" "):
            self.fault = f"begins with {_beginning(head)}, not with '{HEADER}'" if data else "is empty"
            return empty
        if head.decode("utf-8", "replace") != header(self.root, body):
            self.fault = (
                "has another digest than it names: it was cut short, changed, or copied from elsewhere"
            )
            return empty
        try:
            loaded = json.loads(body)
            good = all(type(loaded[name]) is type(value) for name, value in empty.items())
        except (*UNREADABLE, RecursionError):
            good = False
        if not good:
            self.fault = "holds something else than what notes have used"
        return loaded if good else empty

    def _head(self) -> bytes:
        """The first line of the file, with the digest of all that follows."""
        try:
            with open(self.file, "rb") as file:
                return file.readline()
        except OSError:
            return b""

    def why_run(self, path: str, program: str) -> str:
        """Why the note must run: one line; "" if its last verdict, all passed, still holds."""
        entry = self.notes.get(path)
        if entry is None:
            return "it has not been run yet"
        try:
            return self._why(entry, program)
        except UNREADABLE:
            return "what is known of it cannot be read"

    def _why(self, entry: dict[str, Any], program: str) -> str:
        if entry.get("failed"):
            return str(entry["failed"])
        if entry["program"] != program:
            return "its code, control comments or outputs changed"
        if entry["untracked"]:
            return f"it cannot be cached: {'; '.join(entry['untracked'])}"
        before = self.stamped[entry["stamps"]]
        if before != self.stamps:
            return " and ".join(n for n, v in self.stamps.items() if before.get(n) != v) + " changed"
        for index in entry["things"]:
            if said := self._said(index):
                return said
        group = entry["libraries"]
        if group not in self.group_known:
            found = (self._said(index) for index in self.groups[group])
            self.group_known[group] = next(filter(None, found), "")
        return self.group_known[group]

    def _said(self, index: int) -> str:
        said = self.known.get(index)
        if said is None:
            kind, name, value = self.things[index]
            now = self.value(kind, name)
            said = self.known[index] = "" if now == value else _change(kind, name, value, now)
        return said

    def value(self, kind: str, name: str) -> str:
        """The value of a dependency now."""
        if kind == "variable":
            return variable(self.environ, name)
        return libraries(name) if kind == "library" else self.fingerprints.thing(kind, name)

    # writing

    def put(self, path: str, program: str, used: Used, result: dict[str, Any]) -> None:
        """A note has passed; `result` is its entry for the badges, without a key."""
        self.fresh[path] = (program, used, result)

    def fail(self, path: str, why: str = "it failed last time") -> None:
        """A note has failed, or what it says may not be kept: it runs again next time."""
        self.fresh.pop(path, None)
        if self.notes.get(path) != {"failed": why}:
            self.failures[path] = why

    def save(
        self,
        values: dict[tuple[str, str], str],
        host_path: list[str],
        loaded: list[str],
        shared: Iterable[tuple[str, str]] = (),
    ) -> str:
        """Take over what was put, if all it used is still as it was, and write the file if it changed.

        `values` are the things used as they were when first used, `loaded` the files of libraries that the
        process has loaded, `shared` the things that these have used, which count for every note. Returns
        why the file could not be written, "" if it was or need not be.
        """
        if not (self.fresh or self.failures or self.changed or self.fingerprints.changed):
            return ""
        try:
            with locked(self.folder):
                if self._head() != self.head:  # another run has written it since
                    self._join(self._load())
                for path, why in self.failures.items():
                    self.notes[path] = {"failed": why}
                if self.fresh:
                    self._take_over(values, host_path, loaded, set(shared))
                self._write()
        except OSError as error:
            return f"nothing is remembered: {where.shown(self.file)} cannot be written ({error.strerror})"
        return ""

    def _join(self, other: dict[str, Any]) -> None:
        """Go on from what the file says by now: another run may have written it since."""
        self.notes, self.things = other["notes"], other["things"]
        self.groups, self.stamped = other["groups"], other["stamps"]
        self.fingerprints.known = {**other["files"], **self.fingerprints.known}
        if other["runner"] == self.stamps[RUNNER]:
            self.texts = {**other["texts"], **self.texts}

    def _take_over(
        self,
        values: dict[tuple[str, str], str],
        host_path: list[str],
        loaded: list[str],
        shared: set[tuple[str, str]],
    ) -> None:
        still = {thing for thing, value in values.items() if self._settled(thing, value)}
        table = {tuple(row): index for index, row in enumerate(self.things)}
        self.fingerprints.forget()
        now = stamps(self.fingerprints, host_path)
        rows = [("library", name, libraries(name)) for name in loaded]
        rows += [(*thing, values[thing]) for thing in sorted(shared)]
        group = self._index(self.groups, [table.setdefault(row, len(table)) for row in rows])
        stamp = self._index(self.stamped, self.stamps)
        same = now == self.stamps and shared <= still
        place: dict[tuple[str, str], int] = {}
        for path, (program, used, result) in self.fresh.items():
            if not (same and used.things <= still):
                self.notes[path] = {"failed": "something it uses changed while it ran"}
                continue
            mine = used.things - shared
            for thing in mine - place.keys():
                place[thing] = table.setdefault((*thing, values[thing]), len(table))
            self.notes[path] = {
                "program": program,
                "stamps": stamp,
                "untracked": sorted(used.untracked),
                "result": result,
                "things": sorted([place[thing] for thing in mine]),
                "libraries": group,
            }
        self.things = [list(row) for row in table]

    def _index(self, table: list[Any], value: Any) -> int:
        if value not in table:
            table.append(value)
        return table.index(value)

    def _settled(self, thing: tuple[str, str], value: str) -> bool:
        kind, name = thing
        if kind == "variable":
            return True  # the values of the host, which a note cannot change
        if kind == "folder":
            return self.fingerprints.folder(name, fresh=True) == value
        if kind in ("link", "mode", "status"):
            return self.fingerprints.thing(kind, name) == value
        return self.fingerprints.settled(name, value)

    def _write(self) -> None:
        for path in [path for path in {*self.notes, *self.texts} if not self._is_note(path)]:
            self.notes.pop(path, None)
            self.texts.pop(path, None)
        kept = [entry for entry in self.notes.values() if "things" in entry]
        groups = sorted({entry["libraries"] for entry in kept})
        marks = sorted({entry["stamps"] for entry in kept})
        used = {index for entry in kept for index in entry["things"]}
        used |= {index for group in groups for index in self.groups[group]}
        place = {index: number for number, index in enumerate(sorted(used))}
        for entry in kept:
            entry["things"] = [place[index] for index in entry["things"]]
            entry["libraries"] = groups.index(entry["libraries"])
            entry["stamps"] = marks.index(entry["stamps"])
        self.groups = [[place[index] for index in self.groups[group]] for group in groups]
        self.stamped = [self.stamped[mark] for mark in marks]
        self.things = [self.things[index] for index in sorted(used)]
        files = {thing[1] for thing in self.things if thing[0] == "file"} | self.fingerprints.used
        document = {
            "files": {path: entry for path, entry in self.fingerprints.known.items() if path in files},
            "notes": self.notes,
            "texts": self.texts,
            "things": self.things,
            "groups": self.groups,
            "stamps": self.stamped,
            "runner": self.stamps[RUNNER],
        }
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        body = text.encode("utf-8", "surrogatepass")
        write_atomic(self.file, header(self.root, body).encode() + b"\n" + body)

    def _is_note(self, path: str) -> bool:
        return os.path.isfile(self.files.get(path) or os.path.join(self.root, path))


def header(root: str, body: bytes) -> str:
    """First line of the file: the digest covers the vault's place, so that a copied file is not trusted."""
    return f"{HEADER} {hashlib.sha256(os.fsencode(root) + bytes(1) + body).hexdigest()}"


def _beginning(head: bytes) -> str:
    return repr(head[: len(HEADER)].decode("utf-8", "replace"))


def _change(kind: str, name: str, before: str, now: str) -> str:
    if kind == "variable":
        return "the environment changed" if name == "*" else f"the environment variable {name} changed"
    shown = where.shown(name)
    if kind == "folder":
        return f"the names in {shown}/ changed"
    if kind == "link":
        return f"the symbolic link {shown} changed"
    if kind in ("mode", "status") and ABSENT not in (before, now):
        return f"the mode, the owner or the times of {shown} changed"
    if before == ABSENT:
        return f"{shown} appeared"
    return f"{shown} is gone" if now == ABSENT else f"{shown} changed"
