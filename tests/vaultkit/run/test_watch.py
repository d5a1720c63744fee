"""Guards `vaultkit watch` as a real process: a save is followed by the verdict, Ctrl-C by silence."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vaultkit.cli import main
from vaultkit.run.watch import is_same, look

CODE = Path(__file__).resolve().parents[3] / "codebase"
SECONDS = 60  # a bound for a machine under load, not an expectation


class Watcher:
    """The running command and the lines it prints."""

    def __init__(self, root: Path, *arguments: str) -> None:
        env = {**os.environ, "PYTHONPATH": f"{root / 'codebase'}{os.pathsep}{CODE}", "PYTHONUNBUFFERED": "1"}
        env["XDG_CACHE_HOME"] = str(root / "cache")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vaultkit.cli", "watch", *arguments],
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

    def until(self, *texts: str) -> list[str]:
        """Lines of the first run from now on that says all of these: a save may be seen twice, and a file
        that is being written is empty for a moment.
        """
        found: list[str] = []
        while not all(text in "\n".join(found) for text in texts):
            found = self.until_rest()
        return found


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
    assert [line[:15] for line in first[:2]] == ["ok     vault/On", "ok     vault/Tw"], first
    (project / "codebase/kvist/__init__.py").write_text("VALUE = 2\n")
    shown = watcher.until("FAILED vault/One.md", "vault/One.md:3: block-error")
    assert shown[0].startswith("FAILED vault/One.md") and not any("Two.md" in line for line in shown), shown
    (project / "vault/One.md").write_text("```python\nfrom kvist import VALUE\nassert VALUE == 2\n```\n")
    watcher.until("ok     vault/One.md")
    watcher.process.send_signal(signal.SIGINT)
    assert watcher.process.wait(SECONDS) == 0
    rest = [watcher.lines.get() for _ in range(watcher.lines.qsize())]
    assert all(line.startswith(("2 notes", "watching")) for line in rest), rest  # a save may be seen twice


def replace(file: Path, text: str) -> None:
    """Save as many editors do: write another file, then put it in the place of the old one."""
    other = file.with_name(f".{file.name}.swap")
    other.write_text(text)
    os.replace(other, file)


@pytest.mark.slow
def test_a_folder_and_an_engine_anywhere(tmp_path: Path) -> None:
    notes, engine = tmp_path / "some notes", tmp_path / "lib" / "motor.py"
    notes.mkdir()
    engine.parent.mkdir()
    engine.write_text("ONE = 1\n")
    (notes / "A.md").write_text("```python\nfrom motor import ONE\nassert ONE == 1\n```\n")
    watcher = Watcher(tmp_path, "some notes", "--engine", "lib")
    try:
        assert watcher.until_rest()[0].startswith("ok     some notes/A.md")
        replace(engine, "ONE = 2\n")
        watcher.until("FAILED some notes/A.md")
        replace(notes / "A.md", "```python\nfrom motor import ONE\nassert ONE == 2\n```\n")
        watcher.until("ok     some notes/A.md")
        watcher.process.terminate()
        assert watcher.process.wait(SECONDS) == 0
        rest = [watcher.lines.get() for _ in range(watcher.lines.qsize())]
        assert all(line.startswith(("ok", "1 notes")) for line in rest), rest  # a save may be seen twice
    finally:
        watcher.process.kill()
        watcher.process.wait()


def test_what_counts_as_a_change() -> None:
    """What notes have used is looked at for the first time after they ran: that alone is no change."""
    seen = {"a.md": (True, 5, 5, 1, 1), "gone.csv": (False,)}
    assert is_same(seen, seen | {"data.csv": (False, 7, 8, 1, 2), "no.csv": (False,)}, 9)
    assert not is_same(seen, seen | {"data.csv": (False, 7, 9, 1, 2)}, 9)  # written since
    assert not is_same(seen, seen | {"b.md": (True, 7, 8, 1, 2)}, 9)  # moved here
    assert not is_same(seen, seen | {"gone.csv": (False, 7, 8, 1, 2)}, 9)
    assert not is_same(seen, {"a.md": (True, 5, 5, 1, 1)}, 9)
    assert not is_same(seen, seen | {"a.md": (True, 5, 5, 1, 3)}, 9)  # another file in its place


def test_what_is_looked_at(make_vault, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_vault({"A.md": "```python\nimport os\nassert not os.path.exists('/no/such.csv')\n```\n"})
    monkeypatch.setenv("XDG_CACHE_HOME", str(root.parent / "cache"))
    first = look(str(root))
    assert main(["run", str(root)]) == 0
    second = look(str(root))
    assert second.keys() > first.keys() and second["/no/such.csv"] == (False,)
    assert is_same(first, second, time.time_ns())
    (root / "A.md").write_text("text")
    assert not is_same(second, look(str(root)), time.time_ns())
