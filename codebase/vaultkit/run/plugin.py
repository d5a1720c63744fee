"""pytest plug-in: `pytest --markdown-docs vault/` runs notes by Kvist's rules.

Load it with `-p vaultkit.run.plugin`. pytest-markdown-docs collects and reports; through its hooks it gets
our scanner as parser and our runner as default. Node ids are `vault/concepts/KV cache.md::block-3`, which
survive lines inserted above.
"""

import shlex
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pytest_markdown_docs._runners import _Runner, register_runner
from pytest_markdown_docs.definitions import FenceTestDefinition
from pytest_markdown_docs.plugin import (
    MarkdownDocstringCodeModule,
    MarkdownInlinePythonItem,
    MarkdownTextFile,
)

from vaultkit import place
from vaultkit.labs.notebook import is_notebook
from vaultkit.run.entry import entry_of
from vaultkit.run.lab_items import LabFile
from vaultkit.run.program import program_of, scan_once
from vaultkit.run.report import failure_text
from vaultkit.run.results import engine_digest, record
from vaultkit.run.session import Session
from vaultkit.run.verdict import Verdict, judge
from vaultkit.vault import is_template


class BlockFailed(Exception):
    """A block failed; the text is the whole report. Never a TypeError, which would be run a second time."""


class _Token(NamedTuple):
    """What pytest-markdown-docs reads of a Markdown token."""

    type: str
    map: tuple[int, int]
    info: str
    content: str


class _Parser:
    """Stands in for markdown-it: gives each block of a note as one fence token in plain Python."""

    def parse(self, text: str) -> list[_Token]:
        blocks = program_of("", scan_once(text)).blocks
        return [_Token("fence", (b.line - 1, b.fence.end_line), "python", b.fence.code) for b in blocks]


class NoteRuns:
    """The sessions of this pytest process, and how many selected blocks each note still has to judge."""

    def __init__(self) -> None:
        self.sessions: dict[Path, Session] = {}
        self.verdicts: dict[Path, dict[int, Verdict]] = {}
        self.waiting: dict[Path, int] = {}
        self.entries: dict[Path, dict[str, dict[str, Any]]] = {}
        self.engine: dict[Path, str] = {}

    def session(self, file: Path) -> Session:
        if file not in self.sessions:
            self.sessions[file] = Session(file)
        return self.sessions[file]

    def judge(self, file: Path, line: int) -> tuple[Session, Verdict]:
        session = self.session(file)
        block = next(block for block in session.program.blocks if block.line == line)
        verdict = judge(session, block)
        self.verdicts.setdefault(file, {})[block.number] = verdict
        return session, verdict

    def done(self, file: Path) -> None:
        """One selected block of the note is over; after the last, keep the result and free the namespace."""
        self.waiting[file] = self.waiting.get(file, 1) - 1
        session = self.sessions.get(file)
        if self.waiting[file] > 0 or session is None:
            return
        verdicts = self.verdicts.get(file, {})
        if len(verdicts) == len(session.program.blocks):
            engine = self.engine.setdefault(session.vault, engine_digest(session.vault))
            entry = entry_of(session, list(verdicts.values()), engine)
            if entry:
                self.entries.setdefault(session.vault, {})[session.path] = entry
        session.close()
        del self.sessions[file]

    def finish(self) -> None:
        for session in self.sessions.values():
            session.close()
        for vault, entries in self.entries.items():
            record(vault, entries)


_runs = NoteRuns()


@register_runner(default=True)
class NoteRunner(_Runner):
    """Judges one block; everything before it in the note has run, or is run now, exactly once."""

    def runtest(self, test: FenceTestDefinition, args: dict[str, Any], **_unused: Any) -> None:
        session, verdict = _runs.judge(Path(test.source_path), test.start_line)
        if verdict.status == "skipped":
            raise pytest.skip.Exception(verdict.reason, _use_item_location=True)
        if verdict.status == "failed":
            again = (
                place.command("pytest")
                + " "
                + shlex.quote(f"{place.shown(session.file)}::block-{verdict.block.number}")
            )
            raise BlockFailed(failure_text(session, verdict, again))

    def repr_failure(
        self, test: FenceTestDefinition, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> str:
        if isinstance(excinfo.value, BlockFailed):
            return str(excinfo.value)
        return str(excinfo.getrepr(style="short"))


@pytest.hookimpl(tryfirst=True)
def pytest_markdown_docs_markdown_it() -> _Parser:
    return _Parser()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, list[Any], list[Any]]:
    """Notes and labs only: no docstrings of Python files, no templates."""
    collectors = yield
    if is_notebook(file_path.name) and parent.config.option.markdowndocs:
        return [*collectors, LabFile.from_parent(parent, path=file_path)]
    kept = [c for c in collectors if not isinstance(c, MarkdownDocstringCodeModule)]
    if file_path.suffix == ".md" and is_template(file_path, place.vault_of(file_path)):
        kept = [c for c in kept if not isinstance(c, MarkdownTextFile)]
    return kept


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """Report what is wrong with a note's fences and control comments; give blocks ids without line
    numbers.
    """
    report = yield
    if not isinstance(collector, MarkdownTextFile):
        return report
    problems = _runs.session(collector.path).program.problems
    if problems:
        text = "\n".join(str(problem) for problem in problems)
        return pytest.CollectReport(collector.nodeid, "failed", text, [])
    items = [item for item in report.result if isinstance(item, MarkdownInlinePythonItem)]
    report.result = [
        MarkdownInlinePythonItem.from_parent(
            collector, name=f"block-{number}", test_definition=item.test_definition
        )
        for number, item in enumerate(items, 1)
    ]
    return report


def pytest_collection_finish(session: pytest.Session) -> None:
    _runs.waiting.clear()
    for item in session.items:
        if isinstance(item, MarkdownInlinePythonItem):
            _runs.waiting[item.path] = _runs.waiting.get(item.path, 0) + 1


def pytest_runtest_teardown(item: pytest.Item) -> None:
    if isinstance(item, MarkdownInlinePythonItem):
        _runs.done(item.path)


def pytest_sessionfinish() -> None:
    _runs.finish()
