"""Census: every Python block a reader sees is either run or declared as skipped, note by note."""

from dataclasses import asdict, dataclass, field
from typing import Any

from vaultkit.lines import Scan
from vaultkit.run.html_code import html_python
from vaultkit.run.program import program_of
from vaultkit.vault import Vault, unread


@dataclass(frozen=True, slots=True)
class Missed:
    """A block that is shown as Python and neither runs nor is declared; `form` is its first line."""

    line: int
    form: str
    why: str
    hint: str = ""


@dataclass(slots=True)
class Count:
    """Blocks shown as Python in one note: those that run, the declared skips, and the rest."""

    path: str
    shown: int = 0
    run: int = 0
    skipped: int = 0
    missed: list[Missed] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.missed and self.shown == self.run + self.skipped

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.ok}


def shown_python(scan: Scan) -> list[int]:
    """Lines of all blocks that a page shows as Python: fences, and code written as HTML."""
    return sorted([f.line for f in scan.fences if f.shown_as_python] + html_python(scan))


def count(path: str, scan: Scan) -> Count:
    """The census of one note."""
    shown = shown_python(scan)
    found = Count(path, len(shown))
    if not shown:
        return found
    program = program_of(path, scan)
    lost = {p.line: p for p in reversed(program.problems) if p.code.startswith("fence-")}
    for line in shown:
        block = next((block for block in program.blocks if block.line == line), None)
        if line in lost:
            form = scan.lines[line - 1].strip()
            found.missed.append(Missed(line, form, lost[line].message, lost[line].hint))
        elif line in program.declared or (block and block.control.skip):
            found.skipped += 1
        elif block:
            found.run += 1
    return found


def census(vault: Vault) -> list[Count]:
    """The census of each note, by path; what cannot be read may show anything."""
    counts = [count(path, note.scan) for path, note in vault.notes.items()]
    counts += [Count(path, missed=[Missed(0, "", why)]) for path, why in unread(vault).items()]
    return sorted(counts, key=lambda count: count.path)
