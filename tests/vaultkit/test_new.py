"""Guards `vaultkit new`: a pair that passes the lint, and nothing ever overwritten."""

import pytest

from vaultkit.check import check_vault
from vaultkit.errors import VaultError
from vaultkit.new import new_note
from vaultkit.vault import Vault

HOUSE = '{"types": {"kind": "text", "mastery": "text", "prerequisites": "multitext"}}'


@pytest.mark.parametrize(
    ("title", "zh"),
    [
        ("Chunked prefill", "分块预填充"),
        ("Plain", ""),
        ("Transformer architecture, block by block", '架构：逐块、[详解], #1: "a" {b}'),
        ("yes", "null"),
        ("v1.5 (draft) & more", "- 列表"),
    ],
)
def test_the_new_pair_passes_the_lint(make_vault, title: str, zh: str) -> None:
    root = make_vault({".obsidian/types.json": HOUSE})
    files = new_note(Vault.load(root), "concept", title, zh)
    assert [file.relative_to(root).as_posix() for file in files] == [
        f"concepts/{title}.md", f"concepts/{title}.zh.md",
    ]  # fmt: skip
    vault = Vault.load(root)
    said = [(p.path, p.code, p.severity) for p in check_vault(vault)]
    assert said == [(path, "draft", "warning") for path in sorted(vault.notes)]  # to be written, and no more
    assert vault.notes[f"concepts/{title}.zh.md"].title == (zh or title)
    assert vault.notes[f"concepts/{title}.md"].aliases == ([zh] if zh else [])


@pytest.mark.parametrize(
    "title",
    ["", " x", "a/b", "a\\b", "a: b", "a#b", "a^b", "a|b", "[a]", "a?", 'a"b', "..", "../x", ".hidden",
     "a\nb",
     "x" * 121, "x.zh", "x%%"],
)  # fmt: skip
def test_illegal_names_are_refused(make_vault, title: str) -> None:
    root = make_vault({})
    with pytest.raises(VaultError, match="illegal-name"):
        new_note(Vault.load(root), "concept", title)
    assert not list(root.rglob("*.md"))


@pytest.mark.parametrize(
    ("title", "zh"), [("kv cache", ""), ("Only zh", ""), ("KV 缓存", ""), ("N", "KV 缓存")]
)
def test_nothing_is_overwritten(make_vault, title: str, zh: str) -> None:
    files = {"a/KV cache.md": "---\naliases: [KV 缓存]\n---\n", "concepts/Only zh.zh.md": "中文"}
    root = make_vault(files)
    with pytest.raises(VaultError, match="note-exists"):
        new_note(Vault.load(root), "concept", title, zh)
    assert {f.relative_to(root).as_posix(): f.read_text() for f in root.rglob("*.md")} == files
