"""Guards the census: it names each block that a reader sees as Python and that nothing runs or declares."""

import json

from vaultkit.cli import main
from vaultkit.run.census import census
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
