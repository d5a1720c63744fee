"""Run notes without pytest: the quick way to a verdict."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vaultkit import place
from vaultkit.errors import Problem
from vaultkit.run.cache import RunCache, Skip, program_key
from vaultkit.run.lab import NO_LAB, lab_key
from vaultkit.run.observe import Observer
from vaultkit.run.report import failure_text
from vaultkit.run.results import engine_digest, entry_of, key_of, record
from vaultkit.run.session import Session
from vaultkit.run.survey import shape_of
from vaultkit.run.verdict import Verdict, again, judge


@dataclass(slots=True)
class NoteReport:
    """The verdict on one note; `texts` are the failures in words."""

    path: str
    blocks: int
    verdicts: list[Verdict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    seconds: float = 0.0
    why: str = ""
    reused: list[Skip] | None = None
    """If the note was not run because its last verdict holds: its skipped blocks."""

    @property
    def passed(self) -> int:
        if self.reused is not None:
            return self.blocks - len(self.reused)
        return sum(verdict.status == "passed" for verdict in self.verdicts)

    @property
    def skipped(self) -> list[Skip]:
        if self.reused is not None:
            return self.reused
        return [Skip(v.block.line, v.reason) for v in self.verdicts if v.status == "skipped"]

    @property
    def ok(self) -> bool:
        return not self.problems and self.passed + len(self.skipped) == self.blocks

    def line(self) -> str:
        mark = "ok    " if self.ok else "FAILED"
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        tail = "reused" if self.reused is not None else f"{self.seconds:.2f} s"
        return f"{mark} {self.path}: {self.passed}/{self.blocks} blocks{skipped}, {tail}"

    def as_dict(self) -> dict[str, Any]:
        failures = [f for verdict in self.verdicts for f in verdict.failures]
        return {
            "path": self.path,
            "ok": self.ok,
            "blocks": self.blocks,
            "passed": self.passed,
            "skipped": [{"line": line, "reason": reason} for line, reason in self.skipped],
            "failures": [
                *({"line": p.line, "code": p.code, "message": p.message} for p in self.problems),
                *({"line": f.line, "code": f.code, "message": f.message} for f in failures),
            ],
            "seconds": round(self.seconds, 3),
            "reused": self.reused is not None,
            "why": self.why,
        }


def run_notes(
    root: Path,
    files: list[Path],
    show: Callable[[NoteReport], None],
    cache: RunCache | None = None,
    *,
    force: bool = False,
) -> list[NoteReport]:
    """Judge each note, calling `show` as each ends, and record the results for the site.

    With a cache, a note whose last verdict still holds is not run, unless `force`; what is run is watched.
    """
    reports, entries = [], {}
    engine = engine_digest(root, cache.fingerprints if cache else None)
    observer: Observer | None = None
    last: list[Session] = []  # of a lab in two languages the second needs no run of its own
    for file in files:
        report, entry = _reuse(root, file, engine, cache, force) if cache else (None, None)
        if report is None or report.reused is None:
            if cache and observer is None:
                observer = Observer(cache.fingerprints)
            why = report.why if report else ""
            report, entry = _run_file(root, file, engine, cache, observer, last)
            report.why = why
        if entry:
            entries[report.path] = entry
        reports.append(report)
        show(report)
    record(root, entries)
    if cache:
        cache.save(observer)
    return reports


def _reuse(
    root: Path, file: Path, engine: str, cache: RunCache, force: bool
) -> tuple[NoteReport, dict[str, Any] | None]:
    """The note's last verdict with its entry for the badge, or a report that says why it must run."""
    path = file.resolve().relative_to(root.resolve()).as_posix()
    shape = shape_of(cache, file, path)
    if force:
        return NoteReport(path, 0, why="--no-cache"), None
    why = cache.why_run(path, shape.program) if shape else "its fences or control comments are wrong"
    if why or shape is None:
        return NoteReport(path, 0, why=why), None
    result = cache.notes[path]["result"]
    text = file.read_bytes()
    if hashlib.sha256(text).hexdigest() != cache.texts[path][0]:
        return NoteReport(path, 0, why="it was edited just now"), None
    report = NoteReport(path, shape.blocks, seconds=result["seconds"], reused=shape.skipped)
    return report, {**result, "key": key_of(engine, text)}


def _run_file(
    root: Path,
    file: Path,
    engine: str,
    cache: RunCache | None,
    observer: Observer | None,
    last: list[Session],
) -> tuple[NoteReport, dict[str, Any] | None]:
    session = Session(file, root, observer, last[0] if last else None)
    last[:] = [session]
    if observer and not session.shares:
        observer.begin()
        observer.on_file(str(place.settings(root)))
    try:
        report = _run_note(session)
        entry = None if report.problems else entry_of(session, report.verdicts, engine)
        if cache and observer:
            if report.ok and entry:
                result = {name: value for name, value in entry.items() if name != "key"}
                program = session.program
                key = program_key(program) if session.lab is NO_LAB else lab_key(session.lab, program)
                cache.put(session.path, key, observer.used(), result)
            else:
                cache.fail(session.path)
    finally:
        session.close()
    return report, entry


def _run_note(session: Session) -> NoteReport:
    report = NoteReport(session.path, len(session.program.blocks), problems=session.program.problems)
    if report.problems:
        report.texts = [str(problem) for problem in report.problems]
        return report
    for block in session.program.blocks:
        if session.observer:
            for name in session.run_to(block.number).figures:
                session.observer.on_file(str(session.attachments / name))
        verdict = judge(session, block)
        report.verdicts.append(verdict)
        if verdict.status == "failed":
            report.texts.append(failure_text(session, verdict, again(session, "run")))
    report.seconds = sum(execution.seconds for execution in session.executed.values())
    return report
