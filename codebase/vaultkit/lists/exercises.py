"""`vaultkit try`: the learner's solution of a note's exercise, checked in a process of its own.

An exercise belongs to the engine; a note names it in its property `exercise`. The solution is a file in the
folder `study/` of the project, which belongs to the learner: it is written once and never overwritten.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from vaultkit.called import path_called
from vaultkit.errors import CallError, Problem, VaultError
from vaultkit.lists.solved import Solved
from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.vault import Vault
from vaultkit.write import write_atomic

SECONDS = 60
_ENGINE = (sys.executable, "-m", "kvist.exercises")


class Check(NamedTuple):
    name: str
    ok: bool
    message: str


class Attempt(NamedTuple):
    """`started` is True if the file was just written from the starter; then nothing was checked."""

    file: Path
    started: bool
    checks: list[Check]

    @property
    def solved(self) -> bool:
        return bool(self.checks) and all(check.ok for check in self.checks)


def exercises(vault: Vault) -> list[Note]:
    """English notes that have an exercise, by name."""
    found = [note for note in vault.notes.values() if isinstance(note.properties.get("exercise"), str)]
    return sorted((note for note in found if note.lang == "en"), key=lambda note: note.stem.lower())


def exercise_of(vault: Vault, name: str) -> str:
    """The exercise of the note `name` (a name, an alias or a path). Raises VaultError if it has none."""
    path = path_called(vault, name) or _near(vault, name)
    note = vault.notes.get(canonical(path)) or vault.notes.get(path)
    if note is None:
        raise CallError(
            Problem(name, 0, "no-note", "is no note of this vault", "vaultkit try lists the exercises")
        )
    exercise = note.properties.get("exercise")
    if not isinstance(exercise, str) or not exercise.isidentifier():
        raise VaultError(
            Problem(note.path, 0, "no-exercise", "has no exercise", "vaultkit try lists those that have one")
        )
    return exercise


def _near(vault: Vault, name: str) -> str:
    """The one note with an exercise whose name, or whose exercise, holds these words; "" if it is not one."""
    wanted = name.strip().lower()
    found = [
        note.path
        for note in exercises(vault)
        if wanted
        and wanted in (f"{note.stem} {' '.join(note.aliases)} {note.properties['exercise']}").lower()
    ]
    return found[0] if len(found) == 1 else ""


def attempt(vault: Vault, exercise: str) -> Attempt:
    """Check the learner's file and keep the verdict, or write it from the starter if there is none.

    Raises VaultError if the engine does not know the exercise, or cannot be run.
    """
    record = Solved.load(vault.root)
    file = record.solution(exercise)
    if not file.exists():
        write_atomic(file, _engine("start", exercise).stdout.encode())
        return Attempt(file, True, [])
    checks = [Check(**json.loads(line)) for line in _checked(exercise, file)]
    made = Attempt(file, False, checks)
    record.with_verdict(exercise, made.solved).save()
    return made


def _checked(exercise: str, file: Path) -> list[str]:
    """The lines that the engine prints of a solution; what the solution itself prints is passed over."""
    try:
        done = _engine("check", exercise, str(file))
    except subprocess.TimeoutExpired:
        return [json.dumps(Check("comes to an end", False, f"still running after {SECONDS} s")._asdict())]
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"name": ')]
    if done.returncode or not lines:  # it ended before the last check: what it said so far proves nothing
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        lines.append(json.dumps(Check("is checked to the end", False, last)._asdict()))
    return lines


def _engine(*argv: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*_ENGINE, *argv], capture_output=True, text=True, encoding="utf-8", timeout=SECONDS
    )
    if done.returncode == 2 or (argv[0] == "start" and done.returncode):
        last = (done.stderr.strip().splitlines() or ["the engine did not answer"])[-1]
        raise VaultError(Problem(argv[1], 0, "no-exercise", last, "make setup installs the engine"))
    return done
