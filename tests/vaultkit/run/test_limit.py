"""Guards the limits on a block that Python cannot stop, and against a block that ends the run quietly."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from vaultkit.run import limit
from vaultkit.run.execute import execute, new_module
from vaultkit.run.limit import ProcessEnd, TimeLimit, time_limit


def test_a_block_cannot_end_the_run() -> None:
    with pytest.raises(ProcessEnd, match=r"os._exit\(0\)"), time_limit(5):
        os._exit(0)
    assert os._exit.__name__ == "_exit"


def test_a_forked_child_may_end_itself() -> None:
    with time_limit(5):
        child = os.fork()
        if not child:
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_python_code_is_stopped() -> None:
    with pytest.raises(TimeLimit, match="longer than"), time_limit(0.05):
        while True:
            pass


def test_an_alarm_that_is_not_heard_rings_again() -> None:
    """As when the signal comes in a moment in which Python does not look for it."""
    expired, rings = time_limit._expired, []

    def deaf(self: time_limit, *signal: Any) -> None:
        rings.append(signal)
        if len(rings) > 1:
            expired(self, *signal)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time_limit, "_expired", deaf)
        with pytest.raises(TimeLimit, match="longer than"), time_limit(0.05):
            while True:
                pass
    assert len(rings) == 2


def test_an_alarm_that_rings_at_once_leaves_nothing_behind(armed: list[float]) -> None:
    before = os._exit, signal.getsignal(signal.SIGALRM)
    with pytest.raises(TimeLimit), time_limit(1e-6):
        while True:
            pass
    assert (os._exit, signal.getsignal(signal.SIGALRM)) == before and armed[-1] == 0


def run(folder: Path, code: str, seconds: float) -> subprocess.CompletedProcess[str]:
    (folder / "N.md").write_text(f"<!-- run: timeout {seconds} -->\n```python\n{code}\n```\n")
    code = "import sys; from vaultkit.cli import main; from vaultkit.run import limit; "
    code += f"limit.GRACE, limit.SLACK = (1.0, 0.3), 0.0; sys.exit(main(['run', {str(folder)!r}]))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(("code", "seconds"), [("sum(iter(int, 1))", 0.2), ("import os; os.abort()", 60)])
def test_what_python_cannot_stop_ends_with_the_line_and_no_success(
    tmp_path: Path, code: str, seconds: float
) -> None:
    done = run(tmp_path, textwrap.dedent(code), seconds)
    assert done.returncode != 0 and 'N.md", line 3' in done.stderr


@pytest.fixture
def armed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds after which the process was to be ended, 0 for each end of watching."""
    said: list[float] = []
    monkeypatch.setattr(limit.faulthandler, "dump_traceback_later", lambda after, **rest: said.append(after))
    monkeypatch.setattr(limit.faulthandler, "cancel_dump_traceback_later", lambda: said.append(0))
    return said


def test_blocks_share_a_watching_thread_while_its_time_is_right(armed: list[float]) -> None:
    with limit.watched():
        for seconds in (60, 60, 60, 10, 10, 60):
            with time_limit(seconds):
                pass
        assert [round(after) for after in armed] == [100, 25, 100]
    assert armed[-1] == 0
    for _ in range(2):
        with time_limit(10):
            pass
    assert [round(after) for after in armed[4:]] == [25, 0, 25, 0]


def test_a_block_is_watched_after_one_that_stopped_the_watching(armed: list[float], tmp_path: Path) -> None:
    note = tmp_path / "N.md"
    code = "import faulthandler\nfaulthandler.cancel_dump_traceback_later()"
    with limit.watched():
        for piece in (code, "pass", "pass"):
            assert execute(new_module(note), [(1, piece)], note, 10).error is None
    assert [round(after) for after in armed] == [25, 0, 0, 25, 0]


def test_nobody_is_watched_while_a_reader_is_waited_for(armed: list[float], monkeypatch) -> None:
    read, write = os.pipe()
    with os.fdopen(write, "wb", buffering=0) as stdout, os.fdopen(read, "rb", buffering=0) as reader:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert limit.takes_output()
        os.set_blocking(write, False)
        while stdout.write(bytes(4096)) == 4096:
            pass
        assert not limit.takes_output()
        reader.read(1 << 20)
        assert limit.takes_output()
    monkeypatch.setattr(sys, "stdout", None)
    assert not limit.takes_output()


def test_grace_is_long_enough_for_what_python_can_stop() -> None:
    factor, more = limit.GRACE
    assert factor >= 1 and more >= 5
