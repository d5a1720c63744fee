"""Guards the pytest way in: ids, `-k`, `--lf`, skips with reasons, once-only execution, failure text."""

import subprocess
import sys
from pathlib import Path

import pytest

NOTE = """# Title

```python
import pathlib

ran = pathlib.Path(__file__).with_name("ran.txt")
ran.open("a").write("1")
```

<!-- run: skip "needs a GPU" -->
```python
1 / 0
```

```{.python title="x.py"}
ran.open("a").write("3")
len(5)
```

=== "Tab"

    ```py3
    print("never")
    ```
"""


def pytest_run(root: Path, *args: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", *args]
    return subprocess.run(command, cwd=root.parent, capture_output=True, text=True).stdout


def ran(root: Path) -> str:
    file = root / "concepts" / "ran.txt"
    text = file.read_text() if file.exists() else ""
    file.unlink(missing_ok=True)
    return text


@pytest.mark.slow
def test_pytest_runs_notes(make_vault) -> None:
    root = make_vault(
        {"concepts/A note.md": NOTE, "Fine.md": "```python\nprint(1)\n```\n```output\n1\n```\n"}
    )
    out = pytest_run(root, "vault")
    assert "2 failed, 2 passed, 1 skipped" in out
    assert "SKIPPED [1] vault/concepts/A note.md:11: needs a GPU" in out
    assert "vault/concepts/A note.md:17: block-error TypeError: object of type 'int' has no len()" in out
    assert "> 17 | len(5)" in out
    assert "pytest 'vault/concepts/A note.md::block-3'" in out.split("run again: ")[1]
    assert "not run, because block 3 on line 15 failed" in out
    assert ran(root) == "13", "each block runs exactly once, a TypeError included"

    out = pytest_run(root, "--lf", "vault")
    assert "2 failed" in out and "passed" not in out
    assert ran(root) == "13"

    file = root / "concepts" / "A note.md"
    file.write_text("inserted\n\n" + file.read_text().replace("len(5)", "len('5')"))
    out = pytest_run(root, "vault/concepts/A note.md::block-3")
    assert "1 passed" in out, out
    assert ran(root) == "13", "block 1 is run first, once, though only block 3 is selected"

    out = pytest_run(root, "-k", "block-4", "vault")
    assert (
        "1 failed" in out
        and "output-missing prints, but the note shows no output" in out
        and "    + never" in out
    )


@pytest.mark.slow
def test_bad_control_comment_fails_the_note(make_vault) -> None:
    root = make_vault({
        "Note.md": "<!-- run: slip -->\n```python\n1\n```\n",
        "templates/T.md": "```python\n1 / 0\n```\n",
        ".obsidian/templates.json": '{"folder": "templates"}',
        "script.py": '"""\n```python\n1 / 0\n```\n"""\nraise SystemExit\n',
    })  # fmt: skip
    out = pytest_run(root, "vault")
    assert "vault/Note.md:1: run-control unknown control word `slip`" in out.replace(
        "Note.md:1:", "vault/Note.md:1:", 1
    )
    assert "1 error" in out and "failed" not in out


def test_mlx_starts_equal_in_each_note(make_vault) -> None:
    code = "import mlx.core as mx\nprint(mx.random.uniform().item(), mx.default_device())\nmx.random.seed(9)"
    text = f"```python\n{code}\n```\n```output ellipsis\n...\n```\n"
    root = make_vault({f"{name}.md": text for name in "ABC"})
    script = (
        "from vaultkit.run.session import Session; from vaultkit.run.verdict import judge\n"
        "from pathlib import Path; import os\nseen = set()\n"
        "for name in 'ABC':\n"
        f"    session = Session(Path({str(root)!r}, name + '.md'))\n"
        "    judge(session, session.block(1)); seen.add(session.executed[1].stdout); session.close()\n"
        "print(len(seen), os.environ['MLX_DISABLE_COMPILE'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["1", "1"], done.stderr
