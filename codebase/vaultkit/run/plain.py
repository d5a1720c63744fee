"""What running a note in Markdown needs of its kind; `lab` says the same of notebooks."""

from typing import TYPE_CHECKING

from vaultkit.run.compare import RTOL
from vaultkit.run.key import program_key
from vaultkit.run.program import Program

if TYPE_CHECKING:
    from vaultkit.labs.notebook import Notebook


class Plain:
    """`rtol` is the tolerance of printed floats, `examples` the blocks whose output is shown as one example
    and is not compared, `figures` what a notebook shows now.
    """

    def __init__(self) -> None:
        self.rtol = RTOL
        self.examples: frozenset[int] = frozenset()
        self.figures: dict[str, bytes] = {}
        self.notebook: Notebook | None = None

    def key(self, program: Program) -> str:
        """Key of all in the note's own file that decides its verdict, "" if it has no blocks."""
        return program_key(program)


NO_LAB = Plain()
