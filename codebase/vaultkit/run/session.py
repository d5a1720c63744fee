"""One note being run: each block executed at most once, in order, in one namespace."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from functools import cached_property
from io import StringIO
from pathlib import Path

from vaultkit import place
from vaultkit.languages import canonical
from vaultkit.run.alone import Alone
from vaultkit.run.control import Control
from vaultkit.run.execute import MODULE, Execution, execute, new_module, said, show_source
from vaultkit.run.figures import FigureFolder
from vaultkit.run.isolation import Isolation
from vaultkit.run.limit import DEFAULT_SECONDS, watched
from vaultkit.run.observe import Observer
from vaultkit.run.plain import NO_LAB
from vaultkit.run.program import Block, Program
from vaultkit.run.reading import Reading
from vaultkit.run.workplace import Workplace


class Session:
    """The blocks of one note file and what became of those already executed.

    `file` is absolute, `path` relative to `vault`. `program.problems` must be empty for results to mean
    anything. `observer` is told what the blocks use. `twin` is the session that has just been run: a lab in
    the other language takes over what that one did. `reading` is the note as it is to be run, `alone`
    what the process knows already, if it is one for notes alone.
    """

    def __init__(
        self,
        file: str | os.PathLike[str],
        vault: str | os.PathLike[str] | None = None,
        observer: Observer | None = None,
        twin: "Session | None" = None,
        path: str = "",
        reading: Reading | None = None,
        alone: Alone | None = None,
    ) -> None:
        self.observer = observer
        if alone:
            self.file, self.vault = Path(alone.real(os.fspath(file))), alone.vault
        else:
            self.file = Path(os.path.realpath(file))
            self.vault = Path(os.path.realpath(vault)) if vault else place.vault_of(self.file)
        self.path = path or self.file.relative_to(self.vault).as_posix()
        self.reading = reading = reading or Reading(self.file, self.path)
        self.text, self.digest = reading.text, reading.digest
        self.program: Program = reading.program
        self.program.problems[:0] = reading.problems
        self.lab = reading.lab
        self.alone = alone
        self.executed: dict[int, Execution] = {}
        self.after: Callable[[Block], None] | None = None  # called after each block that is executed
        self._module = new_module(self.file)
        self._folder: Workplace | None = None
        self._blocked_by = 0
        self._threads: set[threading.Thread] = set()
        self._last = max((b.number for b in self.program.blocks if not b.control.skip), default=0)
        self._total = max([reading.lines, *(block.fence.end_line for block in self.program.blocks)])
        self.shares = bool(twin and self._is_twin(twin))
        if twin and self.shares:
            self.executed = twin.executed

    @cached_property
    def attachments(self) -> Path:
        """The vault's folder for figures."""
        return place.attachments(self.vault)

    def block(self, number: int) -> Block:
        return self.program.blocks[number - 1]

    def run_to(self, number: int) -> Execution:
        """Execute what is still missing up to block `number` and return that block's execution."""
        if number not in self.executed:
            with watched():
                self._run_missing(number)
        return self.executed[number]

    def _run_missing(self, number: int) -> None:
        entered: Isolation | None = None
        try:
            for block in self.program.blocks[:number]:
                if block.number in self.executed:
                    continue
                if not block.control.skip:
                    if self._folder is None or block.control.fresh:
                        _leave(entered, last=True)
                        entered = None
                        self._start()
                    if entered is None:
                        entered = self._isolation
                        entered.enter()
                self.executed[block.number] = self._run(block)
                if self.after:
                    self.after(block)
        finally:
            _leave(entered, last=self._last in self.executed)

    def run_all(self) -> Iterator[tuple[Block, Execution]]:
        for block in self.program.blocks:
            yield block, self.run_to(block.number)

    def close(self) -> None:
        """Forget the namespace and delete the note's temporary folder."""
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # what its objects say when they end
            self._module.__dict__.clear()  # what it holds open is closed now, not when garbage is collected
        self._module = new_module(self.file)
        if self._folder:
            self._folder.remove()
            self._folder = None

    def _run(self, block: Block) -> Execution:
        if block.control.skip:
            return Execution()
        if self._blocked_by:
            return Execution(self._blocked_by)
        if self.observer:
            source = "\n".join([*(setup.code for setup in block.setups), block.fence.code])
            self.observer.on_source(source.encode("utf-8", "replace"))
        pieces = [(setup.line, setup.code) for setup in block.setups] + [(block.line, block.fence.code)]
        seconds = block.control.timeout or DEFAULT_SECONDS
        before = set(threading.enumerate())
        strangers = before - self._threads - {threading.current_thread()}
        borrowed = self._isolation.borrowed
        with self.observer.watching(self._own()) if self.observer else nullcontext():
            values = self.lab is not NO_LAB
            result = execute(self._module, pieces, self.file, seconds, borrowed, strangers, values=values)
        self._threads |= set(threading.enumerate()) - before
        if block.number == self._last:
            result.left = left_running(self._threads)
        result.figures = self._figures.take()
        if result.error and not is_expected(result.error, block.control):
            self._blocked_by = block.number
        return result

    def _start(self) -> None:
        """A new namespace and a process state of its own, with an empty working folder."""
        if self._folder is None:
            self._folder = Workplace()
            self._figures = FigureFolder(self._folder.figures)
            show_source(self.file, self._pieces(), self._total)
        self._module = new_module(self.file)
        self._blocked_by = 0
        self._isolation = Isolation(
            self._folder.work(),
            {"KVIST_FIGURES": self._folder.figures},
            self.alone.state if self.alone else None,
        )

    def _own(self) -> tuple[str, ...]:
        """The folders that belong to this note alone."""
        folder = self._folder
        return (os.path.dirname(folder.name),) if folder else ()

    def _is_twin(self, other: "Session") -> bool:
        """True for a lab whose other language has just been run: the code is the same, so once is enough."""
        codes = [[(b.fence.code, b.control) for b in s.program.blocks] for s in (self, other)]
        pair = self.path != other.path and canonical(self.path) == canonical(other.path)
        return self.lab is not NO_LAB and pair and self.vault == other.vault and codes[0] == codes[1]

    def figure(self, name: str) -> bytes | None:
        """The figure as the note shows it now: a lab's in its own outputs, others among the attachments."""
        if self.lab is not NO_LAB:
            return self.lab.figures.get(name)
        try:
            return (self.attachments / name).read_bytes()
        except OSError:
            return None

    def _pieces(self) -> list[tuple[int, str]]:
        blocks = self.program.blocks
        hidden = [(setup.line, setup.code) for block in blocks for setup in block.setups]
        return hidden + [(block.line, block.fence.code) for block in blocks]


def left_running(threads: set[threading.Thread]) -> list[str]:
    """Names of a note's threads that do not end by themselves in half a second; a library's may stay."""
    own = [t for t in threads if not t.daemon or MODULE in (type(t).__module__, _target_module(t))]
    for thread in own:
        thread.join(0.5 / len(own))
    return sorted(thread.name for thread in own if thread.is_alive())


def _target_module(thread: threading.Thread) -> str:
    return str(getattr(getattr(thread, "_target", None), "__module__", ""))


def _leave(entered: Isolation | None, *, last: bool) -> None:
    if entered is not None:
        entered.leave(last=last)


def is_expected(error: BaseException, control: Control) -> bool:
    """True if the error is of the class that the block is to raise (bare or with its module), or of a
    subclass, and says what it is to say.
    """
    classes = type(error).__mro__
    names = {name for c in classes for name in (c.__name__, f"{c.__module__}.{c.__qualname__}")}
    return bool(control.raises) and control.raises in names and control.message in said(error)
