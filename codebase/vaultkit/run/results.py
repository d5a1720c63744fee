"""Results of runs, for the badges on the site: one JSON, an entry per note, true only while its key matches.

`results.json` in the vault's cache folder: {note path: {"key", "blocks", "passed", "skipped", "seconds",
"when", "versions", "device"}}. A note is verified if the key still matches and passed + skipped == blocks.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress

from vaultkit import where
from vaultkit.lock import locked
from vaultkit.run.fingerprints import Fingerprints, Signature, signature_of
from vaultkit.write import write_atomic

ENGINE = ("codebase/kvist", "kernels")  # what notes are run with, relative to the project
_SKIPPED = frozenset({"__pycache__", "build", ".cache"})

TYPE_CHECKING = False  # importing typing costs more than this module
if TYPE_CHECKING:
    from typing import Any

    StrPath = str | os.PathLike[str]
    Entry = dict[str, Any]


def engine_digest(root: StrPath, fingerprints: Fingerprints | None = None) -> str:
    """Hex digest of the names and bytes of all engine files of the project around the vault `root`.

    `fingerprints` spare reading files that have not changed.
    """
    fingerprints = fingerprints or Fingerprints()
    project = where.project_of(os.fspath(root))
    digest = hashlib.sha256()
    for folder in ENGINE:
        for file in sorted(_files(os.path.join(project, folder))):
            name = os.path.relpath(file, project).replace(os.sep, "/")
            digest.update(name.encode("utf-8", "replace") + b"\0" + fingerprints.file(file).encode())
    return digest.hexdigest()


def _files(folder: str) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name in _SKIPPED:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path)
        elif entry.is_file():
            yield entry.path


def results_key(root: StrPath, note_path: str, engine: str = "") -> str:
    """Key of a note's result: its text and the engine; pass `engine_digest(root)` when asking for
    many notes.
    """
    with open(os.path.join(root, note_path), "rb") as file:
        text = hashlib.sha256(file.read()).hexdigest()
    return key_of(engine or engine_digest(root), text)


def key_of(engine: str, text_hash: str) -> str:
    return hashlib.sha256(f"{engine} {text_hash}".encode()).hexdigest()


def load_results(root: StrPath) -> dict[str, Entry]:
    """All results of the vault `root`; {} if there are none or the file is damaged."""
    try:
        with open(results_file(root), encoding="utf-8") as file:
            loaded = json.load(file)
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(loaded, dict):
        return {}
    return {path: entry for path, entry in loaded.items() if isinstance(entry, dict)}


def results_file(root: StrPath) -> str:
    return os.path.join(where.cache_folder(os.fspath(root)), "results.json")


def record(root: StrPath, entries: dict[str, Entry]) -> None:
    """Merge entries into the results file; entries of notes that are gone are dropped. Where nothing can be
    written, there are no badges.
    """
    if not entries:
        return
    file = results_file(root)
    seen = _signature(file)
    merged = _merged(root, entries)
    if merged is None:
        return
    with suppress(OSError), locked(os.path.dirname(file)):
        if _signature(file) != seen:  # another run has written it since
            merged = _merged(root, entries) or entries
        rows = (f"{_json(path)}: {_json(entry)}" for path, entry in sorted(merged.items()))
        write_atomic(file, ("{\n" + ",\n".join(rows) + "\n}\n").encode("utf-8", "replace"))


def _signature(file: str) -> Signature | None:
    try:
        return signature_of(os.stat(file))
    except OSError:
        return None


_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def _merged(root: StrPath, entries: dict[str, Entry]) -> dict[str, Entry] | None:
    """All entries there are to be; None if that is what the file says."""
    before = load_results(root)
    known = {path: e for path, e in before.items() if os.path.isfile(os.path.join(root, path))}
    merged = {**known, **entries}
    return merged if merged != before else None
