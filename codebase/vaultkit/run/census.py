"""Census: every Python fence a reader sees is either run or declared as skipped, note by note."""

from typing import NamedTuple

from vaultkit.fences import PYTHON_LIKE
from vaultkit.run.program import program_of
from vaultkit.vault import Vault


class Count(NamedTuple):
    """Fences shown as Python in one note, the blocks that run, the declared skips."""

    path: str
    fences: int
    run: int
    skipped: int

    @property
    def ok(self) -> bool:
        return self.fences == self.run + self.skipped


def census(vault: Vault) -> list[Count]:
    """Counts of each note that shows Python; a note is wrong when some fence neither runs nor is declared."""
    counts = []
    for path, note in sorted(vault.notes.items()):
        shown = [f for f in note.scan.fences if not f.hidden and (f.is_python or f.language in PYTHON_LIKE)]
        if shown:
            program = program_of(path, note.scan)
            skipped = sum(bool(block.control.skip) for block in program.blocks)
            lost = {problem.line for problem in program.problems if problem.code.startswith("fence-")}
            blocks = sum(block.line not in lost for block in program.blocks)
            counts.append(Count(path, len(shown), blocks - skipped, skipped))
    return counts
