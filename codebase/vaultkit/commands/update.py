"""`vaultkit update`: outputs and figures as the code makes them, in a process that a note may end."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from vaultkit import place, where
from vaultkit.run.cache import RunCache
from vaultkit.run.compare import shortened
from vaultkit.run.death import dead
from vaultkit.run.guard import Guard, keep_apart
from vaultkit.run.notereport import NoteReport
from vaultkit.run.results import engine_digest
from vaultkit.run.session import Session
from vaultkit.run.update import Update, update_note


def update_all(root: Path, files: list[Path], *, write: bool) -> int:
    """Exit code: 0 all is as the code makes it, 1 a note fails and is as it was."""
    done: list[NoteReport] = []
    guard = None
    while Guard.possible() and len(done) < len(files):
        guard = Guard()
        if not guard.child:
            break
        ended = guard.wait()
        if isinstance(ended, int):
            return ended
        done += ended.done
        if len(done) < len(files):
            file = files[len(done)]
            cache = RunCache(root, dict(os.environ))
            row = file.resolve().relative_to(root.resolve()).as_posix(), str(file)
            done.append(dead(cache, row, ended, engine_digest(cache.root, cache.fingerprints)))
            done[-1].passed = 0  # in a report here: whether it was changed
            print("\n".join([*done[-1].texts, f"{place.shown(file)}: nothing was written"]))
        guard = None
    if guard is None and where.program:
        keep_apart()
    try:
        done += _update(root, files[len(done) :], write, guard)
    except OSError as error:  # a file that cannot be read or written
        if guard is None or isinstance(error, BrokenPipeError):
            raise
        print(f"{error.filename or 'vaultkit'}: cannot go on: {error.strerror or error}", file=sys.stderr)
        guard.over(1)
    except Exception as error:
        if guard is None:
            raise
        guard.failed(error)
        os._exit(1)
    code = _end(done, write)
    if guard:
        guard.over(code)
    return code


def _update(root: Path, files: list[Path], write: bool, guard: Guard | None) -> list[NoteReport]:
    reports: list[NoteReport] = []
    twins: list[Session] = []
    told: Callable[[int, int], None] | None = guard.at if guard else None
    show = guard.telling(lambda report: None) if guard else None
    for file in files:
        update = update_note(file, root, write=write, twins=twins, told=told)
        _show(root, file, update)
        report = NoteReport(update.path)
        report.passed = report.blocks = int(update.changed and not update.errors)
        report.failures = [{}] if update.errors else []
        reports.append(report)
        if show:
            show(report)
    return reports


def _show(root: Path, file: Path, update: Update) -> None:
    if update.errors:
        print("\n".join([*update.errors, f"{place.shown(file)}: nothing was written"]))
        return
    if update.diff:
        print("\n".join(shortened(update.diff.split("\n"))))
    for name in update.figures:
        print(f"figure {place.shown(place.attachments(root) / name)}")


def _end(reports: list[NoteReport], write: bool) -> int:
    failed = sum(bool(report.failures) for report in reports)
    changed = sum(report.passed for report in reports)
    tail = f", {failed} FAILED" if failed else ""
    print(f"{len(reports)} notes, {changed} {'changed' if write else 'would change'}{tail}")
    return 1 if failed else 0
