"""Guards the command: every form, its exit code, its output, and never a traceback."""

import json
import os
import re
from pathlib import Path

import pytest

from vaultkit.cli import main
from vaultkit.run.results import load_results

GOOD = "# A\n\n[[B]]\n\n```python\nprint(1)\n```\n```output\n1\n```\n"


@pytest.fixture
def here(make_vault, monkeypatch) -> Path:
    root = make_vault({"A.md": GOOD, "B.md": "---\nkind: reading-list\n---\n- [ ] [X](https://x.org)\n"})
    monkeypatch.chdir(root.parent)
    return root


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["check"], 0, "2 notes, all well"),
        (["check", "vault"], 0, "2 notes, all well"),
        (["run"], 0, "1 notes, 1 blocks, all as the notes say"),
        (["run", "a"], 0, "ok     vault/A.md: 1/1 blocks"),
        (["run", "vault/A.md"], 0, "ok     vault/A.md: 1/1 blocks"),
        (["run", "vault"], 0, "1 notes, 1 blocks"),
        (["run", "Nothing"], 2, "Nothing: no-note is not a note of this vault"),
        (["run", "/tmp"], 0, "0 notes, 0 blocks"),
        (["update"], 0, "1 notes, 0 changed"),
        (["census"], 0, "ok    vault/A.md: 1 shown = 1 run + 0 skipped"),
        (["links"], 0, "vault/A.md:3: link [[B]] -> vault/B.md"),
        (["next"], 0, "https://x.org"),
        (["next", "A"], 2, "A: no-list is not a reading list"),
        (["progress"], 0, "B: 0 of 1 read (0%), 0 minutes left"),
        (["new", "concept", "C"], 0, "vault/concepts/C.md"),
        (["new", "concept", "A"], 1, "A.md: note-exists"),
        (["check", "nowhere"], 2, "nowhere: no-vault is not a folder"),
    ],
)
def test_forms(here: Path, capsys, tmp_path, arguments: list[str], code: int, expected: str) -> None:
    (tmp_path / "empty").mkdir()
    arguments = [str(tmp_path / "empty") if argument == "/tmp" else argument for argument in arguments]
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert expected in captured.out + captured.err


def test_a_folder_of_the_vault_is_seen_within_the_vault(here: Path, capsys) -> None:
    (here / "part").mkdir()
    (here / "part" / "P.md").write_text("[[A]] [[Nowhere]]\n\n```python\nprint(2)\n```\n```output\n2\n```\n")
    (here / "Q.md").write_text("[[Nowhere]]\n")
    assert main(["check", "vault/part"]) == 1
    out = capsys.readouterr().out
    assert (
        "vault/part/P.md:1: unresolved-link [[Nowhere]]" in out and "Q.md" not in out and "[[A]]" not in out
    )
    assert main(["run", "vault/part", "vault/A.md"]) == 0
    assert "2 notes, 2 blocks" in capsys.readouterr().out
    assert set(load_results(here)) == {"A.md", "part/P.md"}


def test_wrong_calls_exit_with_two(here: Path, capsys) -> None:
    for arguments in ([], ["nothing"], ["new", "poem", "X"], ["next", "--count", "0"], ["check", "--nope"]):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "vaultkit: wrong-call the following arguments are required: COMMAND (hint: vaultkit --help)"),
        (["--nope"], "vaultkit: wrong-call the following arguments are required: COMMAND"),
        (["cencus"], "vaultkit: wrong-call `cencus` is not a command, did you mean `census`? (hint: "),
        (["zzz"], "vaultkit: wrong-call `zzz` is not a command: check, links, "),
        (["run", "--nope"], "vaultkit run: wrong-call does not know --nope (hint: vaultkit run --help)"),
        (["run", "A", "--engine"], "vaultkit run: wrong-call argument --engine: expected one argument"),
        (["run", "--engine", "no"], "no: no-engine is not a folder (hint: --engine takes the folder that "),
        (["update", "--engine", "no"], "no: no-engine is not a folder (hint: "),
        (["watch", "--engine", "no"], "no: no-engine is not a folder (hint: "),
        *(([name, ""], "'': no-note is no name of a note") for name in ("run", "watch", "update")),
        *(([name, "--nope"], f"vaultkit {name}: wrong-call does not know --nope (hint: vaultkit {name} --h")
          for name in ("check", "links", "watch", "update", "census", "next", "progress", "coverage",
                       "structure", "review")),
        *(([name, "no"], "no: no-vault is not a folder (hint: give the vault's folder)")
          for name in ("check", "links", "census", "coverage", "structure")),
        *(([name, "no"], "no: no-note is not a note of this vault")
          for name in ("run", "watch", "update", "translated")),
    ],
)  # fmt: skip
def test_every_wrong_call_is_one_line_of_one_form(
    here: Path, capsys, arguments: list[str], said: str
) -> None:
    try:
        code: object = main(arguments)
    except SystemExit as stopped:
        code = stopped.code
    captured = capsys.readouterr()
    assert code == 2 and captured.err.startswith(said) and captured.err.count("\n") == 1 and not captured.out


def test_problems_have_path_line_and_exit_code(here: Path, capsys) -> None:
    (here / "A.md").write_text("text\n[[Nowhere]]\n")
    assert main(["check"]) == 1
    assert "vault/A.md:2: unresolved-link [[Nowhere]] leads nowhere (hint: " in capsys.readouterr().out
    assert main(["check", "--json"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["path"], problem["line"], problem["code"]) == ("A.md", 2, "unresolved-link")
    assert main(["links", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["target"] is None


def test_failing_block_has_its_own_exit_code(here: Path, capsys) -> None:
    (here / "A.md").write_text("```python\nassert 1 == 2\n```\n")
    assert main(["run"]) == 1
    assert "vault/A.md:2: block-error AssertionError" in capsys.readouterr().out
    assert main(["run", "--json"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[0])["failures"][0]["line"] == 2
    assert main(["update"]) == 1
    assert "nothing was written" in capsys.readouterr().out


def test_update_prints_a_diff_and_dry_run_writes_nothing(here: Path, capsys) -> None:
    (here / "A.md").write_text(GOOD.replace("\n1\n", "\n2\n"))
    assert main(["update", "--dry-run", "A"]) == 0
    assert "-2\n+1\n" in capsys.readouterr().out and "\n2\n" in (here / "A.md").read_text()
    assert main(["update", "A"]) == 0
    assert (here / "A.md").read_text() == GOOD


def test_check_fix(here: Path, capsys) -> None:
    (here / "B.md").write_text("---\naliases: [乙]\n---\n")
    (here / "A.md").write_text("[[乙]]\n")
    assert main(["check", "--fix"]) == 0
    assert "fixed vault/A.md:1: [[乙]] is now [[B|乙]]\n" in capsys.readouterr().out
    assert (here / "A.md").read_text() == "[[B|乙]]\n"


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe\x00", b"\0" * 1000, b"---\n", b"[[" * 1000, os.urandom(3000)]
)
@pytest.mark.parametrize("command", ["check", "links", "census", "run", "next", "progress"])
def test_no_folder_makes_it_crash(make_vault, monkeypatch, capsys, command: str, data: bytes) -> None:
    root = make_vault({})
    (root / "Odd name 键.md").write_bytes(data)
    (root / "folder.md").mkdir()
    monkeypatch.chdir(root)
    assert main([command]) in (0, 1)
    assert "Traceback" not in capsys.readouterr().err


_READERS = ("check", "census", "structure", "links", "coverage", "run", "update", "watch")
_KEEPERS = ("next", "progress", "review", "try", "done x", "new concept X")


@pytest.mark.parametrize("arguments", [
    *(f"{name} nowhere" for name in _READERS), *(f"{name} --vault nowhere" for name in _KEEPERS),
    "rename A B nowhere", "export nowhere out",
])  # fmt: skip
def test_a_folder_that_is_not_there_is_a_wrong_call_in_the_same_words(
    tmp_path: Path, monkeypatch, capsys, arguments: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments.split()) == 2
    said = "nowhere: no-vault is not a folder (hint: give the vault's folder)\n"
    assert capsys.readouterr().err == said


def test_every_path_opens_from_the_working_folder(make_vault, monkeypatch, capsys) -> None:
    """Whatever the command says of a note, in the middle of a sentence too."""
    root = make_vault({
        "a/A b.md": "# A\n\n```python\nassert 1 == 2\n```\n\n<!-- run: skip 'no' -->\n```python\n1\n```\n",
        "a/A b.zh.md": "---\ntitle: A\nlang: zh\n---\n[[A b]]\n```python\nprint(1)\n```\n",
        "B.md": "```pycon\n>>> 1\n```\n[[a/A b.md]] [[b]] `a/A b.md`\n", "c/B.md": "",
    })  # fmt: skip
    absolute = "/absolute"  # the name of the temporary folder may have a space
    for folder, first in ((root.parent, "vault/a/A b.md"), (root, "a/A b.md"), (root / "a", "A b.md")):
        monkeypatch.chdir(folder)
        for command in ("run", "check", "census", "links", "update --dry-run"):
            main([*command.split(), str(root)])
        main(["rename", "A b", "C", str(root)])
        said = capsys.readouterr().out
        for line in said.splitlines():
            bare = re.sub(r"\[\[.*?\]\]|`[^`]*`", "", line).replace(str(root), absolute)
            if line[:1] in (">", " ", "+") or "# A" in line:
                continue
            for found in re.findall(r"(?:\S*/)?A b(?:\.zh)?\.md|(?:\S*/)?B\.md", bare):
                assert (folder / found.lstrip("('").replace(absolute, str(root))).is_file(), line
        assert f"({first}:1)" in said  # in the sentence on the headings


@pytest.mark.parametrize("command", ["check", "links", "census", "run"])
def test_a_name_with_a_line_end_stays_on_its_line(make_vault, capsys, monkeypatch, command: str) -> None:
    code = "```python\nassert 1 == 2\n```\n"
    root = make_vault({"new\nline.md": f"[[Nowhere]] [[new]]\n\n{code}", "B.md": "![a\nb](gone.png)\n"})
    monkeypatch.chdir(root.parent)
    main([command, str(root)])
    told = capsys.readouterr()
    lines = (told.out + told.err).splitlines()
    assert any("vault/new\\nline.md" in line for line in lines)
    assert not any(line.startswith("line.md") for line in lines)
    if command == "check":
        assert [line for line in lines if line.startswith("vault/B.md:1: unresolved-")]
    main([command, str(root), "--json"])
    assert "new\\nline.md" in capsys.readouterr().out.replace("\\\\", "")  # as JSON has it, escaped once
