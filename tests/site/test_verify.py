"""Running what has no badge: the right notes are chosen, a failure is said, and nothing true is run again."""

from pathlib import Path

from vaultkit.site.verify import unverified, verify

GOOD = "# Good\n\n```python\nprint(1 + 1)\n```\n```output\n2\n```\n"
BAD = "# Bad\n\n```python\nassert 1 == 2\n```\n"


def test_notes_without_a_true_verdict_are_run_once(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    for name, text in (("Good.md", GOOD), ("Bad.md", BAD), ("Prose.md", "# Prose\n")):
        (vault / name).write_text(text, encoding="utf-8")
    assert unverified(vault) == ["Bad.md", "Good.md"]
    said: list[str] = []
    verify(vault, said.append).join(60)
    assert said[0] == "running 2 notes for their badges ..."
    assert "Bad.md:4" in said[1] and "assert 1 == 2" in said[1]
    assert unverified(vault) == ["Bad.md"]  # a failure is tried again, a success is not

    (vault / "Bad.md").write_text(BAD.replace("2", "1"), encoding="utf-8")
    said.clear()
    verify(vault, said.append).join(60)
    assert said[-1] == "1 notes verified"
    assert unverified(vault) == []
    (vault / "Good.md").write_text(GOOD.replace("1 + 1", "0 + 2"), encoding="utf-8")
    assert unverified(vault) == ["Good.md"]
