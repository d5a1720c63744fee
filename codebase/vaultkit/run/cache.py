"""The dependency cache: a note is not run again while nothing it used has changed.

An entry holds the note's program (code, control words, set-up, outputs; not its prose), the stamps of
`stamps` and every thing that `observe` saw it use, each with its value. It is trusted only if all of them
have that value now. Notes that failed, or used what cannot be tracked, have no such entry and always run.

`.cache/kvist/notes.cache`: a header line with the SHA-256 of the rest, then JSON. A file that is damaged, of
another format or of another vault is ignored with one line.
"""

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

from vaultkit import place
from vaultkit.run.fingerprints import ABSENT, Fingerprints
from vaultkit.run.observe import Observer, Used, variable
from vaultkit.run.program import Program
from vaultkit.run.stamps import stamps
from vaultkit.write import write_atomic

HEADER = "kvist run cache 1"
_LINES_MATTER = re.compile(r"lineno|traceback|inspect|currentframe|_getframe|warnings|logging")


class Skip(NamedTuple):
    """A block that is declared not to run."""

    line: int
    reason: str


class Shape(NamedTuple):
    """What the text of a note tells without running it; `program` is "" when it has no Python."""

    program: str
    blocks: int
    skipped: list[Skip]


class RunCache:
    """The cache of one vault; `fault` says why a file that exists was ignored."""

    def __init__(self, root: Path, environ: dict[str, str]) -> None:
        self.root = root.resolve()
        self.file = place.cache_folder(root) / "notes.cache"
        self.environ = environ
        self.fault = ""
        loaded = self._load()
        self.fingerprints = Fingerprints(loaded["files"])
        self.notes: dict[str, Any] = loaded["notes"]
        self.texts: dict[str, Any] = loaded["texts"]
        self.things: list[Any] = loaded["things"]
        self.stamps = stamps(self.fingerprints)
        self.fresh: dict[str, tuple[Any, Used]] = {}
        self.changed = False

    # reading

    def _load(self) -> dict[str, Any]:
        empty: dict[str, Any] = {"files": {}, "notes": {}, "texts": {}, "things": []}
        try:
            data = self.file.read_bytes()
        except FileNotFoundError:
            return empty
        except OSError as error:
            self.fault = f"cannot be read ({error.strerror})"
            return empty
        head, _, body = data.partition(b"\n")
        if head.decode("utf-8", "replace") != _header(body):
            self.fault = "is damaged or of another format"
            return empty
        loaded = json.loads(body)
        if loaded["root"] != str(self.root):
            self.fault = f"is of another vault, {loaded['root']}"
            return empty
        return {**empty, **loaded}

    def why_run(self, path: str, program: str) -> str:
        """Why the note must run: one line; "" if its last verdict, all passed, still holds."""
        entry = self.notes.get(path)
        if entry is None:
            return "it has not been run yet"
        if entry.get("failed"):
            return "it failed last time"
        if entry["program"] != program:
            return "its code, control comments or outputs changed"
        if entry["untracked"]:
            return f"it cannot be cached: {'; '.join(entry['untracked'])}"
        for name, value in self.stamps.items():
            if entry["stamps"].get(name) != value:
                return f"{name} changed"
        for index in entry["things"]:
            kind, name, value = self.things[index]
            now = self._now(kind, name)
            if now != value:
                return _change(kind, name, value, now)
        return ""

    def _now(self, kind: str, name: str) -> str:
        if kind == "variable":
            return variable(self.environ, name)
        return self.fingerprints.folder(name) if kind == "folder" else self.fingerprints.file(name)

    # writing

    def put(self, path: str, program: str, used: Used, result: dict[str, Any]) -> None:
        """A note has passed; `result` is its entry for the badges, without a key."""
        entry = {
            "program": program,
            "stamps": self.stamps,
            "untracked": sorted(used.untracked),
            "result": result,
        }
        self.fresh[path] = (entry, used)

    def fail(self, path: str) -> None:
        """A note has failed, or what it says may not be kept: it runs again next time."""
        self.fresh.pop(path, None)
        self.notes[path] = {"failed": True}
        self.changed = True

    def save(self, observer: Observer | None) -> None:
        """Take over what was put, if all it used is still as it was, and write the file if it changed."""
        if observer is not None and self.fresh:
            still = {thing for thing, value in observer.values.items() if self._settled(thing, value)}
            table = {tuple(row): index for index, row in enumerate(self.things)}
            self.fingerprints.forget()
            stamped = stamps(self.fingerprints, observer.host_path)
            for path, (entry, used) in self.fresh.items():
                if not used.things <= still or stamped != entry["stamps"]:
                    self.notes[path] = {"failed": True}  # something changed while it ran
                    continue
                rows = [(*thing, observer.values[thing]) for thing in sorted(used.things)]
                self.notes[path] = {**entry, "things": [table.setdefault(row, len(table)) for row in rows]}
            self.things = [list(row) for row in table]
            self.changed = True
        if self.changed or self.fingerprints.changed:
            self._write()

    def _settled(self, thing: tuple[str, str], value: str) -> bool:
        kind, name = thing
        if kind == "variable":
            return True  # the values of the host, which a note cannot change
        if kind == "folder":
            return self.fingerprints.folder(name, fresh=True) == value
        return self.fingerprints.settled(name, value)

    def _write(self) -> None:
        gone = [path for path in {*self.notes, *self.texts} if not (self.root / path).is_file()]
        for path in gone:
            self.notes.pop(path, None)
            self.texts.pop(path, None)
        indices = sorted({index for entry in self.notes.values() for index in entry.get("things", ())})
        place_of = {index: place for place, index in enumerate(indices)}
        for entry in self.notes.values():
            if "things" in entry:
                entry["things"] = [place_of[index] for index in entry["things"]]
        self.things = [self.things[index] for index in indices]
        files = {thing[1] for thing in self.things if thing[0] == "file"}
        document = {
            "root": str(self.root),
            "files": {
                p: e for p, e in self.fingerprints.known.items() if p in files or p in self.fingerprints.used
            },
            "notes": self.notes,
            "texts": self.texts,
            "things": self.things,
        }
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
        write_atomic(self.file, _header(body).encode() + b"\n" + body)


def program_key(program: Program) -> str:
    """Key of all that decides a note's verdict in its own text. Line numbers count only for code that may
    print them.
    """
    parts: list[object] = [sys.version_info[:2]]
    for block in program.blocks:
        setups = [setup.code for setup in block.setups]
        parts.append((block.fence.code, block.control, setups, block.output.code if block.output else None))
        if _LINES_MATTER.search(block.fence.code + "".join(setups)):
            parts.append(block.line)
    parts += [str(problem) for problem in program.problems]
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _header(body: bytes) -> str:
    return f"{HEADER} {hashlib.sha256(body).hexdigest()}"


def _change(kind: str, name: str, before: str, now: str) -> str:
    if kind == "variable":
        return "the environment changed" if name == "*" else f"the environment variable {name} changed"
    shown = place.shown(Path(name))
    if kind == "folder":
        return f"the names in {shown}/ changed"
    if before == ABSENT:
        return f"{shown} appeared"
    return f"{shown} is gone" if now == ABSENT else f"{shown} changed"
