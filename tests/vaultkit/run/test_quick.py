"""Guards the runner's core on small vaults: what passes, what fails, at which line, in which isolation."""

import os
import random
import shlex
import sys
from pathlib import Path

import pytest

from vaultkit.run.entry import entry_of
from vaultkit.run.quick import RunReport, run_note
from vaultkit.run.results import engine_digest, load_results, record, results_key
from vaultkit.run.scope import scope_of
from vaultkit.run.session import Session


def run(root: Path, *names: str) -> dict[str, RunReport]:
    reports = {}
    for path, file in scope_of([str(root), *names]).rows:
        session = Session(file, root, path=path)
        reports[path] = run_note(session)
        entry = entry_of(session, reports[path].verdicts, engine_digest(root))
        record(root, {path: entry} if entry else {})
        session.close()
    return reports


def run_one(make_vault, text: str) -> RunReport:
    return run(make_vault({"Note.md": text}))["Note.md"]


def failures(report: RunReport) -> list[tuple[int, str]]:
    return [(failure.line, failure.code) for verdict in report.verdicts for failure in verdict.failures]


def block(code: str, output: str = "", above: str = "") -> str:
    shown = f"```output\n{output}\n```\n" if output else ""
    return f"{above}```python\n{code}\n```\n{shown}\n"


def test_blocks_share_a_namespace_and_run_once(make_vault) -> None:
    text = block("runs = []") + block("runs.append(1)\nprint(len(runs))", "1") + block("print(runs)", "[1]")
    report = run_one(make_vault, text)
    assert report.ok and report.passed == 3, report.texts


def test_failing_assertion_names_its_line(make_vault) -> None:
    report = run_one(make_vault, "# Title\n\n" + block("def f(x):\n    assert x == 2\n\n\nf(1)"))
    assert failures(report) == [(5, "block-error")]
    (text,) = report.texts
    assert "Note.md:5: block-error AssertionError" in text
    assert "> 5 |     assert x == 2" in text and "where x = 1" in text
    assert "vaultkit run " in text
    assert shlex.split(text.split("run again: ")[1])[-1].endswith("vault/Note.md")


def test_line_numbers_in_callouts_lists_and_setup(make_vault) -> None:
    text = "> [!note]\n> ```python\n> a = 1\n> 1 / 0\n> ```\n"
    assert failures(run_one(make_vault, text)) == [(4, "block-error")]
    text = "1. item\n\n   ```python\n   x = (\n   ```\n"
    assert failures(run_one(make_vault, text)) == [(4, "block-error")]
    text = "<!-- run: setup\nimport math\nmath.nothing\n-->\n```python\n1\n```\n"
    assert failures(run_one(make_vault, text)) == [(3, "block-error")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (block("print(1)", "2"), (5, "output-differs")),
        (block("print(1)"), (3, "output-missing")),
        (block("x = 1", "1"), (4, "output-stale")),
        (block("x = 1", above="<!-- run: raises KeyError -->\n"), (2, "no-error")),
        (block("1 / 0", above="<!-- run: raises KeyError -->\n"), (3, "block-error")),
        (block("import time\ntime.sleep(5)", above="<!-- run: timeout 0.1 -->\n"), (4, "too-slow")),
        (block("raise SystemExit(0)"), (2, "block-error")),
        (block("import pytest\npytest.skip('no')"), (3, "block-error")),
    ],
)
def test_what_fails(make_vault, text: str, expected: tuple[int, str]) -> None:
    assert failures(run_one(make_vault, text)) == [expected]


def test_after_an_error_later_blocks_are_not_run_until_fresh(make_vault) -> None:
    fresh = block("print(1)", "1", above="<!-- run: fresh -->\n")
    report = run_one(make_vault, block("1 / 0") + block("x = 1") + fresh)
    assert [code for _, code in failures(report)] == ["block-error", "block-not-run"]
    assert report.passed == 1


def test_expected_exception_shows_its_message(make_vault) -> None:
    above = "<!-- run: raises LookupError -->\n"
    code = "print('before')\n{}['k']"
    assert run_one(make_vault, block(code, "before\nKeyError: 'k'", above)).ok


def test_fresh_starts_an_empty_namespace(make_vault) -> None:
    above = "<!-- run: fresh raises NameError -->\n"
    assert run_one(make_vault, block("x = 1") + block("x", "NameError: name 'x' is not defined", above)).ok


def test_skip_is_shown_with_its_reason_and_not_run(make_vault) -> None:
    report = run_one(make_vault, block("1 / 0", above='<!-- run: skip "needs a GPU" -->\n'))
    assert report.ok and [skip.reason for skip in report.skipped] == ["needs a GPU"]


def test_setup_is_hidden_and_its_prints_are_not_output(make_vault) -> None:
    assert run_one(make_vault, block("print(x)", "3", "<!-- run: setup\nprint('hidden')\nx = 3\n-->\n")).ok


def test_classes_of_a_note_are_real(make_vault) -> None:
    code = (
        "from __future__ import annotations\nimport dataclasses, inspect, pickle\n\n\n"
        "@dataclasses.dataclass\nclass A:\n    b: int = 1\n\n\n"
        "assert pickle.loads(pickle.dumps(A())) == A()\n"
        "assert 'b: int = 1' in inspect.getsource(A)"
    )
    report = run_one(make_vault, "> " + block(code).strip().replace("\n", "\n> ") + "\n")
    assert report.ok, report.texts


DISTURB = """
import os, random, sys, warnings
import numpy as np
os.environ['KVIST_TEST'] = 'x'; os.environ.pop('HOME', None)
os.chdir('/')
sys.path.insert(0, '/nowhere'); sys.argv = ['changed']
random.seed(5); np.random.seed(5); np.set_printoptions(precision=2); np.seterr(all='raise')
np.random.randn(); np.random.set_bit_generator(np.random.PCG64(1))
warnings.simplefilter('error')
"""
OBSERVE = """
import os, random, sys, warnings
import numpy as np
print(os.environ.get('KVIST_TEST'), 'HOME' in os.environ, os.getcwd() != '/', os.listdir())
print('/nowhere' in sys.path, sys.argv)
print(random.random(), np.random.rand(), np.array([1.23456]), np.geterr()['over'])
warnings.warn('still only a warning', DeprecationWarning)
open('left-over.txt', 'w').close()
"""
OBSERVED = (
    "None True True []\nFalse ['note']\n"
    "0.8444218515250481 0.5488135039273248 [1.23456] warn"
)  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_notes_cannot_disturb_one_another(make_vault, monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/home")
    root = make_vault(
        {f"{name}.md": block(OBSERVE, OBSERVED) for name in ("A", "C")} | {"B.md": block(DISTURB)}
    )
    for order in (["A", "B", "C"], ["B", "C", "A"]):
        reports = run(root, *order)
        assert all(report.ok for report in reports.values()), [r.texts for r in reports.values()]


def test_state_lasts_through_a_note(make_vault) -> None:
    text = block("import os, random\nrandom.seed(3)\nos.environ['A1'] = 'y'\nopen('f', 'w').close()")
    code = "print(random.random() == random.Random(3).random(), os.environ['A1'], os.listdir())"
    assert run_one(make_vault, text + block(code, "True y ['f']")).ok


def test_state_lasts_through_blocks_run_one_by_one(make_vault) -> None:
    first = "import numpy as np, random\nrandom.seed(3)\nnp.random.seed(3)\nnp.random.randn()"
    second = "np.random.randn() == np.random.RandomState(3).randn(2)[1]"
    then = f"print(random.random() == random.Random(3).random(), {second})"
    root = make_vault({"Note.md": block(first) + block(then, "True True"), "Other.md": block(DISTURB)})
    note, other = (Session(root / name, root) for name in ("Note.md", "Other.md"))
    note.run_to(1)
    other.run_to(1)
    random.seed(9)
    assert note.run_to(2).stdout == "True True\n", note.executed[2].error
    assert random.random() == random.Random(9).random()
    note.close()
    other.close()


def test_the_host_is_left_as_it_was(make_vault) -> None:
    before = (os.getcwd(), dict(os.environ), list(sys.path), random.getstate(), set(sys.meta_path))
    assert run_one(make_vault, block(DISTURB)).ok
    assert (os.getcwd(), dict(os.environ), list(sys.path), random.getstate(), set(sys.meta_path)) == before
    assert "note" not in sys.modules


SVG = "<svg xmlns='http://www.w3.org/2000/svg'>\n<!-- kvist-data: {hex} -->\n{extra}</svg>\n"
DRAW = "import os, pathlib\npathlib.Path(os.environ['KVIST_FIGURES'], 'f.svg').write_text({svg!r})"


def test_figures_are_compared_by_their_data(make_vault) -> None:
    text = block(DRAW.format(svg=SVG.format(hex="ab12", extra="")))
    root = make_vault({"Note.md": text})
    assert failures(run(root)["Note.md"]) == [(1, "figure-differs")]
    committed = root / "attachments" / "f.svg"
    committed.parent.mkdir()
    committed.write_text(SVG.format(hex="ab12", extra="<g/>"))
    assert run(root)["Note.md"].ok
    committed.write_text(SVG.format(hex="ab13", extra=""))
    assert failures(run(root)["Note.md"]) == [(1, "figure-differs")]


def test_results_are_kept_and_their_key_follows_note_and_engine(make_vault) -> None:
    root = make_vault({"Note.md": block("print(1)", "1")})
    engine = root.parent / "codebase" / "kvist" / "ops.py"
    engine.parent.mkdir(parents=True)
    engine.write_text("a = 1\n")
    run(root)
    entry = load_results(root)["Note.md"]
    assert (entry["blocks"], entry["passed"], entry["skipped"], entry["device"]) == (1, 1, 0, "cpu")
    assert entry["key"] == results_key(root, "Note.md")
    engine.write_text("a = 2\n")
    assert entry["key"] != results_key(root, "Note.md")
    engine.write_text("a = 1\n")
    (root / "Note.md").write_text(block("print(2)", "2"))
    assert entry["key"] != results_key(root, "Note.md")


def test_damaged_results_are_ignored(make_vault) -> None:
    root = make_vault({"Note.md": ""})
    file = root.parent / ".cache" / "kvist" / "results.json"
    file.parent.mkdir(parents=True)
    for text in ("{", "[1]", '{"a": 3}'):
        file.write_text(text)
        assert load_results(root) == {}
