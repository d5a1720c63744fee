"""Labs under pytest: one test for each language, the code run once for both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vaultkit.pairs import canonical, is_zh, translated
from vaultkit.run.entry import entry_of
from vaultkit.run.report import failures_text
from vaultkit.run.results import record
from vaultkit.run.session import Session
from vaultkit.run.verdict import again as again_with
from vaultkit.run.verdict import judge
from vaultkit.terminal import problem_here


class LabFailed(Exception):
    """A lab failed; the text is the whole report."""


class LabFile(pytest.File):
    """A notebook; the English one brings its translation with it, which has no tests of its own then."""

    def collect(self) -> Iterator["LabItem"]:
        if is_zh(str(self.path)) and Path(canonical(str(self.path))).is_file():
            return
        other = Path(translated(str(self.path)))
        for file in dict.fromkeys((self.path, other if other.is_file() else self.path)):
            name = "zh" if is_zh(str(file)) else "en"
            item = LabItem.from_parent(self, name=name, file=file)
            item.add_marker(pytest.mark.slow)
            yield item


class LabItem(pytest.Item):
    """All cells of a notebook."""

    last: Session | None = None

    def __init__(self, *, file: Path, **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type]
        self.file = file

    def runtest(self) -> None:
        session = Session(self.file, twin=LabItem.last)
        LabItem.last = None if session.shares else session
        again = again_with(session, "run")
        try:
            texts = [str(problem_here(session.vault, problem)) for problem in session.program.problems]
            verdicts = [judge(session, block) for block in session.program.blocks] if not texts else []
            texts += failures_text(session, verdicts, again)
            entry = None if texts else entry_of(session, verdicts)
        finally:
            session.close()
        record(session.vault, {session.path: entry} if entry else {})
        if texts:
            raise LabFailed("\n".join(texts))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        if isinstance(excinfo.value, LabFailed):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.file, None, f"lab {self.name}"
