"""Guards `requires`: absent is a skip that is counted and shown, present runs, and a change is noticed."""

import json

from vaultkit.cli import main
from vaultkit.run.census import census
from vaultkit.run.requirements import present
from vaultkit.vault import Vault

NOTE = "<!-- run: requires {} -->\n```python\nvalue = 1\n```\n\n```python\nprint(value)\n```\n"


def run(root, capsys, *arguments: str) -> dict:
    main(["run", str(root), "--json", *arguments])
    return json.loads(capsys.readouterr().out.splitlines()[0])


def test_absent_and_present(make_vault, capsys) -> None:
    root = make_vault({"Note.md": NOTE.format("no_such_module")})
    row = run(root, capsys)
    assert row["skipped"] == [{"line": 2, "reason": "requires no_such_module, which is not installed here"}]
    (failure,) = row["failures"]
    assert failure["line"] == 7 and failure["message"].startswith("NameError: name 'value'")
    (count,) = census(Vault.load(root))
    assert (count.shown, count.run, count.skipped, count.ok) == (2, 1, 1, True)
    main(["run", str(root)])
    assert "`value` is made by block 1 on line 2, which is skipped: requires" in capsys.readouterr().out


def test_a_module_that_appears_is_noticed(make_vault, capsys, tmp_path, monkeypatch) -> None:
    text = "<!-- run: requires appears_later -->\n```python\nimport appears_later\n```\n"
    root = make_vault({"Note.md": text})
    assert len(run(root, capsys)["skipped"]) == 1
    assert run(root, capsys)["skipped"]
    (tmp_path / "appears_later.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    row = run(root, capsys)
    assert row["ok"] and row["skipped"] == [] and row["passed"] == 1


def test_present() -> None:
    assert present("json") and present("vaultkit.run.control") and not present("vaultkit.run.nothing")
    assert not present("json.decoder.x")
