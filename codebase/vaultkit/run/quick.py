"""Run notes without pytest: the quick way to a verdict."""

import gc
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from vaultkit.run.alone import Alone
from vaultkit.run.cache import RunCache
from vaultkit.run.entry import entry_of
from vaultkit.run.limit import rest, takes_output, watched
from vaultkit.run.loaded import loaded_files
from vaultkit.run.notereport import NoteReport, Skip
from vaultkit.run.observe import Observer, watched_folders
from vaultkit.run.program import Block
from vaultkit.run.reading import Reading
from vaultkit.run.recall import Row, is_plain, known_shape, recall, renewed
from vaultkit.run.report import failures_text
from vaultkit.run.results import engine_digest, record
from vaultkit.run.session import Session
from vaultkit.run.shape import learn_shape
from vaultkit.run.used import Used
from vaultkit.run.verdict import Failure, Verdict, again, judge
from vaultkit.terminal import problem_here

Told = Callable[[int, int], None]  # called while a note runs: its block of this number has, so many passed


class Runner:
    """Judges notes of one vault, one after another, in this process."""

    def __init__(self, cache: RunCache, engine: str, told: Told | None = None) -> None:
        self.cache = cache
        self.told = told
        self.engine = engine
        self.entries: dict[str, dict[str, Any]] = {}
        self.observer: Observer | None = None
        self.alone = Alone(cache.root)
        self.last: Session | None = None  # of a lab in two languages the second needs no run of its own

    def judge(self, path: str, file: str, *, force: bool = False) -> NoteReport:
        """The verdict on a note, reused if it still holds and nobody asks for a run with `force`."""
        reading = None
        if not known_shape(self.cache, path, file):
            reading = Reading(Path(file), path, self.cache.fingerprints)
            learn_shape(self.cache, path, file, reading)
        report = recall(self.cache, path, file)
        if is_plain(self.cache, path, file):
            return NoteReport(path, why=report.why)
        if report.reused and not force:
            self.entries[path] = renewed(self.cache, path, self.engine)
            return report
        why = "--no-cache" if force else report.why
        report = self._run(path, file, reading)
        report.why = why
        return report

    def _run(self, path: str, file: str, reading: Reading | None) -> NoteReport:
        if self.observer is None:
            self.observer = Observer(self.cache.fingerprints, watched_folders(self.cache.root))
        session = Session(file, self.cache.root, self.observer, self.last, path, reading, self.alone)
        self.last = session
        if not session.shares:
            self.observer.begin()
            self.observer.on_files([os.path.join(self.cache.root, ".obsidian", "app.json")])
        try:
            report = run_note(session, self.told)
            used = self.observer.used()
            whole = not session.program.problems
            entry = entry_of(session, report.verdicts, self.engine, used) if whole else None
            self.keep(session, report.ok, entry, used)
        finally:
            session.close()
        return report

    def keep(self, session: Session, ok: bool, entry: dict[str, Any] | None, used: Used) -> None:
        """Remember the verdict on a note that was run as a whole."""
        if entry:
            self.entries[session.path] = entry
        if ok and entry:
            result = {name: value for name, value in entry.items() if name != "key"}
            self.cache.put(session.path, session.reading.key, used, result)
        else:
            self.cache.fail(session.path)

    def finish(self) -> str:
        """Write what was learnt; returns why it could not be written, or ""."""
        record(self.cache.root, self.entries)
        if self.observer is None:
            return self.cache.save({}, [], [])
        shared = self.observer.library.things
        return self.cache.save(self.observer.values, self.observer.host_path, loaded_files(), shared)


class RunReport(NoteReport):
    """The report on a note that was run, with the verdicts on its blocks."""

    __slots__ = ("verdicts",)

    def __init__(self, path: str, blocks: int) -> None:
        super().__init__(path, blocks)
        self.verdicts: list[Verdict] = []


def run_rows(
    cache: RunCache,
    rows: list[Row],
    engine: str,
    show: Callable[[NoteReport], None],
    *,
    force: bool = False,
    told: Told | None = None,
) -> tuple[list[NoteReport], str]:
    """Judge each note, calling `show` as each ends, and record the results.

    A note whose last verdict still holds is not run, unless `force`; what is run is watched. Returns the
    reports, and why nothing could be remembered, or "".
    """
    runner = Runner(cache, engine, told)
    reports = []
    try:
        gc.freeze()
        gc.enable()
        with watched():
            for path, file in rows:
                report = runner.judge(path, file, force=force)
                reports.append(report)
                if report.texts or report.skipped or not takes_output():
                    rest()  # for `show` may have to wait
                show(report)
    finally:
        gc.unfreeze()
        fault = runner.finish()  # what is known is kept, even if the rest was interrupted
    return reports, fault


def run_note(session: Session, told: Told | None = None) -> RunReport:
    report = RunReport(session.path, len(session.program.blocks))
    if session.program.problems:
        for problem in session.program.problems:
            report.texts.append(str(problem_here(session.vault, problem)))
            report.failures.append(
                {"path": session.path, "line": problem.line, "kind": problem.code, "message": problem.message,
                 "hint": problem.hint, "expected": None, "actual": None, "details": [], "block": None}
            )  # fmt: skip
        return report
    passed: dict[int, Verdict] = {}

    def judge_now(block: Block) -> None:
        """Before the next block runs, which may end the process."""
        with suppress(Exception):  # in the middle of what the note has done to Python
            verdict = judge(session, block)
            if verdict.status == "passed":
                passed[block.number] = verdict
            if told:
                told(block.number, len(passed))

    if told:
        session.after = judge_now
    if session.program.blocks:
        session.run_to(len(session.program.blocks))
    for block in session.program.blocks:
        if session.observer:
            figures = session.run_to(block.number).figures
            session.observer.on_files([str(session.attachments / name) for name in figures])
        verdict = passed.get(block.number) or judge(session, block)
        report.verdicts.append(verdict)
        if verdict.status == "passed":
            report.passed += 1
        elif verdict.status == "skipped":
            report.skipped.append(Skip(block.line, verdict.reason))
        else:
            report.failures += [as_dict(session, block, failure) for failure in verdict.failures]
    report.texts = failures_text(session, report.verdicts, again(session, "run"))
    report.seconds = sum(execution.seconds for execution in session.executed.values())
    return report


def as_dict(session: Session, block: Block, failure: Failure) -> dict[str, object]:
    """A failure for machines: where, what, and what was expected and came instead, as lines of text."""
    return {
        "path": session.path,
        "line": failure.line,
        "kind": failure.code,
        "message": failure.message,
        "hint": failure.hint,
        "expected": failure.expected,
        "actual": failure.actual,
        "details": list(failure.details),
        "block": block.number,
    }


def run_all(root: str | os.PathLike[str], rows: list[Row]) -> list[NoteReport]:
    """Run notes with what is remembered of them, telling nobody."""
    cache = RunCache(root, dict(os.environ))
    return run_rows(cache, rows, engine_digest(root, cache.fingerprints), lambda report: None)[0]
