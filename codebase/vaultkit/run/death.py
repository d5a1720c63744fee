"""What is said and remembered of a note that ended the process."""

import re
import shlex
import signal
from datetime import date
from pathlib import Path

from vaultkit import place, where
from vaultkit.errors import Problem
from vaultkit.run.cache import RunCache
from vaultkit.run.guard import FAILED, Death
from vaultkit.run.limit import DEFAULT_SECONDS
from vaultkit.run.notereport import NoteReport
from vaultkit.run.reading import Reading
from vaultkit.run.recall import Row
from vaultkit.run.results import record, results_key

CODE = "process-died"
_FRAME = re.compile(r'^  File "(.*)", line (\d+) in ', re.MULTILINE)
_OURS = "/vaultkit/run/execute.py"
_MAX_LINES = 20
_MAX_NAME = 500  # characters of a name that faulthandler writes


def dead(cache: RunCache, row: Row, death: Death, engine: str) -> NoteReport:
    """The report on the note, which has failed: no verdict that it had before may stand."""
    path, file = row
    reading = Reading(Path(file), path)
    blocks = reading.program.blocks
    line = _line(death.dump, Path(file).resolve())
    block = next((b for b in blocks if b.head <= line <= b.fence.end_line), None)
    block = block or next((b for b in blocks if any(s.line <= line < b.line for s in b.setups)), None)
    block = block or next((b for b in blocks if b.number > death.block and not b.control.skip), None)
    source = _source(reading.text, line)
    line = line or (block or blocks[0]).line if blocks else 0
    limit = (block and block.control.timeout) or DEFAULT_SECONDS
    report = NoteReport(path, len(blocks), "it has not been run to its end")
    report.passed = death.passed
    shown = place.shown(Path(file))
    what = f"block {block.number}" if block else "the note"
    message = f"the process died in {what}: {how(death)}"
    hint = "Python cannot catch this; notes after this one run in another process"
    if _too_slow(death):
        message = f"{what} ran longer than its limit of {limit:g} s and would not stop"
        hint = "`except:` can swallow its end, and C code has none: mend that, or: "
        hint += f"<!-- run: timeout {limit * 2:g} -->"
    elif FAILED in death.dump:
        hint = "the note may have changed what Python itself works with: a builtin, a module, a folder"
    elif death.code == -signal.SIGKILL:
        hint = "somebody killed it: the system does when there is no memory left"
    details = _frames(death.dump, Path(file).resolve(), shown)
    engines = "".join(f" --engine {shlex.quote(folder)}" for folder in where.engine[:1])
    again = f"    run again: {place.command('vaultkit')} run {shlex.quote(shown)}{engines}"
    problem = str(Problem(shown, line, CODE, message, hint))
    report.texts = ["\n".join([problem, *source, *(f"    {row}" for row in details), again])]
    report.failures = [
        {"path": path, "line": line, "kind": CODE, "message": message, "hint": hint,
         "expected": None, "actual": None, "details": details, "block": block.number if block else None}
    ]  # fmt: skip
    _forget(cache, path, len(blocks), engine)
    return report


def how(death: Death) -> str:
    """What ended it, in words."""
    if death.code < 0:
        number = -death.code
        name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        return f"{name} ({signal.strsignal(number)})"
    if FAILED in death.dump:
        return f"after what it did, {death.dump[death.dump.index(FAILED) :].splitlines()[0]}"
    return f"it ended with exit code {death.code}"


def _too_slow(death: Death) -> bool:
    return death.dump.startswith("Timeout (")


def _source(text: str | None, line: int) -> list[str]:
    """The note's line, without the marks of what it stands in."""
    rows = (text or "").splitlines()
    return [f"  > {line} | {rows[line - 1].strip(' >')}"] if 0 < line <= len(rows) else []


def _frames(dump: str, file: Path, shown: str) -> list[str]:
    """The entries of a dump that concern the note: those from its own code inwards."""
    rows = [row.strip() for row in dump.splitlines()]
    ours = next((number for number, row in enumerate(rows) if _OURS in row), len(rows))
    rows = [row for row in rows[:ours] if row.startswith("File ")]
    return [row.replace(f'"{_ascii(str(file))}"', f'"{shown}"') for row in rows[:_MAX_LINES]]


def _ascii(text: str) -> str:
    """As faulthandler writes it."""
    cut = text if len(text) <= _MAX_NAME else text[:_MAX_NAME]
    return cut.encode("ascii", "backslashreplace").decode() + ("" if cut == text else "...")


def _line(dump: str, file: Path) -> int:
    """The note's innermost line in what faulthandler wrote, 0 if there is none."""
    return next((int(line) for found, line in _FRAME.findall(dump) if found == _ascii(str(file))), 0)


def _forget(cache: RunCache, path: str, blocks: int, engine: str) -> None:
    cache.fail(path, "the process died")
    cache.save({}, [], [])
    try:
        key = results_key(cache.root, path, engine)
    except OSError:
        return
    none = {"passed": 0, "skipped": 0, "seconds": 0.0, "versions": {}, "device": "cpu"}
    record(
        cache.root, {path: {"key": key, "blocks": max(blocks, 1), "when": date.today().isoformat(), **none}}
    )
