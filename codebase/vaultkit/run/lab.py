"""What running a lab adds to running a note: cells, outputs and figures stand in a notebook file."""

import hashlib
import json
from pathlib import Path

from vaultkit.labs.view import placed, read_once
from vaultkit.labs.write import Result, with_results
from vaultkit.run.compare import RTOL
from vaultkit.run.execute import Execution
from vaultkit.run.plain import Plain
from vaultkit.run.program import Block, Program


class Lab(Plain):
    """A notebook that is being run; its program gets the lines of the file."""

    def __init__(self, file: Path, program: Program) -> None:
        super().__init__()
        self.notebook = read_once(file.read_bytes().decode("utf-8-sig", "replace"))
        cells = self.notebook.code
        if len(cells) != len(program.blocks):
            hint = "make it a code cell, or write ```text"
            program.problem(0, "lab-fence", "a Markdown cell shows a Python block, which never runs", hint)
            return
        self.rtol = self.notebook.rtol or RTOL
        self.examples = frozenset(n for n, cell in enumerate(cells, 1) if cell.example)
        self.figures = {name: svg.encode() for cell in cells for name, svg in cell.figures.items()}
        for place, (block, cell) in enumerate(zip(program.blocks, cells, strict=True)):
            fence = placed(block.fence, cell)
            output = block.output and block.output._replace(line=fence.end_line, end_line=fence.end_line)
            program.blocks[place] = block._replace(fence=fence, output=output)

    def key(self, program: Program) -> str:
        """The code and the control words, and of the file the outputs, figures and the tolerance."""
        assert self.notebook is not None
        if not program.blocks:
            return ""
        cells = [cell for cell in self.notebook.data["cells"] if cell.get("cell_type") == "code"]
        shown = [(cell.get("outputs"), (cell.get("metadata") or {}).get("kvist")) for cell in cells]
        text = json.dumps([shown, self.rtol], sort_keys=True, default=str)
        return super().key(program) + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def rewritten_lab(lab: Plain, blocks: list[Block], executed: dict[int, Execution], stale: set[int]) -> str:
    """The notebook file with the outputs of the blocks in `stale` brought up to date."""
    assert lab.notebook is not None
    results = {}
    for block in blocks:
        if block.number in stale:
            run = executed[block.number]
            error = (type(run.error).__name__, str(run.error)) if run.error else None
            figures = {name: svg.decode() for name, svg in run.figures.items()}
            results[block.number] = Result(run.stdout, run.value, figures, error)
    return with_results(lab.notebook, results)
