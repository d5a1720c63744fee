"""The build as a command: nothing changed is nothing done; a problem stops it and leaves the site alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vaultkit.cli import main
from vaultkit.errors import Problem
from vaultkit.site.build import build, is_complete
from vaultkit.site.fingerprint import fingerprint
from vaultkit.site.outputs.place import is_published
from vaultkit.site.paths import Layout, find_root
from vaultkit.site.publish import publish
from vaultkit.site.stage import stage_all
from vaultkit.site.state import State, passed, stops


def test_a_second_build_does_nothing(sample: object) -> None:
    layout: Layout = sample.layout  # type: ignore[attr-defined]
    before = {file: file.stat().st_mtime_ns for file in layout.site.rglob("*") if file.is_file()}
    report = build(layout)
    assert report.ok and not report.built
    assert before == {file: file.stat().st_mtime_ns for file in layout.site.rglob("*") if file.is_file()}


def test_a_site_without_its_search_index_is_not_up_to_date(sample: object, tmp_path: Path) -> None:
    layout: Layout = sample.layout  # type: ignore[attr-defined]
    assert is_complete(layout)
    file = layout.site / "zh" / "search" / "index.bin"
    file.rename(tmp_path / "away.bin")
    try:
        assert not is_complete(layout)
    finally:
        (tmp_path / "away.bin").rename(file)


def test_a_problem_stops_the_build_with_path_and_line(
    project: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    project.site.mkdir()
    (project.site / "index.html").write_text("the last good one")
    note = project.vault / "concepts" / "Attention.md"
    note.write_text(note.read_text("utf-8").replace("[[KV cache]]", "[[Nowhere]]"), "utf-8")
    assert main(["build", "--root", str(project.root)]) == 1
    assert "vault/concepts/Attention.md:12: unresolved-link" in capsys.readouterr().err
    assert (project.site / "index.html").read_text() == "the last good one"


def test_a_folder_without_a_site_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["build", "--root", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("[site] need a folder with mkdocs.yml and vault/")


def test_without_katex_one_clear_line(project: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    project.math.unlink()
    (project.root / "node_modules").unlink()
    assert main(["build", "--root", str(project.root)]) == 1
    assert "make setup" in capsys.readouterr().err


def test_everything_a_page_depends_on_is_in_the_key(project: Layout) -> None:
    seen = {fingerprint(project)}
    changes = ["vault/concepts/New.md", "vault/attachments/x.svg", "mkdocs.yml", "codebase/kvist/x.py",
               "kernels/x.metal", ".cache/kvist/results.json"]  # fmt: skip
    for number, path in enumerate(changes, 2):
        (project.root / path).parent.mkdir(parents=True, exist_ok=True)
        (project.root / path).write_text("changed")
        seen.add(fingerprint(project))
        assert len(seen) == number, path
    (project.vault / "concepts" / "New.md").unlink()
    assert fingerprint(project) not in seen
    window_state = project.vault / ".obsidian" / "workspace.json"
    window_state.parent.mkdir(exist_ok=True)
    before = fingerprint(project)
    window_state.write_text("{}")
    assert fingerprint(project) == before


def test_publish_writes_what_differs_and_removes_what_is_gone(tmp_path: Path) -> None:
    source, target = tmp_path / "new", tmp_path / "site"
    for path, text in {"a/index.html": "a", "b.css": "b"}.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    for path, text in {
        "a/index.html": "old",
        "b.css": "b",
        "gone/x.html": "x",
        "zh/index.html": "kept",
    }.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text)
    assert set(publish(source, target, keep=("zh",))) == {"a/index.html", "gone/x.html"}
    assert sorted(f.relative_to(target).as_posix() for f in target.rglob("*")) == [
        "a", "a/index.html", "b.css", "zh", "zh/index.html",
    ]  # fmt: skip


def test_a_draft_may_lack_form_but_not_lead_astray() -> None:
    form = Problem("a.md", 1, "skeleton", "lacks a heading")
    link = Problem("a.md", 1, "unresolved-link", "leads nowhere")
    advice = Problem("a.md", 1, "unresolved-link", "mild", severity="warning")
    assert [stops(form, mode) for mode in ("strict", "draft", "lenient")] == [True, False, False]
    assert [stops(link, mode) for mode in ("strict", "draft", "lenient")] == [True, True, False]
    assert not stops(advice, "strict")
    assert (passed([], []), passed([form], []), passed([link], []), passed([], ["x"])) == (
        "strict", "draft", "lenient", "lenient",
    )  # fmt: skip
    assert State("k", "draft").satisfies("k", "lenient") and not State("k", "draft").satisfies("k", "strict")


def test_an_address_is_one_that_others_can_open() -> None:
    assert is_published("https://kvist.example/a/")
    assert not any(is_published(own) for own in ("", "http://127.0.0.1:8000/", "http://localhost/", "/a/"))


def test_a_vault_needs_a_front_page(project: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    (project.vault / "Home.md").unlink()
    (project.vault / "Home.zh.md").unlink()
    assert main(["build", "--root", str(project.root)]) == 1
    assert "vault/Home.md: no-home" in capsys.readouterr().err


def test_the_root_is_found_from_below(project: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.vault / "concepts")
    assert find_root() == project.root


@pytest.mark.slow
def test_a_page_that_shows_code_the_runner_does_not_know_stops_the_build(project: Layout) -> None:
    stage_all(project, ("en",))
    file = project.stage("en") / "concepts" / "attention.md"
    file.write_text(file.read_text("utf-8") + "\n```python\nunknown\n```\n", "utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(project.config("en"))]
    command += ["-d", str(project.html("en"))]
    done = subprocess.run(
        command, cwd=project.root, env=os.environ | {"KVIST_STAGED": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "concepts/attention.md: census: the page shows" in done.stderr
