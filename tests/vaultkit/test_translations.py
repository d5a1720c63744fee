"""Guards the mark of a translation: what makes it stale, what does not, and how it is written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vaultkit.check import check_vault
from vaultkit.check.fix import fix
from vaultkit.cli import main
from vaultkit.note import parse_note
from vaultkit.translations import is_stale, source_hash
from vaultkit.vault import Vault

MakeVault = Callable[[dict[str, str]], Path]

ENGLISH = """---
aliases: [A1]
---
# A

One two.

- [ ] read

```python
print(1)
```
```output
1
```

```mermaid
graph TD
```
"""
CHINESE = "---\ntitle: 甲\nlang: zh\n---\n# 甲\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("One two.", "One three."),
        ("One two.", "One two.\n\nThree."),
        ("# A", "# B"),
        ("graph TD", "graph LR"),
    ],
)
def test_changed_words_make_another_hash(old: str, new: str) -> None:
    changed = parse_note("A.md", ENGLISH.replace(old, new))
    assert source_hash(changed) != source_hash(parse_note("A.md", ENGLISH))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("One two.", "One\ntwo."),
        ("print(1)", "print(2)"),
        ("```output\n1", "```output\n2"),
        ("[ ]", "[x]"),
        ("[A1]", "[A1, A2]"),
        ("One two.", "One two.\n\n<!-- not shown -->"),
        ("\n", "\r\n"),
    ],
)
def test_what_needs_no_translation_keeps_the_hash(old: str, new: str) -> None:
    changed = parse_note("A.md", ENGLISH.replace(old, new))
    assert source_hash(changed) == source_hash(parse_note("A.md", ENGLISH))


def stale(root: Path) -> list[str]:
    return [str(p) for p in check_vault(Vault.load(root)) if p.code == "stale-translation"]


@pytest.mark.parametrize("name", ["A", "vault/A.md", "vault/A.zh.md"])
def test_a_translation_is_marked_grows_stale_and_is_marked_again(
    make_vault: MakeVault, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    root = make_vault({"A.md": ENGLISH, "A.zh.md": CHINESE})
    monkeypatch.chdir(root.parent)
    assert not stale(root)  # without a mark nothing is known
    assert main(["translated", name]) == 0
    marked = (root / "A.zh.md").read_text("utf-8")
    line = f"source_hash: {source_hash(Vault.load(root).notes['A.md'])}\n"
    assert marked == CHINESE.replace("lang: zh\n", f"lang: zh\n{line}") and not stale(root)
    (root / "A.md").write_text(ENGLISH.replace("two", "three"), "utf-8")
    assert len(stale(root)) == 1 and stale(root)[0].startswith("A.zh.md:4: warning: stale-translation")
    fix(Vault.load(root))
    mended = (root / "A.zh.md").read_text("utf-8")  # the missing block is carried over, the mark stays
    assert mended.startswith(marked.rstrip("\n")) and is_stale(Vault.load(root), "A.zh.md")
    assert main(["translated", name]) == 0
    assert not stale(root) and (root / "A.zh.md").read_text("utf-8").count("source_hash") == 1


def test_line_ends_and_byte_order_mark_stay(make_vault: MakeVault) -> None:
    chinese = "\ufeff" + CHINESE.replace("\n", "\r\n")
    root = make_vault({"A.md": ENGLISH, "A.zh.md": chinese})
    assert main(["translated", str(root / "A.md")]) == 0
    text = (root / "A.zh.md").read_bytes().decode("utf-8")
    assert (
        text.startswith("\ufeff---\r\n") and text.count("\n") == text.count("\r\n") == chinese.count("\n") + 1
    )


@pytest.mark.parametrize("files", [{"A.md": ENGLISH}, {"A.md": ENGLISH, "A.zh.md": "# 甲\n"}])
def test_what_cannot_be_marked_is_refused(
    make_vault: MakeVault, capsys: pytest.CaptureFixture[str], files: dict[str, str]
) -> None:
    root = make_vault(files)
    before = [file.read_bytes() for file in sorted(root.glob("*.md"))]
    assert main(["translated", str(root / "A.md")]) == 1
    assert "hint" in capsys.readouterr().err
    assert [file.read_bytes() for file in sorted(root.glob("*.md"))] == before


SECTIONS = ("## Overview", "## Key Ideas", "## Self-check")
OURS = "# A\n\n" + "".join(f"{name}\n\nwords\n\n" for name in SECTIONS)
SKELETON = (
    CHINESE + "\n## 概述\n\n{}\n\n## 核心思想\n\n### 一句话的论断\n\n## 自测\n\n#flashcards/inference\n"
)


def test_a_skeleton_is_no_translation(make_vault: MakeVault, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_vault({"A.md": OURS, "A.zh.md": SKELETON.format(""), "B.md": ENGLISH, "B.zh.md": CHINESE})
    assert main(["translated", str(root / "A.md"), str(root / "B.md")]) == 1
    told = capsys.readouterr()
    assert "A.zh.md: untranslated is not translated yet: 3 of 3 sections are empty" in told.err
    assert "--force" in told.err and told.out.rstrip().endswith("B.zh.md")
    assert (root / "A.zh.md").read_text("utf-8") == SKELETON.format("")
    assert main(["translated", str(root / "A.md"), "--force"]) == 0
    assert "source_hash" in (root / "A.zh.md").read_text("utf-8")
    assert "`## 核心思想`" in capsys.readouterr().err


def test_a_note_without_sections_translates_none(
    make_vault: MakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_vault({"A.md": OURS + "\n## Later\n", "A.zh.md": CHINESE})
    assert main(["translated", str(root / "A.md")]) == 1
    assert "it has none of the 3 sections of " in capsys.readouterr().err
    assert (root / "A.zh.md").read_text("utf-8") == CHINESE
    assert main(["translated", str(root / "A.md"), "--force"]) == 0


def test_a_section_that_is_left_empty_is_named(
    make_vault: MakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    written = SKELETON.format("文字").replace("### 一句话的论断", "### 论断\n\n文字")
    root = make_vault({"A.md": OURS, "A.zh.md": written})
    assert main(["translated", str(root / "A.md")]) == 0
    told = capsys.readouterr().err
    assert "warning: untranslated" in told and "`## 自测`" in told and "概述" not in told


def test_what_is_empty_in_english_may_be_empty_in_chinese(
    make_vault: MakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_vault({"A.md": OURS.replace("words", ""), "A.zh.md": SKELETON.format("")})
    assert main(["translated", str(root / "A.md")]) == 0
    assert capsys.readouterr().err == ""


def test_the_mark_is_a_known_property_of_chinese_notes(make_vault: MakeVault) -> None:
    types = (Path(__file__).parents[2] / "vault" / ".obsidian" / "types.json").read_text("utf-8")
    marked = CHINESE.replace("lang: zh\n", "lang: zh\nsource_hash: en-0123456789ab\n")
    root = make_vault({"A.md": ENGLISH, "A.zh.md": marked, ".obsidian/types.json": types})
    problems = [p for p in check_vault(Vault.load(root)) if p.code.startswith("property")]
    assert not problems and len(stale(root)) == 1
