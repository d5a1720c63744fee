"""Guards `vaultkit watch` as a real process: a save is followed by the verdict, Ctrl-C by silence."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

CODE = Path(__file__).resolve().parents[3] / "codebase"
SECONDS = 60  # a bound for a machine under load, not an expectation


class Watcher:
    """The running command and the lines it prints."""

    def __init__(self, root: Path) -> None:
        env = {**os.environ, "PYTHONPATH": f"{root / 'codebase'}{os.pathsep}{CODE}", "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vaultkit.cli", "watch"],
            cwd=root,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line.rstrip())

    def until_rest(self) -> list[str]:
        """Lines up to the one that says that it is watching again."""
        found = [self.lines.get(timeout=SECONDS)]
        while not found[-1].startswith("watching"):
            found.append(self.lines.get(timeout=SECONDS))
        return found[:-1]


@pytest.fixture
def project(make_vault, tmp_path: Path) -> Path:
    package = tmp_path / "codebase" / "kvist"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("VALUE = 1\n")
    make_vault(
        {
            "One.md": "```python\nfrom kvist import VALUE\nassert VALUE == 1\n```\n",
            "Two.md": "```python\nx = 1\n```\n",
        }
    )
    return tmp_path


@pytest.fixture
def watcher(project: Path) -> Iterator[Watcher]:
    watcher = Watcher(project)
    yield watcher
    watcher.process.kill()
    watcher.process.wait()


def test_a_save_is_followed_by_the_verdict_and_ctrl_c_by_nothing(project: Path, watcher: Watcher) -> None:
    first = watcher.until_rest()
    assert [line[:9] for line in first[:2]] == ["ok     On", "ok     Tw"], first
    (project / "codebase/kvist/__init__.py").write_text("VALUE = 2\n")
    shown = watcher.until_rest()
    assert shown[0].startswith("FAILED One.md") and not any("Two.md" in line for line in shown), shown
    assert any("vault/One.md:3: block-error" in line for line in shown), shown
    (project / "vault/One.md").write_text("```python\nfrom kvist import VALUE\nassert VALUE == 2\n```\n")
    assert watcher.until_rest()[0].startswith("ok     One.md")
    watcher.process.send_signal(signal.SIGINT)
    assert watcher.process.wait(SECONDS) == 0
    assert watcher.lines.empty()
