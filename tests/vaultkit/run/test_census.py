"""Guards the census: it names each block that a reader sees as Python and that nothing runs or declares."""

import json
import os

from vaultkit.cli import main
from vaultkit.errors import Problem
from vaultkit.read import read_text, unreadable
from vaultkit.run.census import census
from vaultkit.run.select import select
from vaultkit.vault import Vault

GOOD = (
    '```python\n1\n```\n<!-- run: skip "why" -->\n```py\n2\n```\n'
    "%%\n```python\nhidden\n```\n%%\n```text\n3\n```\n"
)


def test_census(make_vault) -> None:
    root = make_vault({
        "Good.md": GOOD,
        "Like.md": "```python\n1\n```\n```ipython\n2\n```\n",
        "Declared.md": '<!-- run: skip "a session" -->\n```pycon\n>>> 1\n```\n',
        "Footnote.md": "x[^1]\n\n[^1]: ```python\n      1\n      ```\n",
        "Html.md": 'a\n\n<pre><code class="language-python">1</code></pre>\n',
        "Prose.md": "text\n",
    })  # fmt: skip
    counts = {count.path: count for count in census(Vault.load(root))}
    found = {path: (c.shown, c.run, c.skipped, [m.line for m in c.missed]) for path, c in counts.items()}
    assert found == {
        "Good.md": (2, 1, 1, []), "Like.md": (2, 1, 0, [4]), "Declared.md": (1, 0, 1, []),
        "Footnote.md": (1, 0, 0, [3]), "Html.md": (1, 0, 0, [3]), "Prose.md": (0, 0, 0, []),
    }  # fmt: skip
    assert {path for path, count in counts.items() if not count.ok} == {"Like.md", "Footnote.md", "Html.md"}


def test_command(make_vault, tmp_path, capsys) -> None:
    root = make_vault({"sub/Like.md": "\n```ipython\n2\n```\n", "Good.md": GOOD})
    assert main(["census", str(root), "--json"]) == 1
    rows = {row["path"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rows["Good.md"] == {
        "path": "Good.md", "shown": 2, "run": 1, "skipped": 1, "missed": [], "ok": True,
    }  # fmt: skip
    (missed,) = rows["sub/Like.md"]["missed"]
    assert (missed["line"], missed["form"]) == (2, "```ipython") and missed["why"]
    assert main(["census", str(root)]) == 1
    said = "Like.md:2: census-missed ```ipython: `ipython` is shown as Python but never run (hint: "
    assert said in capsys.readouterr().out
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "N.md").write_text("```python\n1\n```\n")
    assert main(["census", str(plain)]) == 0
    assert f"ok    {plain}/N.md: 1 shown = 1 run + 0 skipped" in capsys.readouterr().out


def test_what_cannot_be_read_is_wrong(make_vault, monkeypatch, capsys) -> None:
    """It may show anything: neither the census nor an update may pass it over."""
    root = make_vault({"A.md": GOOD, "B.md": GOOD})
    monkeypatch.chdir(root)

    def denied(file: str, path: str) -> tuple[str | None, list[Problem]]:
        return (None, [unreadable(path, PermissionError(13, "Permission denied"))]) if path == "B.md" else (
            read_text(file, path)
        )  # fmt: skip

    monkeypatch.setattr("vaultkit.vault.read_text", denied)
    assert main(["census"]) == 1
    out = capsys.readouterr().out
    assert (
        "B.md: census-missed cannot be read: Permission denied" in out and "2 notes, 2 shown, 1 notes" in out
    )
    assert [path.name for path in select([], root)[1]] == ["A.md", "B.md"]


def test_a_folder_that_cannot_be_listed_is_said(make_vault, monkeypatch, capsys) -> None:
    root = make_vault({"sub/A.md": GOOD})
    monkeypatch.chdir(root)
    listed = os.scandir

    def denied(folder: str) -> object:
        if os.path.basename(folder) == "sub":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr("vaultkit.files.os.scandir", denied)
    assert main(["run"]) == 0
    said = capsys.readouterr()
    assert said.err == "sub: warning: unreadable cannot be listed: Permission denied\n"
    assert said.out == "0 notes, 0 blocks: nothing to run\n"
