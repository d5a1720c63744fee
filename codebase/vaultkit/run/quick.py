"""Run notes without pytest: the quick way to a verdict."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vaultkit import place
from vaultkit.errors import Problem
from vaultkit.run.report import failure_text
from vaultkit.run.results import engine_digest, entry_of, record
from vaultkit.run.session import Session
from vaultkit.run.verdict import Verdict, judge


@dataclass(slots=True)
class NoteReport:
    """The verdict on one note; `texts` are the failures in words."""

    path: str
    blocks: int
    verdicts: list[Verdict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def passed(self) -> int:
        return sum(verdict.status == "passed" for verdict in self.verdicts)

    @property
    def skipped(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.status == "skipped"]

    @property
    def ok(self) -> bool:
        return not self.problems and self.passed + len(self.skipped) == self.blocks

    def line(self) -> str:
        mark = "ok    " if self.ok else "FAILED"
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        return f"{mark} {self.path}: {self.passed}/{self.blocks} blocks{skipped}, {self.seconds:.2f} s"

    def as_dict(self) -> dict[str, Any]:
        failures = [f for verdict in self.verdicts for f in verdict.failures]
        return {
            "path": self.path,
            "ok": self.ok,
            "blocks": self.blocks,
            "passed": self.passed,
            "skipped": [{"line": v.block.line, "reason": v.reason} for v in self.skipped],
            "failures": [
                *({"line": p.line, "code": p.code, "message": p.message} for p in self.problems),
                *({"line": f.line, "code": f.code, "message": f.message} for f in failures),
            ],
            "seconds": round(self.seconds, 3),
        }


def run_notes(root: Path, files: list[Path], show: Callable[[NoteReport], None]) -> list[NoteReport]:
    """Run each note, calling `show` as each ends, and record the results for the site."""
    reports, entries, engine = [], {}, engine_digest(root)
    for file in files:
        session = Session(file, root)
        try:
            report = _run_note(session)
            entry = None if report.problems else entry_of(session, report.verdicts, engine)
        finally:
            session.close()
        if entry:
            entries[session.path] = entry
        reports.append(report)
        show(report)
    record(root, entries)
    return reports


def _run_note(session: Session) -> NoteReport:
    report = NoteReport(session.path, len(session.program.blocks), problems=session.program.problems)
    if report.problems:
        report.texts = [str(problem) for problem in report.problems]
        return report
    again = f'{place.command("vaultkit")} run "{session.path}"'
    for block in session.program.blocks:
        verdict = judge(session, block)
        report.verdicts.append(verdict)
        if verdict.status == "failed":
            report.texts.append(failure_text(session, verdict, again))
    report.seconds = sum(execution.seconds for execution in session.executed.values())
    return report
