"""What can be said of notes without running them: the quick half of `vaultkit run`."""

from importlib import import_module

from vaultkit.run.cache import RunCache
from vaultkit.run.notereport import NoteReport, Skip
from vaultkit.run.results import key_of

Row = tuple[str, str]  # a note's path in the vault, and its file

UNCHANGED = "nothing it uses has changed since it passed"


def known_shape(cache: RunCache, path: str, file: str) -> bool:
    """True if the text of the note is one whose blocks are known, and what they require is as it was."""
    known = cache.texts.get(path)
    if known is None or known[0] != cache.fingerprints.file(file):
        return False
    if not known[4]:
        return True
    present = import_module("vaultkit.run.requirements").present
    return all(present(name) == there for name, there in known[4].items())


def recall(cache: RunCache, path: str, file: str) -> NoteReport:
    """The note's last verdict if it still holds (`reused`), or an empty report whose `why` says why it must
    run. A note without blocks has the verdict that there is nothing to run.
    """
    if not known_shape(cache, path, file):
        return NoteReport(path, why=_unread(cache, path))
    _text, program, blocks, skipped, _required = cache.texts[path]
    if program is None:
        return NoteReport(path, why="its fences or control comments are wrong")
    if not program:
        return NoteReport(path, why="it has no Python blocks")
    why = cache.why_run(path, program)
    if why:
        return NoteReport(path, why=why)
    report = NoteReport(path, blocks, UNCHANGED)
    report.skipped = [Skip(*skip) for skip in skipped]
    report.passed = blocks - len(skipped)
    report.seconds = cache.notes[path]["result"]["seconds"]
    report.reused = True
    return report


def is_plain(cache: RunCache, path: str, file: str) -> bool:
    """True if the note, its present shape known, has no Python blocks."""
    return known_shape(cache, path, file) and cache.texts[path][1] == ""


def renewed(cache: RunCache, path: str, engine: str) -> dict[str, object]:
    """The badge of a reused verdict, for the note's present text and the present engine."""
    return {**cache.notes[path]["result"], "key": key_of(engine, cache.texts[path][0])}


def _unread(cache: RunCache, path: str) -> str:
    entry = cache.notes.get(path)
    if entry is None:
        return "it has not been run yet"
    return "its text changed"
