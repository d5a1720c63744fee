"""Guards `vaultkit run` on folders of notes that are not ours: any place, name and engine, no litter."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vaultkit.cli import main
from vaultkit.run.scope import scope_of

CODE = Path(__file__).resolve().parents[3] / "codebase"
GOOD = "text\n\n```python\nfrom motor import turn\nprint(turn(2))\n```\n```output\n4\n```\n"


class Place:
    """A folder of notes, an engine beside it, and a user with a cache folder of their own."""

    def __init__(self, root: Path) -> None:
        self.root, self.notes, self.engine = root, root / "my notes", root / "lib"
        self.notes.mkdir()
        (self.engine / "motor").mkdir(parents=True)
        (self.engine / "motor" / "__init__.py").write_text("def turn(x):\n    return 2 * x\n")

    def write(self, name: str, text: str | bytes) -> Path:
        file = self.notes / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def run(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": str(CODE), "XDG_CACHE_HOME": str(self.root / "cache")}
        command = [sys.executable, "-m", "vaultkit.cli", "run", *arguments]
        return subprocess.run(command, cwd=cwd or self.root, env=env, capture_output=True, text=True)

    def rows(self, *arguments: str, cwd: Path | None = None) -> dict[str, dict[str, Any]]:
        done = self.run("--engine", str(self.engine), "--json", *arguments, cwd=cwd)
        assert done.returncode in (0, 1) and not done.stderr, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == any(not row["ok"] for row in rows)
        return {row["path"]: row for row in rows}

    def files(self) -> set[str]:
        return {str(file.relative_to(self.notes)) for file in self.notes.rglob("*")}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_any_folder(place: Place) -> None:
    place.write("Good.md", GOOD)
    place.write("a/b/嵌套 [x] #1.md", GOOD)
    place.write("plain.MD", "no code\n")
    place.write("wrong.md", GOOD.replace("\n4\n", "\n5\n"))
    place.write("bytes.md", b"\xff\xfe\n```python\n1\n```\n")
    place.write("silent.md", "```ipython\n1\n```\n")
    outside = place.root / "outside.md"
    outside.write_text("```python\n1 / 0\n```\n")
    (place.notes / "link.md").symlink_to(outside)
    (place.notes / "folder").symlink_to(place.root, target_is_directory=True)
    before = place.files()
    rows = place.rows(str(place.notes))
    good = {"Good.md", "a/b/嵌套 [x] #1.md", "plain.MD"}
    assert set(rows) == good | {"wrong.md", "bytes.md", "silent.md"}
    assert {path for path, row in rows.items() if row["ok"]} == good
    assert rows["plain.MD"]["blocks"] == 0 and rows["Good.md"]["passed"] == 1
    (failure,) = rows["wrong.md"]["failures"]
    assert (failure["path"], failure["kind"]) == ("wrong.md", "output-differs") and failure["line"] in (7, 8)
    assert (failure["expected"], failure["actual"]) == (["5"], ["4"])
    assert [f["kind"] for f in rows["bytes.md"]["failures"]] == ["encoding"]
    assert rows["silent.md"]["failures"][0]["line"] == 1
    again = place.rows("my notes")
    assert {path for path, row in again.items() if row["reused"]} == {"Good.md", "a/b/嵌套 [x] #1.md"}
    assert place.files() == before


def test_code_in_a_note_that_had_none_is_run(place: Place) -> None:
    """Though every other verdict holds, so that nothing else has to run."""
    place.write("Good.md", GOOD)
    place.write("New.md", "no code yet\n")
    assert place.rows("my notes")["New.md"]["blocks"] == 0
    place.write("New.md", GOOD.replace("\n4\n", "\n5\n"))
    rows = place.rows("my notes")
    assert rows["Good.md"]["reused"] and not rows["New.md"]["ok"]
    place.write("New.md", "")
    assert place.rows("my notes")["New.md"]["blocks"] == 0
    place.write("New.md", GOOD)
    assert place.rows("my notes")["New.md"]["passed"] == 1


def test_notes_of_a_folder(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = place.write("One.md", GOOD), place.write("in/Two.md", GOOD)

    def meant(*names: str, cwd: Path = place.root) -> list[str]:
        monkeypatch.chdir(cwd)
        return [path for path, _file in scope_of(list(names)).rows]

    for name, path in (
        ("One", "One.md"), ("one.md", "One.md"), (str(one), "One.md"), ("in/Two.md", "in/Two.md"),
        ("in/Two", "in/Two.md"), ("two", "in/Two.md"), (str(two.relative_to(place.root)), "in/Two.md"),
    ):  # fmt: skip
        if name != "one.md" or one.with_name("one.md").exists():
            assert meant("my notes", name) == [path]
    assert meant("../my notes", "Two", "One", cwd=place.engine) == ["in/Two.md", "One.md"]
    assert meant(".", cwd=place.notes) == ["One.md", "in/Two.md"]
    assert list(place.rows("../my notes", "Two", "One", cwd=place.engine)) == ["in/Two.md", "One.md"]


def test_wrong_calls(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place.write("One.md", GOOD)
    monkeypatch.chdir(place.root)
    for arguments in (
        ["nowhere"], ["my notes", "Three"], ["my notes", "--engine", "nowhere"], ["my notes", "--engine"],
        ["my notes", "--colour"], ["my notes", "lib/motor/__init__.py"],
    ):  # fmt: skip
        try:
            code = main(["run", *arguments])
        except SystemExit as ended:  # as argparse ends
            code = ended.code  # type: ignore[assignment]
        said = capsys.readouterr()
        assert (code, said.out) == (2, ""), arguments
        assert said.err and "Traceback" not in said.err


def test_the_engine_is_a_dependency(place: Place) -> None:
    place.write("One.md", GOOD)
    place.write("Two.md", "```python\nx = 1\n```\n")
    assert all(row["ok"] for row in place.rows("my notes").values())
    (place.engine / "motor" / "__init__.py").write_text("def turn(x):\n    return 3 * x\n")
    rows = place.rows("my notes")
    assert not rows["One.md"]["ok"] and rows["Two.md"]["reused"]
    other = place.root / "other"
    (other / "motor").mkdir(parents=True)
    (other / "motor" / "__init__.py").write_text("def turn(x):\n    return 2 * x\n")
    place.engine = other
    assert place.rows("my notes")["One.md"]["ok"]
    place.engine = other / "motor"  # the package itself is understood too
    assert place.rows("my notes")["One.md"]["ok"]


def test_a_copied_or_edited_cache_says_nothing(place: Place) -> None:
    place.write("One.md", GOOD)
    place.rows("my notes")
    (cache,) = place.root.glob("cache/kvist/vaults/*/notes.cache")
    place.write("One.md", GOOD.replace("\n4\n", "\n5\n"))
    assert not place.rows("my notes")["One.md"]["ok"]
    data = cache.read_bytes()
    assert b'{"failed"' in data
    cache.write_bytes(data.replace(b"it failed last time", b""))
    done = place.run("my notes", "--engine", "lib")
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "ignored" in done.stderr
    copy = Place(place.root / "second") if (place.root / "second").mkdir() is None else place
    copy.write("One.md", GOOD.replace("\n4\n", "\n5\n"))
    copy.run("my notes")
    (other,) = copy.root.glob("cache/kvist/vaults/*/notes.cache")
    other.write_bytes(data)
    done = copy.run("my notes", "--engine", "lib")
    assert (done.returncode == 1 and "another" in done.stderr) or "vault" in done.stderr


def test_where_nothing_can_be_written(place: Place) -> None:
    place.write("One.md", GOOD)
    blocked = place.root / "cache"
    blocked.write_text("a file where the folder would be")
    for folder in (place.notes, place.engine):
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    done = place.run("my notes", "--engine", "lib")
    for folder in (place.notes, place.engine):
        folder.chmod(0o755)
    assert done.returncode == 0 and "1/1 blocks" in done.stdout
    assert done.stderr.startswith("nothing is remembered: ") and done.stderr.count("\n") == 1


@pytest.mark.slow
def test_two_runs_at_once(place: Place) -> None:
    for n in range(12):
        place.write(f"N{n}.md", GOOD)
    env = {**os.environ, "PYTHONPATH": str(CODE), "XDG_CACHE_HOME": str(place.root / "cache")}
    command = [sys.executable, "-m", "vaultkit.cli", "run", "--engine", str(place.engine), "my notes"]
    halves = [[f"N{n}" for n in range(start, 12, 2)] for start in (0, 1)]
    quiet = {"cwd": place.root, "env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    started = [subprocess.Popen([*command, *half], **quiet) for half in halves]  # type: ignore[call-overload]
    assert [process.communicate()[1] for process in started] == [b"", b""]
    assert [process.returncode for process in started] == [0, 0]
    assert all(row["reused"] for row in place.rows("my notes").values())
