"""Guards that pytest's own options work on notes: selection, order, workers, reports, verdicts."""

import json
import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # processes of pytest

CODE = Path(__file__).resolve().parents[3] / "codebase"


def block(code: str, output: str = "") -> str:
    return f"```python\n{code}\n```\n" + (f"```output\n{output}\n```\n" if output else "") + "\n"


def note(*, wrong: bool = False) -> str:
    last = block("print(x)", "2" if wrong else "1")
    return "# Title\n\n" + block("from eng import ONE\nx = ONE") + block("assert x == 1") + last


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.vault = root / "vault"
        (self.vault / ".obsidian").mkdir(parents=True)
        (root / "code").mkdir()
        (root / "code" / "eng.py").write_text("ONE = 1\n")
        (root / "pyproject.toml").write_text(
            '[tool.pytest.ini_options]\naddopts = "--markdown-docs -p vaultkit.run.plugin"\n'
        )
        self.env = {**os.environ, "PYTHONPATH": f"{CODE}{os.pathsep}{root / 'code'}"}

    def write(self, name: str, text: str) -> None:
        (self.vault / f"{name}.md").write_text(text)

    def pytest(self, *options: str) -> str:
        command = [sys.executable, "-m", "pytest", "-p", "no:randomly", *options]
        return subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True).stdout

    def reused(self) -> dict[str, bool]:
        command = [sys.executable, "-m", "vaultkit.cli", "run", "--json"]
        done = subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return {row["path"]: row["reused"] for row in rows}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    for name, wrong in (("A", False), ("B", True), ("C", False)):
        project.write(name, note(wrong=wrong))
    return project


def passed(out: str) -> set[str]:
    return set(re.findall(r"vault/(\w\.md::block-\d) PASSED", out))


def test_selection_order_and_reports(project: Project) -> None:
    out = project.pytest("-v", "--junitxml=report.xml", "--durations=2", "--durations-min=0", "vault")
    assert "1 failed, 8 passed" in out and "slowest 2 durations" in out
    assert len(passed(out)) == 8 and "vault/B.md::block-3 FAILED" in out
    assert "s call     vault/" in out
    cases = Xml.parse(project.root / "report.xml").getroot().iter("testcase")
    assert {case.get("name") for case in cases if case.find("failure") is not None} == {"block-3"}

    project.write("B", "inserted\n\nlines\n\n" + note(wrong=True))
    out = project.pytest("-v", "--lf", "vault")
    assert "1 failed" in out and "passed" not in out, "the node id survives inserted lines"
    out = project.pytest("-v", "--ff", "vault")
    assert out.index("B.md::block-3 FAILED") < out.index("A.md::block-1 PASSED") and "8 passed" in out
    out = project.pytest("-v", "-x", "vault/B.md", "vault/C.md")
    assert "1 failed, 2 passed" in out and "C.md" not in out.split("short test summary")[0].split("B.md")[-1]
    assert passed(project.pytest("-v", "-k", "C.md and block-2", "vault")) == {"C.md::block-2"}


@pytest.mark.parametrize("dist", ["load", "loadfile"])
def test_workers(project: Project, dist: str) -> None:
    out = project.pytest("-v", "-n", "2", "--dist", dist, "vault")
    assert "1 failed, 8 passed" in out, out


def test_what_pytest_has_seen_pass_is_known_to_the_quick_runner(project: Project) -> None:
    out = project.pytest("vault")
    assert "1 failed, 8 passed" in out
    badges = json.loads((project.root / ".cache" / "kvist" / "results.json").read_text())
    assert {path: (e["passed"], e["blocks"]) for path, e in badges.items()} == {
        "A.md": (3, 3), "B.md": (2, 3), "C.md": (3, 3)
    }  # fmt: skip
    assert project.reused() == {"A.md": True, "B.md": False, "C.md": True}
    (project.root / "code" / "eng.py").write_text("ONE = 1.0\n")
    assert project.reused() == {"A.md": False, "B.md": False, "C.md": False}
    assert "3 failed, 6 passed" in project.pytest("vault"), "pytest runs what it is asked to run"
    project.write("A", note().replace("print(x)", "print(int(x))"))
    assert "1 passed, 2 deselected" in project.pytest("-k", "block-3", "vault/A.md")
    assert project.reused()["A.md"] is False, "a part of a note says nothing of the whole"


def test_a_folder_without_settings(tmp_path: Path) -> None:
    """The command that is printed must work; a folder linked to what holds it is not entered for ever."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "A b.md").write_text(block("assert 1") + block("assert 0"))
    (notes / "Js.md").write_text("```js\n1\n```\n```output\n1\n```\n")
    (notes / "round").symlink_to(notes)
    env = {**os.environ, "PYTHONPATH": str(CODE)}

    def pytest_run(*options: str) -> str:
        command = [sys.executable, "-m", "pytest", "-p", "no:randomly", *options]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True).stdout

    out = pytest_run("-p", "vaultkit.run.plugin", "--markdown-docs", "notes")
    assert "1 failed, 1 passed" in out and "round" not in out, out
    program, *words = shlex.split(out.split("run again: ")[1].splitlines()[0])
    assert program.endswith("pytest")
    assert "1 failed in" in pytest_run(*words)
