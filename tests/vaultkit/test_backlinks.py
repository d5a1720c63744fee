"""Guards backlinks: language pairs count as one note, and each comes with the sentence of the link."""

import pytest

from vaultkit.backlinks import Backlink, backlinks
from vaultkit.pairs import canonical, pair_of, translated
from vaultkit.vault import Vault

FILES = {
    "KV cache.md": "# KV cache\n[[KV cache.zh|中文]] [[#KV cache]]\n",
    "KV cache.zh.md": "---\ntitle: KV 缓存\nlang: zh\n---\n[[KV cache|English]]\n",
    "A.md": (
        '---\nprerequisites: ["[[KV cache]]"]\n---\n'
        "First sentence. The **[[KV cache|cache]]** of\nthe `model`, e.g. 3.5 bytes. Last one.\n\n"
        "> [!note] Title\n> - [ ] An item with [[KV cache#KV cache]]. Next.\n\n| a | [[KV cache]] |\n"
    ),
    "A.zh.md": "---\ntitle: 甲\n---\n前一句。这里是 [[KV cache|KV 缓存]]，很好！后一句。\n",
    "B.zh.md": "只有中文：[[KV cache]]\n",
}


def test_backlinks_in_english(make_vault) -> None:
    found = backlinks(Vault.load(make_vault(FILES)))
    assert list(found) == ["KV cache.md"]
    assert found["KV cache.md"] == [
        Backlink("A.md", 2, ""),
        Backlink("A.md", 4, "The cache of the `model`, e.g. 3.5 bytes."),
        Backlink("A.md", 8, "An item with KV cache > KV cache."),
        Backlink("A.md", 10, "a | KV cache"),
        Backlink("B.zh.md", 1, "只有中文：KV cache"),
    ]


def test_backlinks_in_chinese(make_vault) -> None:
    found = backlinks(Vault.load(make_vault(FILES)), "zh")
    assert found["KV cache.md"] == [
        Backlink("A.md", 2, ""),  # properties stand in the English file for both
        Backlink("A.zh.md", 4, "这里是 KV 缓存，很好！"),
        Backlink("B.zh.md", 1, "只有中文：KV cache"),
    ]


def test_pairs(make_vault) -> None:
    vault = Vault.load(make_vault(FILES))
    assert pair_of(vault, "A.md") == "A.zh.md" and pair_of(vault, "A.zh.md") == "A.md"
    assert pair_of(vault, "B.zh.md") is None
    assert canonical("x/A.zh.md") == canonical("x/A.md") == "x/A.md"
    assert translated("x/A.md") == translated("x/A.zh.md") == "x/A.zh.md"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (r"The *ratio* $r=\pi_{ref}/\pi_\theta$ of [[B]] and `a_b*c_`, _so_ ==it== is.", None),
        ("## Heading on **[[B]]**", "Heading on B"),
        ("- [x] done [[B|b]] ^id", "done b"),
        ("Before. See <!-- no --> ![[f.svg]] [t](B.md) %% with [[B]] %%", "See   t  with B "),
        ("e.g. [[B]] vs. C. Next", "e.g. B vs. C."),
        ("One. [Why? Because](https://x.org) [[B]] y. Z", "[Why? Because](https://x.org) B y."),
    ],
)
def test_sentences(make_vault, text: str, sentence: str | None) -> None:
    vault = Vault.load(make_vault({"A.md": text + "\n", "B.md": "", "f.svg": ""}))
    if sentence is None:
        sentence = r"The ratio $r=\pi_{ref}/\pi_\theta$ of B and `a_b*c_`, so it is."
    assert backlinks(vault)["B.md"][0].sentence == sentence.strip()
