"""One note being run: each block executed at most once, in order, in one namespace."""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from vaultkit import place
from vaultkit.read import read_text
from vaultkit.run.execute import Execution, execute, new_module, show_source
from vaultkit.run.figures import FigureFolder
from vaultkit.run.isolation import Isolation
from vaultkit.run.limit import DEFAULT_SECONDS
from vaultkit.run.observe import Observer
from vaultkit.run.program import Block, Program, program_of, scan_once
from vaultkit.run.workplace import Workplace


class Session:
    """The blocks of one note file and what became of those already executed.

    `file` is absolute, `path` relative to `vault`. `program.problems` must be empty for results to mean
    anything. `observer` is told what the blocks use.
    """

    def __init__(
        self,
        file: str | os.PathLike[str],
        vault: str | os.PathLike[str] | None = None,
        observer: Observer | None = None,
        path: str = "",
    ) -> None:
        self.observer = observer
        self.file = Path(os.path.realpath(file))
        self.vault = Path(os.path.realpath(vault)) if vault else place.vault_of(self.file)
        self.path = path or self.file.relative_to(self.vault).as_posix()
        self.text, problems = read_text(self.file, self.path)
        scanned = scan_once(self.text or "")
        self.program: Program = program_of(self.path, scanned)
        self.program.problems[:0] = problems
        self.attachments = place.attachments(self.vault)
        self.executed: dict[int, Execution] = {}
        self._module = new_module(self.file)
        self._folder: Workplace | None = None
        self._blocked_by = 0
        self._total = len(scanned.lines)

    def block(self, number: int) -> Block:
        return self.program.blocks[number - 1]

    def run_to(self, number: int) -> Execution:
        """Execute what is still missing up to block `number` and return that block's execution."""
        entered: Isolation | None = None
        try:
            for block in self.program.blocks[:number]:
                if block.number in self.executed:
                    continue
                if not block.control.skip and (self._folder is None or block.control.fresh):
                    _leave(entered)
                    entered = None
                    self._start()
                if entered is None and self._folder is not None:
                    entered = self._isolation
                    entered.enter()
                self.executed[block.number] = self._run(block)
        finally:
            _leave(entered)
        return self.executed[number]

    def run_all(self) -> Iterator[tuple[Block, Execution]]:
        for block in self.program.blocks:
            yield block, self.run_to(block.number)

    def close(self) -> None:
        """Forget the namespace and delete the note's temporary folder."""
        self._module = new_module(self.file)
        if self._folder:
            self._folder.remove()
            self._folder = None

    def _run(self, block: Block) -> Execution:
        if block.control.skip:
            return Execution()
        if self._blocked_by:
            return Execution(blocked_by=self._blocked_by)
        if self.observer:
            source = "\n".join([*(setup.code for setup in block.setups), block.fence.code])
            self.observer.on_source(source.encode("utf-8", "replace"))
        pieces = [(setup.line, setup.code) for setup in block.setups] + [(block.line, block.fence.code)]
        with self.observer.watching(self._own()) if self.observer else nullcontext():
            result = execute(self._module, pieces, self.file, block.control.timeout or DEFAULT_SECONDS)
        result.figures = self._figures.take()
        if result.error and not is_expected(result.error, block.control.raises):
            self._blocked_by = block.number
        return result

    def _start(self) -> None:
        """A new namespace and a process state of its own, with an empty working folder."""
        if self._folder is None:
            self._folder = Workplace()
            self._figures = FigureFolder(Path(self._folder.figures))
            show_source(self.file, self._pieces(), self._total)
        self._module = new_module(self.file)
        self._blocked_by = 0
        self._isolation = Isolation(self._folder.work(), {"KVIST_FIGURES": str(self._figures.folder)})

    def _own(self) -> tuple[str, ...]:
        """The folders that belong to this note alone."""
        folder = self._folder
        return (os.path.dirname(folder.name),) if folder else ()

    def _pieces(self) -> list[tuple[int, str]]:
        blocks = self.program.blocks
        hidden = [(setup.line, setup.code) for block in blocks for setup in block.setups]
        return hidden + [(block.line, block.fence.code) for block in blocks]


def _leave(entered: Isolation | None) -> None:
    if entered is not None:
        entered.leave()


def is_expected(error: BaseException, name: str) -> bool:
    """True if the error is of the class `name` (bare or with its module), or of a subclass."""
    classes = type(error).__mro__
    return bool(name) and any(name in (c.__name__, f"{c.__module__}.{c.__name__}") for c in classes)
