"""The house as README and STYLE promise it: the tree is true, files stay small, names stay out."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).exists()]


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_tree_in_the_readme_names_every_folder(readme: str) -> None:
    tree = re.search(r"```text\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.S)
    assert tree, f"{readme} has no ```text tree"
    named = {line.split()[0].rstrip("/") for line in tree[1].splitlines() if line.strip() and line[0] != " "}
    folders = {p.relative_to(ROOT).parts[0] for p in tracked() if len(p.relative_to(ROOT).parts) > 1}
    assert folders == named


def test_python_files_stay_readable() -> None:
    """No file over 350 lines, half of them at most 110: a reader can hold one in the head."""
    lengths = {
        p.relative_to(ROOT).as_posix(): len(p.read_text(encoding="utf-8").splitlines())
        for p in tracked()
        if p.suffix == ".py" and p.is_relative_to(ROOT / "codebase")
    }
    too_long = {name: n for name, n in lengths.items() if n > 350}
    assert not too_long
    assert sorted(lengths.values())[len(lengths) // 2] <= 110


def test_constraints_pin_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    assert lines
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+]+", line) for line in lines)


def test_no_line_points_at_a_content_delivery_network() -> None:
    hosts = re.compile(r"unpkg\.com|cdn\.jsdelivr|cdnjs\.|fonts\.(googleapis|gstatic)|polyfill\.io")
    kinds = {".py", ".md", ".yml", ".html", ".js", ".css", ".mjs"}
    hits = [
        p.relative_to(ROOT).as_posix()
        for p in tracked()
        if p.suffix in kinds
        and p != Path(__file__)
        and hosts.search(p.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert not hits
