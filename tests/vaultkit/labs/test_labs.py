"""Guards labs: notebooks are run, compared, updated and checked as notes are, once for both languages."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaultkit.check import check_vault
from vaultkit.check.fix import fix
from vaultkit.labs.notebook import NotebookError, read_notebook
from vaultkit.labs.view import file_lines, note_text, text_with_slots
from vaultkit.note import parse_note
from vaultkit.run.program import program_of
from vaultkit.run.quick import RunReport, run_note
from vaultkit.run.results import load_results
from vaultkit.run.scope import scope_of
from vaultkit.run.session import Session
from vaultkit.run.update import update_note
from vaultkit.vault import Vault

FRONT = {"en": "---\nkind: lab\n---", "zh": "---\ntitle: 实验\nlang: zh\n---"}


def cell(kind: str, source: str, identity: str, own: dict | None = None, printed: str = "") -> dict:
    made = {"cell_type": kind, "id": identity, "metadata": {"kvist": own} if own else {}, "source": source}
    if kind == "code":
        lines = printed.splitlines(keepends=True)
        stream = [{"output_type": "stream", "name": "stdout", "text": lines}] if printed else []
        made |= {"execution_count": None, "outputs": stream}
    made["source"] = source.splitlines(keepends=True)
    return made


def lab(*cells: dict, language: str = "en", **own: object) -> str:
    data = {
        "cells": [cell("raw", FRONT[language], "front"), *cells],
        "metadata": {"kvist": own},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(data, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def code(source: str, printed: str = "", name: str = "c1", **own: object) -> dict:
    return cell("code", source, name, own or None, printed)


def run(root: Path, *names: str) -> dict[str, RunReport]:
    reports: dict[str, RunReport] = {}
    session: Session | None = None
    for path, file in scope_of([str(root), *names]).rows:
        session = Session(file, root, twin=session, path=path)
        reports[path] = run_note(session)
        session.close()
    return reports


def failures(report: RunReport) -> list[tuple[int, str]]:
    return [(failure.line, failure.code) for verdict in report.verdicts for failure in verdict.failures]


def test_a_lab_runs_by_its_name_and_shares_one_run_between_languages(make_vault, tmp_path) -> None:
    count = tmp_path / "count"
    source = f"with open({str(count)!r}, 'a') as file:\n    file.write('x')\nprint(2 + 2)"
    files = {"labs/Sum.ipynb": lab(code(source, "4\n")), "labs/Sum.zh.ipynb": ""}
    files["labs/Sum.zh.ipynb"] = lab(code(source, "5\n"), language="zh")
    reports = run(make_vault(files), "Sum")
    assert reports["labs/Sum.ipynb"].ok
    assert failures(reports["labs/Sum.zh.ipynb"]) and count.read_text() == "x"


def test_a_failure_names_the_line_of_the_file(make_vault) -> None:
    root = make_vault({"L.ipynb": lab(cell("markdown", "# L\n\ntext", "m"), code("a = 1\nassert a == 2"))})
    report = run(root, "L")["L.ipynb"]
    lines = (root / "L.ipynb").read_text().split("\n")
    assert failures(report) == [(lines.index('    "assert a == 2"') + 1, "block-error")]
    assert "where a = 1" in report.texts[0]


@pytest.mark.parametrize(
    ("source", "printed", "own", "ok"),
    [
        ("print(7)", "8\n", {}, False),
        ("print(7)", "", {}, False),
        ("1 + 1", "2\n", {}, True),
        ("1 + 1;", "", {}, True),
        ("print(1.001)", "1.002\n", {}, False),
        ("print(7)", "eight\n", {"example": True}, True),
        ("assert 0", "eight\n", {"example": True}, False),
        ("1 / 0", "ZeroDivisionError: division by zero\n", {"run": "raises ZeroDivisionError"}, True),
        ("1 / 0", "", {"run": 'skip "why"'}, True),
    ],
)
def test_what_passes(make_vault, source: str, printed: str, own: dict, ok: bool) -> None:
    assert run(make_vault({"L.ipynb": lab(code(source, printed, **own))}), "L")["L.ipynb"].ok is ok


def test_a_declared_tolerance_is_for_floats_alone(make_vault) -> None:
    for printed, ok in (("1.01 of 7\n", True), ("1.05 of 7\n", False), ("1.01 of 8\n", False)):
        root = make_vault({"L.ipynb": lab(code("print(1.0, 'of', 7)", printed), rtol=0.02)})
        assert run(root, "L")["L.ipynb"].ok is ok


def test_update_writes_valid_outputs_once(make_vault) -> None:
    drawn = (
        "import os\nwith open(os.environ['KVIST_FIGURES'] + '/f.svg', 'w') as f:\n    f.write('<svg/>\\n')"
    )
    cells = [code("print('一')\n2 * 3"), code("1 / 0", name="c2", run="raises ZeroDivisionError")]
    root = make_vault({"L.ipynb": lab(*cells, code(drawn + ";", name="c3"))})
    file = root / "L.ipynb"
    assert update_note(file, root).changed and not update_note(file, root).changed
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    kinds = [[output.output_type for output in cell.outputs] for cell in notebook.cells[1:]]
    assert kinds == [["stream", "execute_result"], ["error"], ["display_data"]]
    assert [cell.id for cell in notebook.cells] == ["front", "c1", "c2", "c3"]
    assert run(root, "L")["L.ipynb"].ok
    file.write_text(file.read_text().replace('"<svg/>\\n"', '"<svg></svg>\\n"'))
    assert failures(run(root, "L")["L.ipynb"])[0][1] == "figure-differs"


def test_the_figure_of_an_example_may_be_another(make_vault) -> None:
    """As its output may: but there is one."""
    drawn = "import os\nwith open(os.environ['KVIST_FIGURES'] + '/f.svg', 'w') as f:\n    f.write('<svg/>');"
    root = make_vault({"L.ipynb": lab(code(drawn, example=True))})
    file = root / "L.ipynb"
    assert failures(run(root, "L")["L.ipynb"])[0][1] == "figure-differs"
    assert update_note(file, root).changed
    other = file.read_text().replace('"<svg/>', '"<svg><!-- drawn elsewhere --></svg>')
    file.write_text(other)
    assert run(root, "L")["L.ipynb"].ok
    assert not update_note(file, root).changed and file.read_text() == other


def test_update_of_a_failing_lab_writes_nothing(make_vault) -> None:
    root = make_vault({"L.ipynb": lab(code("print(1)"), code("assert 0", name="c2"))})
    before = (root / "L.ipynb").read_bytes()
    assert update_note(root / "L.ipynb", root).errors and (root / "L.ipynb").read_bytes() == before


def test_counts_and_times_are_reported_and_taken_out(make_vault) -> None:
    text = lab(code("print(1)", "1\n")).replace('"execution_count": null', '"execution_count": 7')
    root = make_vault({"L.ipynb": text})
    assert "lab-churn" in [problem.code for problem in check_vault(Vault.load(root))]
    update_note(root / "L.ipynb", root)
    assert '"execution_count": null' in (root / "L.ipynb").read_text()
    assert "lab-churn" not in [problem.code for problem in check_vault(Vault.load(root))]


def test_a_verdict_is_kept_until_the_cell_or_its_output_changes(make_vault, tmp_path) -> None:
    root = make_vault({"L.ipynb": lab(cell("markdown", "words", "m"), code("print(1)", "1\n"))})
    file = root / "L.ipynb"

    def said() -> str:
        command = [sys.executable, "-m", "vaultkit.cli", "run", "L"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout

    assert "reused" not in said()
    file.write_text(file.read_text().replace("words", "other words"))
    assert "1 reused" in said() and load_results(root)["L.ipynb"]["passed"] == 1
    file.write_text(file.read_text().replace('"1\\n"', '"2\\n"'))
    assert "output-differs" in said()


def test_languages_must_have_the_same_cells_and_fix_carries_code_over(make_vault) -> None:
    english = lab(cell("markdown", "a", "m"), code("x = 1  # one\nprint('a')", "a\n"))
    chinese = lab(cell("markdown", "甲", "m"), code("x = 1  # one\nprint('b')", "a\n"), language="zh")
    root = make_vault({"L.ipynb": english, "L.zh.ipynb": chinese})
    found = [p for p in check_vault(Vault.load(root)) if p.code == "parity-code"]
    lines = (root / "L.zh.ipynb").read_text().split("\n")
    assert [(p.path, p.line) for p in found] == [("L.zh.ipynb", lines.index("    \"print('b')\"") + 1)]
    assert [one.path for one in fix(Vault.load(root))] == ["L.zh.ipynb"] and "甲" in (
        root / "L.zh.ipynb"
    ).read_text()
    assert not [p for p in check_vault(Vault.load(root)) if p.code.startswith("parity")]
    (root / "L.zh.ipynb").write_text(lab(code("x = 1"), language="zh"))
    assert "parity-cells" in [p.code for p in check_vault(Vault.load(root))]


def test_links_of_labs_lead_as_those_of_notes(make_vault) -> None:
    root = make_vault(
        {"labs/L.ipynb": lab(cell("markdown", "line\n[[Nothing]] [[N]]", "m")), "N.md": "[[L.ipynb]]\n"}
    )
    problems = [p for p in check_vault(Vault.load(root)) if p.code == "unresolved-link"]
    lines = (root / "labs/L.ipynb").read_text().split("\n")
    assert [(p.path, p.line) for p in problems] == [
        ("labs/L.ipynb", lines.index('    "[[Nothing]] [[N]]"') + 1)
    ]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', '{"cells": [], "nbformat": 3}', "[" * 9999])
def test_what_is_no_notebook_is_said(make_vault, text: str) -> None:
    root = make_vault({"L.ipynb": text})
    with pytest.raises(NotebookError):
        read_notebook(text)
    assert [p.code for p in check_vault(Vault.load(root))] == ["notebook"]
    assert not run(root, str(root / "L.ipynb"))["L.ipynb"].ok


def test_a_python_fence_in_prose_is_reported(make_vault) -> None:
    root = make_vault({"L.ipynb": lab(cell("markdown", "```python\n1 / 0\n```", "m"), code("x = 1"))})
    assert "lab-fence" in [problem.code for problem in Session(root / "L.ipynb").program.problems]


TEXT = st.text(st.sampled_from("ab1\n `~\"\\{}[]:,'é中#>"), max_size=40)


@given(st.lists(st.tuples(st.sampled_from(["code", "markdown"]), TEXT, TEXT), max_size=5), st.booleans())
def test_views_keep_code_and_lines(parts: list[tuple[str, str, str]], pretty: bool) -> None:
    cells = [cell(kind, source, f"c{n}", None, out) for n, (kind, source, out) in enumerate(parts)]
    kept = [c for c in cells if c["cell_type"] == "code"]
    data = {"cells": kept, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    text = json.dumps(data, indent=1 if pretty else None, ensure_ascii=False)
    shown, _ = note_text(text, "x.ipynb")
    blocks = program_of("x", parse_note("x.ipynb", shown or "").scan).blocks
    sources = ["".join(c["source"]) for c in kept]
    assert [block.fence.code.rstrip("\n") for block in blocks] == [s.rstrip("\n") for s in sources]
    notebook = read_notebook(text)
    assert len(text_with_slots(notebook, lambda number, cell: "").split("\n")) >= len(
        (shown or "").split("\n")
    )
    rows, file_rows = (shown or "").split("\n"), text.split("\n")
    if pretty:
        for block, source in zip(blocks, sources, strict=True):
            for offset, row in enumerate(source.split("\n")[:-1]):
                line = file_lines(text)[block.line + offset]
                assert row in json.loads("[" + file_rows[line - 1].strip().rstrip(",") + "]")[0], rows


@pytest.mark.slow
def test_pytest_runs_a_pair_once(make_vault, tmp_path) -> None:
    count = tmp_path / "count"
    cells = code(f"with open({str(count)!r}, 'a') as file:\n    file.write('x')\nprint(1)", "1\n")
    root = make_vault({"labs/L.ipynb": lab(cells), "labs/L.zh.ipynb": lab(cells, language="zh")})
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(root)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "2 passed" in done.stdout and count.read_text() == "x", done.stdout
    assert set(load_results(root)) == {"labs/L.ipynb", "labs/L.zh.ipynb"}
    file = root / "labs/L.zh.ipynb"
    file.write_text(file.read_text().replace('"1\\n"', '"2\\n"'))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "1 failed, 1 passed" in done.stdout and "output-differs" in done.stdout
