"""Guards `vaultkit check` against the build: what stops one is said by the other, and no more elsewhere."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from vaultkit.cli import main
from vaultkit.site.paths import Layout
from vaultkit.site.refused import refused
from vaultkit.site.refused.tex import fault
from vaultkit.site.stage import stage_all
from vaultkit.vault import Vault

TYPES = '{"types": {"kind": "text", "mastery": "text", "prerequisites": "multitext"}}'
CANVAS = '{"id":"1","type":"text","text":"$\\\\frac{2$","x":0,"y":0,"width":9,"height":9}'
PLANTED = {
    "A.md": '---\nprerequisites: ["[[T]]"]\n---\n# A\n\n$\\frac{1$ and ![x](https://example.org/a.png)\n\n'
    "[[T]] [[B#Only here]]\n\n> [!note] t\n> $$\n> \\foo{1}\n> $$\n",
    "B.md": "# B\n\n## Only here\n\n$\\sqrt{2}$ `$\\frac{1$` [![y](//example.org/b.png)](https://example.org)\n",
    "B.zh.md": "---\ntitle: 乙\nlang: zh\n---\n# 乙\n\n文\n",
    "A.zh.md": "---\ntitle: 甲\nlang: zh\n---\n# 甲\n\n[[B#Only here]] $\\frac{1$\n",
    "b!.md": "# b\n",
    "private.md": "---\npublish: false\n---\n$\\frac{3$ ![x](https://example.org/c.png)\n",
    "templates/T.md": "$\\frac{4$\n",
    "C.canvas": f'{{"nodes":[{CANVAS}],"edges":[]}}',
}
KINDS = {"external-image", "unpublished-link", "anchor-not-in-pair", "same-url", "no-home", "formula"}


def plant(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return root


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def planted(project: Layout) -> Layout:
    for file in sorted(project.vault.rglob("*.md")):
        file.unlink()
    plant(project.vault, PLANTED)
    return project


def test_check_says_whatever_stops_the_build(planted: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(planted.vault), "--json"]) == 1
    said = {(p["path"], p["code"], p["message"]) for p in json.loads(capsys.readouterr().out)["problems"]}
    _, problems = stage_all(planted, ("en", "zh"))
    stops = {(p.path, p.code, p.message) for p in problems if p.severity == "error"}
    # a formula that a page quotes from another is refused where it stands
    stops = {p for p in stops if not (p[1] == "formula" and p not in said and p[0] == "B.zh.md")}
    assert stops <= said
    assert {code for _, code, _ in said} >= KINDS
    assert {path for path, code, _ in said if code == "formula"} == {"A.md", "A.zh.md", "C.canvas"}
    assert not any(path in ("private.md", "templates/T.md") for path, _, _ in said)


def test_check_and_build_print_the_same_lines(
    planted: Layout, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(planted.root)
    assert main(["check"]) == 1
    lines = set(capsys.readouterr().out.splitlines()[:-1])
    assert main(["build"]) == 1
    built = capsys.readouterr().err.splitlines()
    odd = {line for line in lines if "no-home" in line or "C.canvas" in line}  # no file; another line
    assert len(odd) == 2 and lines - odd <= set(built)
    assert any("as vault/A.md:" in line for line in built)


def test_what_was_well_is_looked_at_again_when_it_changes(planted: Layout) -> None:
    def formulas() -> list[tuple[str, int]]:
        found = refused(Vault.load(planted.vault))
        return [(p.path, p.line) for p in found if p.code == "formula"]

    before = formulas()
    assert before == [("A.md", 6), ("A.md", 11), ("A.zh.md", 7), ("C.canvas", 0)]
    assert formulas() == before  # nothing wrong is remembered as well
    plant(planted.vault, {"A.md": "# A\n", "B.md": "# B\n\n$x$\n\n$\\frac{5$\n"})
    assert formulas() == [("A.zh.md", 7), ("B.md", 5), ("C.canvas", 0)]


def test_a_vault_that_knows_nothing_of_kvist_is_left_alone(tmp_path: Path) -> None:
    files = {path: text for path, text in PLANTED.items() if path != "B.zh.md"}
    vault = plant(tmp_path / "vault", files)
    assert refused(Vault.load(vault)) == []
    plant(tmp_path, {"mkdocs.yml": "site_name: mine\n"})
    assert refused(Vault.load(vault)) == []


def test_a_vault_of_kvists_needs_no_project(tmp_path: Path) -> None:
    vault = plant(tmp_path / "notes", PLANTED | {".obsidian/types.json": TYPES})
    assert {problem.code for problem in refused(Vault.load(vault))} == KINDS - {"no-home"}


def test_without_katex_braces_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, math_cache: Path
) -> None:
    monkeypatch.setattr("vaultkit.site.katex.find_node", lambda: None)
    text = "# N\n\n$\\frac{91823$ $\\mathrm{abcxyz}$\n"
    vault = plant(tmp_path / "notes", {"N.md": text, ".obsidian/types.json": TYPES})
    found = refused(Vault.load(vault))
    assert [(p.path, p.line, p.code) for p in found] == [("N.md", 3, "formula")]


def test_what_braces_say_is_not_remembered_when_katex_can_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, math_cache: Path
) -> None:
    unknown = f"$\\nosuch{{{uuid4().int}}}$"  # which no run before has rendered
    vault = plant(tmp_path / "notes", {"N.md": f"# N\n\n{unknown}\n", ".obsidian/types.json": TYPES})

    def found() -> list[int]:
        return [problem.line for problem in refused(Vault.load(vault))]

    with monkeypatch.context() as without:
        without.setattr("vaultkit.site.katex.find_node", lambda: None)
        assert found() == []  # Node.js is there, but does not run this once
        without.setattr("vaultkit.site.refused.formulas.find_node", lambda: None)
        assert found() == []  # it is not there, which is remembered
        asked: list[object] = []
        without.setattr("vaultkit.site.refused.tex.problems", lambda *args: asked.append(args) or ([], False))
        assert found() == [] and not asked
    assert found() == [3]


@pytest.mark.parametrize(
    ("tex", "wrong"),
    [
        (r"\frac{1}{2}", False),
        (r"\{ x \}", False),
        (r"\left( \frac{a}{b} \right]", False),
        (r"\leftarrow x \rightarrow", False),
        (r"\begin{aligned} a \\ b \end{aligned}", False),
        (r"\\{a}", False),
        (r"\frac{1", True),
        (r"a}", True),
        (r"\left( x", True),
        (r"x \right)", True),
        (r"\begin{aligned} a", True),
        (r"\begin{aligned} a \end{matrix}", True),
        (r"{ \left( } \right)", True),
    ],
)
def test_faults(tex: str, wrong: bool) -> None:
    assert bool(fault(tex)) is wrong
