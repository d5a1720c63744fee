"""Notes under pytest: a collector for a note, and an item for each of its blocks, without fixtures."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vaultkit import place
from vaultkit.run.noteruns import NoteRuns
from vaultkit.run.program import Block
from vaultkit.run.report import failures_text
from vaultkit.terminal import lines_here

runs = NoteRuns()


def _loading(config: pytest.Config) -> list[str]:
    """The options that made pytest run notes, if given with the call: settings need no repeating."""
    given = [str(word) for word in config.invocation_params.args]
    plugin = next((w for w in given if w.removeprefix("-p") == "vaultkit.run.plugin"), "")
    return [
        *(["-p vaultkit.run.plugin"] if plugin else []),
        *[w for w in given if w == "--markdown-docs"][:1],
    ]


class BlockFailed(Exception):
    """A block failed; the text is the whole report."""


class NoteFile(pytest.File):
    """A note; what is wrong with its fences and control comments is an error of its collection."""

    def collect(self) -> Iterator["BlockItem"]:
        program = runs.session(self.path).program
        if program.problems and not program.silent:
            raise self.CollectError(lines_here(runs.session(self.path).vault, program.problems))
        if not program.blocks:
            runs.over(self.path)
        for block in program.blocks:
            # Ids without line numbers survive lines inserted above.
            yield BlockItem.from_parent(self, name=f"block-{block.number}", block=block)


class BlockItem(pytest.Item):
    """One block; everything before it in the note has run, or is run now, exactly once."""

    def __init__(self, *, block: Block, **rest: Any) -> None:
        super().__init__(**rest)
        self.number = block.number
        self.line = block.line
        self.last = 0
        self.seconds: float | None = None

    def runtest(self) -> None:
        session, verdict = runs.judge(self.path, self.number, self.last)
        self.seconds = session.executed[self.number].seconds
        if verdict.status == "skipped":
            raise pytest.skip.Exception(verdict.reason, _use_item_location=True)
        if verdict.status == "failed":
            block = f"{place.shown(session.file)}::block-{self.number}"
            words = (place.command("pytest"), *_loading(self.config), shlex.quote(block))
            again = " ".join(words)
            raise BlockFailed(failures_text(session, [verdict], again)[0])

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        if isinstance(excinfo.value, BlockFailed):
            return str(excinfo.value)
        return str(excinfo.getrepr(style="short"))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line - 1, self.name  # pytest counts lines from 0
