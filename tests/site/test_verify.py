"""Running what has no badge: the right notes, once for each state, failures by page, and in a real server."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vaultkit.run.data import data_of
from vaultkit.run.results import load_results, record, results_file
from vaultkit.run.session import Session
from vaultkit.site import verify
from vaultkit.site.paths import Layout
from vaultkit.site.results import Results
from vaultkit.site.verify import Runs, Verifier, unverified
from vaultkit.site.wrong import Wrong, url_of

GOOD = "# Good\n\n```python\nprint(1 + 1)\n```\n```output\n2\n```\n"
BAD = "# Bad\n\n```python\nassert 1 == 2\n```\n"
READS = "# Reads\n\n```python\nprint(open({path!r}).read())\n```\n```output\n7\n```\n"
LAB = {"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": [],
       "source": "x = 1"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}  # fmt: skip


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    root = tmp_path / "vault"
    (root / ".obsidian").mkdir(parents=True)
    (tmp_path / "codebase" / "kvist").mkdir(parents=True)
    (tmp_path / "pyproject.toml").touch()
    for name, text in (("Good.md", GOOD), ("Bad.md", BAD), ("Prose.md", "# Prose\n")):
        (root / name).write_text(text, encoding="utf-8")
    return root


class Told:
    """A verifier, what it said, the failures it told last by address, and what it told as running."""

    def __init__(self, root: Path) -> None:
        self.said: list[str] = []
        self.failures: dict[str, list[Wrong]] = {}
        self.running: list[list[str]] = [[]]
        self.verifier = Verifier(root, self.said.append, self.hear)

    def hear(self, runs: Runs) -> None:
        self.failures = {}
        for failure in runs[0]:
            self.failures.setdefault(failure.urls[0], []).append(failure)
        if runs[1] != self.running[-1]:
            self.running.append(runs[1])

    def settle(self) -> list[str]:
        self.said.clear()
        self.verifier.settle()
        return self.said


def test_each_state_is_run_once(vault: Path) -> None:
    assert unverified(vault) == ["Bad.md", "Good.md"]
    told = Told(vault)
    told.settle()
    assert (
        told.said[0] == "running 2 notes for their badges ..." and told.said[-1] == "1 notes verified, 1 not"
    )
    assert "Bad.md:4: block-error" in told.failures["bad/"][0].text and list(told.failures) == ["bad/"]
    assert unverified(vault) == ["Bad.md"] and told.settle() == []

    (vault / "Bad.md").write_text(BAD.replace("2", "1"), encoding="utf-8")
    assert told.settle()[-1] == "1 notes verified" and told.failures == {} and unverified(vault) == []
    (vault / "Good.md").write_text(GOOD.replace("1 + 1", "0 + 2"), encoding="utf-8")
    assert unverified(vault) == ["Good.md"]


def test_pages_wait_for_a_verdict_from_the_edit_to_the_badge(vault: Path) -> None:
    told = Told(vault)
    told.settle()
    good, bad = ["good/", "zh/good/"], ["bad/", "zh/bad/"]
    assert told.running[1:] == [sorted([*bad, *good]), good]  # its badge comes with the next build
    assert told.verifier.expect([])[1] == []
    (vault / "Bad.md").write_text(BAD.replace("2", "1"), encoding="utf-8")
    failures, running = told.verifier.expect(
        ["Bad.md"]
    )  # the page is there, nobody has looked what is to run
    assert running == bad and [failure.note for failure in failures] == ["vault/Bad.md"]
    told.settle()
    assert told.verifier.expect([]) == ([], [])


def test_a_fault_in_the_engine_is_told_with_its_line(vault: Path) -> None:
    engine = vault.parent / "codebase" / "kvist" / "ops.py"
    engine.write_text("def f():\n    return 1 / 0\n")
    code = f"import sys\nsys.path.insert(0, {str(engine.parent)!r})\nfrom ops import f\nf()"
    (vault / "Bad.md").write_text(f"# Bad\n\n```python\n{code}\n```\n", encoding="utf-8")
    told = Told(vault)
    said = told.settle()
    at = said.index("vault/Bad.md:7: block-error ZeroDivisionError: division by zero")
    assert said[at + 1] == "    codebase/kvist/ops.py:2, in f: return 1 / 0"
    assert told.failures["bad/"][0].rows == ("codebase/kvist/ops.py:2, in f: return 1 / 0",)


def test_engine_and_data_take_the_badge_away_and_a_run_brings_it_back(vault: Path) -> None:
    data = vault / "attachments" / "seven.txt"
    data.parent.mkdir()
    data.write_text("7")
    (vault / "Reads.md").write_text(READS.format(path=str(data)))
    (vault / "Bad.md").unlink()
    told = Told(vault)
    told.settle()
    assert unverified(vault) == [] and Results(vault).verdict("Reads.md")
    data.write_text("8")
    assert unverified(vault) == ["Reads.md"]
    told.settle()
    assert told.failures["reads/"][0].kind == "output-differs"
    data.write_text("7")
    told.settle()
    assert unverified(vault) == [] and told.failures == {}
    (vault.parent / "codebase" / "kvist" / "op.py").write_text("x = 1\n")
    assert unverified(vault) == ["Good.md", "Reads.md"]
    told.settle()
    assert unverified(vault) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="who opens files is told on Linux only")
def test_a_page_that_is_open_while_its_note_runs_is_no_part_of_its_badge(vault: Path) -> None:
    page = vault.parent / "site" / "opens" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("no badge")
    (vault.parent / "mkdocs.yml").touch()
    reads = f"import ctypes\nassert ctypes.CDLL(None).open({str(page)!r}.encode(), 0) > 0"
    (vault / "Good.md").write_text(f"# Opens\n\n```python\n{reads}\n```\n")
    (vault / "Bad.md").unlink()
    assert Told(vault).settle()[-1] == "1 notes verified" and unverified(vault) == []
    page.write_text("a badge")  # the next build brings it
    assert unverified(vault) == []


def test_what_changes_beside_the_vault_while_its_note_runs_is_run_once_more(
    vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = vault.parent / "seven.txt"
    data.write_text("7")
    (vault / "Good.md").write_text(READS.format(path=str(data)))
    (vault / "Bad.md").unlink()
    told = Told(vault)

    class Run(subprocess.Popen):
        def communicate(self, *args: object, **options: object) -> tuple[str, str]:
            said = super().communicate(*args, **options)
            data.write_text("8")
            return said

    monkeypatch.setattr(verify.subprocess, "Popen", Run)
    said = told.settle()
    assert sum(line.startswith("running") for line in said) == 2 and "1 notes verified" in said
    assert told.failures["good/"][0].kind == "output-differs" and told.settle() == []


def test_it_is_said_where_no_badge_can_be_kept(vault: Path) -> None:
    (vault.parent / ".cache").write_text("no folder")
    told = Told(vault)
    said = told.settle()
    assert any(line.startswith("nothing is remembered: ") for line in said) and told.settle() == []
    assert list(told.failures) == ["bad/"]


def test_a_result_that_nobody_watched_depends_on_all_files_of_the_vault(vault: Path) -> None:
    (vault / "Bad.md").unlink()
    command = [sys.executable, "-m", "pytest", "-q", "--markdown-docs", "-p", "vaultkit.run.plugin"]
    subprocess.run([*command, str(vault)], cwd=vault.parent, check=True, capture_output=True)
    entry = load_results(vault)["Good.md"]
    assert Results(vault).verdict("Good.md")
    unwatched = data_of(Session(vault / "Good.md", vault), None)
    assert "files" in unwatched
    record(vault, {"Good.md": {**entry, **unwatched}})
    assert Results(vault).verdict("Good.md")
    (vault / "any.csv").write_text("1")
    assert Results(vault).verdict("Good.md") is None


def test_labs_come_last_and_pairs_together(vault: Path) -> None:
    (vault / "L.ipynb").write_text(json.dumps(LAB))
    (vault / "L.zh.ipynb").write_text(json.dumps(LAB))
    verifier = Told(vault).verifier
    assert set(verifier._batch()) == {"Good.md", "Bad.md"}
    (vault / "Good.md").unlink()
    (vault / "Bad.md").unlink()
    assert verifier._batch() == ["L.ipynb", "L.zh.ipynb"]


def test_a_run_that_gives_way_is_no_failure(vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(vault)

    class Run:
        """A run that ends as the runner does when it is told to: with a code, and without a word."""

        returncode = 143

        def __init__(self, *_: object, **__: object) -> None: ...

        def terminate(self) -> None: ...

        def communicate(self) -> tuple[str, str]:
            told.verifier.stop()
            return "", ""

    monkeypatch.setattr(verify.subprocess, "Popen", Run)
    assert told.settle() == ["running 2 notes for their badges ..."] and told.failures == {}


@pytest.mark.parametrize(
    ("path", "url"),
    [("Home.md", ""), ("Home.zh.md", "zh/"), ("a/KV cache.zh.md", "zh/a/kv-cache/"), ("a/L.ipynb", "a/l/")],
)
def test_pages_of_notes(path: str, url: str) -> None:
    assert url_of(path) == url


@pytest.fixture
def served(project: Layout) -> Iterator[tuple[Layout, str]]:
    """A real server that runs notes, on a copy of the sample vault with one quick note."""
    (project.root / "codebase" / "kvist").mkdir()
    (project.vault / "concepts" / "Good.md").write_text(GOOD, "utf-8")
    command = [
        sys.executable,
        "-m",
        "vaultkit.cli",
        "serve",
        "--run",
        "--port",
        "0",
        "--root",
        str(project.root),
    ]
    child = subprocess.Popen(
        command,
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert child.stdout
    lines = []
    for line in child.stdout:
        lines.append(line)
        if found := re.search(r"serving (http://\S+/)", line):
            break
    else:
        pytest.fail("".join(lines))
    try:
        yield project, found[1]
    finally:
        os.killpg(child.pid, signal.SIGINT)
        child.wait(120)


@pytest.mark.slow
def test_an_edit_brings_the_badge_back_or_the_failing_line(served: tuple[Layout, str]) -> None:
    project, base = served
    note = project.vault / "concepts" / "Good.md"
    assert note.is_file() and results_file(project.vault)

    def page() -> str:
        return urllib.request.urlopen(f"{base}concepts/good/", timeout=60).read().decode()

    with urllib.request.urlopen(f"{base}__kvist/events", timeout=240) as events:

        def wait(until: Callable[[dict], bool]) -> dict:
            end = time.monotonic() + 240
            while time.monotonic() < end:
                line = events.readline().decode()
                if line.startswith("data: ") and until(message := json.loads(line[6:])):
                    return message
            raise AssertionError("nothing was told")

        def badge(message: dict) -> bool:
            return "changed" in message and "k-pill-verified" in page()

        def own(failure: dict) -> bool:
            return failure["urls"] == ["concepts/good/", "zh/concepts/good/"]

        if "k-pill-verified" not in page():
            wait(badge)
        note.write_text(GOOD.replace("1 + 1", "2 + 3"), "utf-8")
        told = wait(lambda message: any(map(own, message.get("failures", []))))
        (failure,) = filter(own, told["failures"])
        assert "Good.md:7: output-differs" in failure["text"] and failure["rows"] == ["-2", "+5"]
        if "k-pill-verified" in page():  # the page of before the edit: its build is still to come
            wait(lambda message: "k-pill-verified" not in page())
        note.write_text(GOOD.replace("1 + 1", "3 - 1"), "utf-8")
        wait(badge)
