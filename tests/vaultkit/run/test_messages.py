"""Guards what is said of a block that fails: the line itself, what stands there, and no more."""

import json
from pathlib import Path

import pytest

from vaultkit.cli import main

Run = pytest.CaptureFixture[str]


def said(make_vault, capsys: Run, monkeypatch: pytest.MonkeyPatch, text: str) -> list[str]:
    root = make_vault({"A.md": text})
    monkeypatch.chdir(root)
    assert main(["run", "A"]) == 1
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("code", "line", "row", "carets", "words"),
    [
        ("x = 1\na.b = 2 x", 5, "a.b = 2 x", "        ^", "invalid syntax"),
        ("assert 1 == (2", 4, "assert 1 == (2", "            ^", "'(' was never closed"),
        ("x = '一二' 3 y", 4, "x = '一二' 3 y", "           ^", "invalid syntax"),
        ("if x:\n\ty = = 1", 5, "\ty = = 1", "\t    ^", "invalid syntax"),
        ("x =", 4, "x =", "   ^", "invalid syntax"),
        ("def f():\nreturn 1", 5, "return 1", "^^^^^^", "expected an indented block after"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "> "])
def test_code_that_python_cannot_read_has_a_caret_and_no_traceback(
    make_vault, capsys: Run, monkeypatch, code: str, line: int, row: str, carets: str, words: str, prefix: str
) -> None:
    rows = ["# A", "", "```python", *code.split("\n"), "```"]
    out = said(make_vault, capsys, monkeypatch, "\n".join(rows[:2] + [prefix + row for row in rows[2:]]))
    assert out[1].startswith(f"A.md:{line}: block-error ") and f"Error: {words}" in out[1], out
    assert ".md" not in out[1][4:]  # Python's own "(A.md, line 4)" would say it again
    at = out.index(f"  > {line} | {row}")
    assert out[at + 1] == f"      | {carets}", out
    assert not any("Traceback" in line or "During handling" in line for line in out)


def test_what_a_block_compiles_itself_keeps_its_traceback(make_vault, capsys: Run, monkeypatch) -> None:
    out = said(make_vault, capsys, monkeypatch, "```python\nexec('x = = 1')\n```\n")
    assert out[1].startswith("A.md:2: block-error SyntaxError: invalid syntax (<string>, line 1)")
    assert "  > 2 | exec('x = = 1')" in out and any("Traceback" in line for line in out)


SETUP = """<!-- run: setup
def inverse(x):
    return 1 / x
{last}
-->
```python
y = 0
inverse(y)
```
"""


@pytest.mark.parametrize(("last", "line"), [("print(one)", 4), ("one = = 1", 4), ("one = 1", 3)])
def test_a_failure_in_hidden_set_up_shows_the_set_up(
    make_vault, capsys: Run, monkeypatch, last: str, line: int
) -> None:
    out = said(make_vault, capsys, monkeypatch, SETUP.format(last=last))
    assert out[1].startswith(f"A.md:{line}: block-error")
    row = SETUP.format(last=last).split("\n")[line - 1]
    at = out.index(f"  > {line} | {row}")
    assert "    hidden set-up, from line 1:" in out[:at] and "    2 | def inverse(x):" in out
    assert "    7 | y = 0" not in out


def test_a_failure_in_a_function_of_an_earlier_block_shows_that_block(
    make_vault, capsys: Run, monkeypatch
) -> None:
    text = "```python\ndef inverse(x):\n    return 1 / x\n```\n\n```python\ninverse(0)\n```\n"
    out = said(make_vault, capsys, monkeypatch, text)
    assert "  > 3 |     return 1 / x" in out and any("line 7, in <module>" in line for line in out)


@pytest.mark.parametrize(
    ("last", "line", "message"),
    [
        ("os._exit(3)", 3, "calls os._exit(3), which would end the whole run"),
        ("sys.exit('no more')", 3, "SystemExit: no more"),
        ("def f():\n    sys.exit(4)\nf()", 4, "SystemExit: 4"),
        ("raise SystemExit", 3, "SystemExit"),
    ],
)
def test_a_block_that_would_end_the_run_shows_its_line_only(
    make_vault, capsys: Run, monkeypatch, last: str, line: int, message: str
) -> None:
    out = said(make_vault, capsys, monkeypatch, f"```python\nimport os, sys\n{last}\n```\n")
    assert out[1].startswith(f"A.md:{line}: block-error {message} (hint: ")
    assert any(row.startswith(f"  > {line} | ") for row in out)
    assert not any("Traceback" in row or "limit.py" in row or "where " in row for row in out)


@pytest.mark.parametrize(
    ("module", "code", "row", "block"),
    [
        ("h0", "def half(x):\n    return _check(x) / 2\n\n\ndef _check(x):\n    return x + 'a'\n",
         "6, in _check: return x + 'a'", 2),
        ("h1", "import json\n\n\ndef half(x):\n    return json.loads('')\n",
         "5, in half: return json.loads('')", 2),
        ("h2", "x = (\n", "1: x = (", 1),
    ],
)  # fmt: skip
def test_a_fault_inside_the_engine_is_told_with_the_engines_line(
    make_vault, capsys: Run, monkeypatch, module: str, code: str, row: str, block: int
) -> None:
    """The innermost line of the engine, not that of a library it calls; the note's own line stays first."""
    text = f"```python\nfrom {module} import half\n```\n\n```python\nhalf(1)\n```\n"
    root = make_vault({"A.md": text, ".obsidian/app.json": "{}"})
    engine = root.parent / "codebase" / "kvist"
    engine.mkdir(parents=True)
    (root.parent / "pyproject.toml").touch()
    (engine / f"{module}.py").write_text(code)
    monkeypatch.syspath_prepend(str(engine))  # as an installed package is found
    monkeypatch.chdir(root.parent)
    assert main(["run", str(root / "A.md"), "--json"]) == 1
    failure = json.loads(capsys.readouterr().out)["failures"][0]
    assert (failure["line"], failure["block"]) == (4 * block - 2, block)
    assert failure["details"] == [f"codebase/kvist/{module}.py:{row}"]


def test_of_a_function_of_an_earlier_block_it_is_told_where_it_was_called(
    make_vault, capsys: Run, monkeypatch
) -> None:
    root = make_vault({"A.md": "```python\ndef f():\n    return 1 / 0\n```\n\n```python\nf()\n```\n"})
    monkeypatch.chdir(root)
    assert main(["run", "A", "--json"]) == 1
    failure = json.loads(capsys.readouterr().out)["failures"][0]
    assert (failure["line"], failure["block"], failure["details"]) == (3, 2, ["A.md:7: f()"])


def test_a_library_that_would_end_the_run_keeps_its_traceback(make_vault, capsys: Run, monkeypatch) -> None:
    code = "import argparse\nargparse.ArgumentParser().parse_args(['--x'])\n"
    out = "\n".join(said(make_vault, capsys, monkeypatch, f"```python\n{code}```\n"))
    assert "in parse_args" in out and "    SystemExit: 2" in out and "<module 'argparse'" not in out


def test_what_runs_notes_and_imports_modules_is_in_no_traceback(make_vault, capsys: Run, monkeypatch) -> None:
    root = make_vault({"A.md": "```python\nimport outer\n```\n"})
    (root / "outer.py").write_text("import unreadable\n")
    (root / "unreadable.py").write_text("x = (\n")
    monkeypatch.chdir(root)
    assert main(["run", "A", "--engine", "."]) == 1
    out = capsys.readouterr().out
    assert 'outer.py", line 1, in <module>' in out and 'unreadable.py", line 1' in out
    assert "loaders.py" not in out and "importlib" not in out
    (root / "A.md").write_text("<!-- run: timeout 0.2 -->\n```python\nimport time\ntime.sleep(9)\n```\n")
    assert main(["run", "A"]) == 1
    out = capsys.readouterr().out
    assert "    TimeLimit: ran longer than 0.2 s\n" in out and "vaultkit.run" not in out
    assert "limit.py" not in out and "timeout 0.4 -->" in out


def test_the_command_that_runs_a_note_again_is_said_once(make_vault, capsys: Run, monkeypatch) -> None:
    blocks = ["1 / 0", "print(2)", "print(3)"]
    text = "".join(f"```python\n{code}\n```\n\n" for code in blocks)
    out = said(make_vault, capsys, monkeypatch, text)
    assert [row for row in out if "run again" in row] == ["    run again: vaultkit run A.md"]
    assert out[-2:] == ["    run again: vaultkit run A.md", "1 notes, 3 blocks, 1 FAILED"]
    assert main(["update", "A"]) == 1
    assert capsys.readouterr().out.count("run again: ") == 1


def test_a_block_may_raise_what_ctrl_c_raises(make_vault, capsys: Run, monkeypatch) -> None:
    """Only a `raise` is the note's own: Ctrl-C itself ends the run, as test_guard shows."""
    out = said(make_vault, capsys, monkeypatch, "```python\nx = 1\nraise KeyboardInterrupt('x')\n```\n")
    assert out[1].startswith("A.md:3: block-error KeyboardInterrupt: x")
    (Path("A.md")).write_text(
        "<!-- run: raises KeyboardInterrupt -->\n```python\nraise KeyboardInterrupt\n```\n\n"
        "```output\nKeyboardInterrupt\n```\n"
    )
    assert main(["run", "A"]) == 0


def test_await_outside_a_function_has_a_hint(make_vault, capsys: Run, monkeypatch) -> None:
    code = "import asyncio\nawait asyncio.sleep(0)\n"
    out = said(make_vault, capsys, monkeypatch, f"```python\n{code}```\n")
    assert out[1].startswith("A.md:3: block-error SyntaxError: 'await' outside") and "asyncio.run" in out[1]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "class E(Exception):\n    def __str__(self): return 1 / 0\nraise E",
            "E: <no text: ZeroDivisionError>",
        ),
        ("raise ValueError('x' * 9000)", "ValueError: " + "x" * 288 + " … (9012 characters)"),
        ("quit()", "SystemExit (hint: "),
    ],
)
def test_odd_errors_are_said_in_one_line(
    make_vault, capsys: Run, monkeypatch, code: str, message: str
) -> None:
    out = said(make_vault, capsys, monkeypatch, f"```python\n{code}\n```\n")
    line = 1 + len(code.split("\n"))
    assert out[1].startswith(f"A.md:{line}: block-error {message}"), out[1][:200]
    assert all(len(row) < 420 for row in out) and not any("_sitebuiltins" in row for row in out)


def test_what_a_block_prints_by_other_ways_is_printed(make_vault, capsys: Run, monkeypatch) -> None:
    code = (
        "import sys\nout = sys.stdout\nout.buffer.write('é\\n'.encode())\nprint(out.encoding)\nout.close()\n"
    )
    root = make_vault({"A.md": f"```python\n{code}```\n```output\né\nutf-8\n```\n"})
    monkeypatch.chdir(root)
    assert main(["run", "A"]) == 0, capsys.readouterr().out


def test_what_objects_say_when_a_note_is_over_is_not_said(make_vault, capsys: Run, monkeypatch) -> None:
    code = "class D:\n    def __del__(self):\n        print('gone')\nd = D()\n"
    root = make_vault({"A.md": f"```python\n{code}```\n"})
    monkeypatch.chdir(root)
    assert main(["run", "A", "--json"]) == 0
    done = capsys.readouterr()
    assert done.out.startswith("{") and done.out.count("\n") == 1 and not done.err


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("x = 1\n>>> x", "leave out the prompts"),
        ("x = 1\n%timeit x", "a block is plain Python: IPython's commands are not"),
        ("x = 1\n!ls", "a block is plain Python: IPython's commands are not"),
    ],
)
def test_what_is_no_python_has_a_hint(make_vault, capsys: Run, monkeypatch, code: str, hint: str) -> None:
    out = said(make_vault, capsys, monkeypatch, f"```python\n{code}\n```\n")
    assert out[1].startswith("A.md:3: block-error SyntaxError: ") and f"(hint: {hint}" in out[1]
