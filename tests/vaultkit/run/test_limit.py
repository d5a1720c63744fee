"""Guards the limits on a block that Python cannot stop, and against a block that ends the run quietly."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from vaultkit.run import limit
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


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    (folder / "N.md").write_text(f"<!-- run: timeout 0.2 -->\n```python\n{code}\n```\n")
    code = "import sys; from vaultkit.cli import main; from vaultkit.run import limit; "
    code += f"limit.GRACE, limit.SLACK = (1.0, 0.3), 0.0; sys.exit(main(['run', {str(folder)!r}]))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("code", ["sum(iter(int, 1))", "import os; os.abort()"])
def test_what_python_cannot_stop_ends_with_the_line_and_no_success(tmp_path: Path, code: str) -> None:
    done = run(tmp_path, textwrap.dedent(code))
    assert done.returncode != 0 and 'N.md", line 3' in done.stderr


def test_grace_is_long_enough_for_what_python_can_stop() -> None:
    factor, more = limit.GRACE
    assert factor >= 1 and more >= 5
