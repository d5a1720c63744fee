"""Guards what becomes of symbolic links: one that leaves the vault is never followed, and none is silent."""

import json
from pathlib import Path

import pytest

from vaultkit.cli import main

NOTE = "```python\nopen('ran', 'w'); print(1)\n```\n"


@pytest.fixture
def linked(make_vault, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_vault({"A.md": "text\n", "sub/B.md": "text\n"})
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "X.md").write_text(NOTE)
    (outside / "pic.png").write_bytes(b"")
    links = {"X.md": "../outside/X.md", "pic.png": "../outside/pic.png", "out": "../outside",
             "sub/up": "..", "gone.md": "nothing", "L.md": "A.md"}  # fmt: skip
    for name, target in links.items():
        (root / name).symlink_to(target)
    monkeypatch.chdir(root.parent)
    return root


SAID = {
    "vault/X.md: warning: symbolic-link leads out of the vault: not followed",
    "vault/out: warning: symbolic-link leads out of the vault: not followed",
    "vault/pic.png: warning: symbolic-link leads out of the vault: not followed",
    "vault/sub/up: warning: symbolic-link leads to a folder: not entered",
    "vault/gone.md: warning: symbolic-link leads nowhere: not read",
}


@pytest.mark.parametrize("command", ["run", "check", "links", "structure"])
def test_each_that_is_passed_over_has_a_line(linked: Path, capsys, command: str) -> None:
    assert main([command, "vault"]) == 0
    said = capsys.readouterr()
    assert {line for line in (said.out + said.err).splitlines() if "symbolic-link" in line} == SAID


@pytest.mark.parametrize("command", ["check", "links", "structure", "census", "run", "coverage"])
def test_nothing_is_read_through_a_link_that_leaves(linked: Path, capsys, command: str) -> None:
    engine = linked.parent / "mini"
    engine.mkdir()
    (engine / "__init__.py").write_text("def f(): ...\n")
    main([command, "vault", "--json", *(["--engine", str(engine)] if command == "coverage" else [])])
    rows = capsys.readouterr().out
    assert "X.md" not in rows.replace(json.dumps("X.md"), "") or command == "check"
    assert '"print' not in rows


@pytest.mark.parametrize("command", ["run", "update"])
@pytest.mark.parametrize("note", ["vault/X.md", "vault/out/X.md"])
def test_a_note_that_is_named_through_one_is_refused(linked: Path, capsys, command: str, note: str) -> None:
    assert main([command, note]) == 2
    assert capsys.readouterr().err == f"{note}: symbolic-link leads out of the vault: not followed\n"
    assert (linked.parent / "outside" / "X.md").read_text() == NOTE


def test_a_link_inside_the_vault_is_a_note(linked: Path, capsys) -> None:
    (linked / "A.md").write_text("```python\nassert 1\n```\n")
    assert main(["run", "vault/L.md"]) == 0
    assert "ok     vault/L.md: 1/1 blocks" in capsys.readouterr().out
