"""When notes were written and last changed: what their properties say, else what git remembers.

Git is never needed: without it, or in a clone that was cut short, the properties are all there is.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from vaultkit.bases.values import moment_of
from vaultkit.frontmatter import value_of
from vaultkit.memo import Memo
from vaultkit.note import Note
from vaultkit.place import cache_folder
from vaultkit.vault import Vault
from vaultkit.write import write_atomic

CREATED = ("created", "date", "date created", "date-created", "published")
CHANGED = (
    "updated",
    "modified",
    "lastmod",
    "last-modified",
    "last_modified",
    "date modified",
    "date-modified",
)
_SECONDS = 30
_COMMIT = "\x01"


class Dates(NamedTuple):
    """Moments in UTC; None for what nobody knows. A property that names a day is its first second."""

    created: datetime | None
    changed: datetime | None


def history(vault: Vault, memo: Memo | None = None) -> dict[str, Dates]:
    """The dates of every note, by path; `memo` keeps what the notes' properties say."""
    known, memo, nothing = from_git(vault.root), memo or Memo(), Dates(None, None)
    found = {}
    for path, note in vault.notes.items():
        own = memo.of("dates", note, partial(_own, note))
        found[path] = _dates(own, known.get(path, nothing))
    return found


def dates_of(note: Note, known: Dates) -> Dates:
    """The note's own properties before what git knows of its file."""
    return _dates(_own(note), known)


def _own(note: Note) -> Dates:
    return Dates(_property(note, CREATED), _property(note, CHANGED))


def _dates(own: Dates, known: Dates) -> Dates:
    created = own.created or known.created
    return Dates(created, own.changed or known.changed or created)


def from_git(root: Path) -> dict[str, Dates]:
    """First and last commit of each file below `root`, by path relative to it; {} where git cannot tell.

    Read once per commit and kept in the cache. Of a clone cut short nothing is said: its first commit would
    seem to have written everything.
    """
    head = _git(root, "rev-parse", "--is-shallow-repository", "HEAD").split()
    if len(head) != 2 or head[0] != "false":
        return {}
    kept = cache_folder(root) / "history.json"
    where = f"{head[1]} {root.resolve()}"
    try:
        loaded = json.loads(kept.read_text("utf-8"))
        if loaded["head"] == where:
            return {path: Dates(_moment(a), _moment(b)) for path, (a, b) in loaded["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    found = _read_log(root)
    try:
        text = json.dumps({"head": where, "files": found}, ensure_ascii=False)
        write_atomic(kept, text.encode("utf-8", "replace"))
    except OSError:
        pass  # read again the next time
    return {path: Dates(_moment(a), _moment(b)) for path, (a, b) in found.items()}


def _read_log(root: Path) -> dict[str, tuple[int, int]]:
    """Seconds of the first and last commit by path; a renamed file keeps its past."""
    log = _git(root, "log", "-z", "-M", "--relative", "--name-status", f"--format={_COMMIT}%ct")
    found: dict[str, list[int]] = {}
    now: dict[str, str] = {}  # a path of the past: the file's name today, "" for one that is no longer there
    for seconds, status, paths in _entries(log):
        path = now.get(paths[-1], paths[-1])
        if path and status != "D":
            first, last = found.setdefault(path, [seconds, seconds])
            found[path] = [min(first, seconds), max(last, seconds)]
        if status[0] in "AR":  # what had this name before was another file
            now[paths[-1]] = ""
        if status[0] == "R":
            now[paths[0]] = path
    return {path: (first, last) for path, (first, last) in found.items()}


def _entries(log: str) -> Iterator[tuple[int, str, list[str]]]:
    """(seconds of the commit, status, paths) of each file of each commit, newest first."""
    seconds = 0
    words = iter(log.split("\0"))
    for word in words:
        word = word.lstrip("\n")
        if word.startswith(_COMMIT):
            seconds = int(word[1:])
        elif word:
            paths = [next(words, "") for _ in range(2 if word[0] in "RC" else 1)]
            yield seconds, word, paths


def _git(root: Path, *arguments: str) -> str:
    """What git prints, "" if there is none or it refuses."""
    command = ["git", "-C", str(root), "-c", "log.showSignature=false", "-c", "core.quotePath=false"]
    env = os.environ | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            [*command, *arguments], capture_output=True, env=env, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else ""


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _property(note: Note, names: tuple[str, ...]) -> datetime | None:
    values: Iterator[Any] = (value_of(note.properties, name) for name in names)
    return next((moment for value in values if (moment := _as_moment(value))), None)


def _as_moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        found = moment_of(value)
        return found.when.replace(tzinfo=UTC) if found else None
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None
