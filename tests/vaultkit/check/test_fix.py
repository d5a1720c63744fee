"""Guards `check --fix`: it mends exactly what it names, keeps every other byte, and is done after one run."""

from vaultkit.check import check_vault
from vaultkit.check.fix import fix
from vaultkit.vault import Vault


def fixed(root) -> list[str]:
    changed = fix(Vault.load(root))
    assert fix(Vault.load(root)) == []
    return changed


def test_aliases(make_vault) -> None:
    text = (
        '---\r\nprerequisites: ["[[键值缓存]]"]\r\n---\r\n'
        "[[键值缓存]] [[键值缓存#^id|x]] ![[键值缓存]] `[[键值缓存]]`\r\n"
        "\r\n| [[KV 缓存]] |\r\n| - |\r\n[[Nowhere]]"
    )
    root = make_vault({
        "c/KV cache.md": "---\naliases: [键值缓存]\n---\ntext ^id\n",
        "c/KV cache.zh.md": "---\ntitle: KV 缓存\nlang: zh\n---\n文字 ^id\n",
        "S.md": text,
    })  # fmt: skip
    assert fixed(root) == ["S.md"]
    assert (root / "S.md").read_bytes().decode() == (
        '---\r\nprerequisites: ["[[KV cache|键值缓存]]"]\r\n---\r\n'
        "[[KV cache|键值缓存]] [[KV cache#^id|x]] ![[KV cache]] `[[键值缓存]]`\r\n"
        "\r\n| [[KV cache\\|KV 缓存]] |\r\n| - |\r\n[[Nowhere]]"
    )
    assert [problem.code for problem in check_vault(Vault.load(root))] == ["unresolved-link"]


def test_links_to_several_files_get_the_path_of_the_one_meant(make_vault) -> None:
    text = (
        "---\nup: '[[Bob''s note]]'\nsee: '[[twin]]'\n---\n"
        "[[Twin]] [[Twin#H|x]] ![[Twin#^b]] [t](Twin.md#H) [t](<Twin.md>) ![i](fig.png)\n"
        "| [[Twin]] |\n| - |\n"
    )
    files = {"b's/Twin.md": "# H\ntext ^b\n", "c's/Twin.md": "", "Bob's note.md": "", "S.md": text}
    root = make_vault({**files, "x (1/fig.png": "", "y (1/fig.png": ""})
    assert fixed(root) == ["S.md"]
    assert (root / "S.md").read_text() == (
        "---\nup: '[[Bob''s note]]'\nsee: '[[b''s/Twin|twin]]'\n---\n"
        "[[b's/Twin|Twin]] [[b's/Twin#H|x]] ![[b's/Twin#^b]] [t](b's/Twin.md#H) [t](<b's/Twin.md>) "
        "![i](x%20%281/fig.png)\n| [[b's/Twin\\|Twin]] |\n| - |\n"
    )
    assert "ambiguous-link" not in {problem.code for problem in check_vault(Vault.load(root))}


def test_names_that_differ_in_case_only_are_left_to_a_person(make_vault) -> None:
    root = make_vault({"Twin.md": "", "twin.md": "", "S.md": "[[Twin]]"})
    assert [p.code for p in check_vault(Vault.load(root))] == ["ambiguous-link", "duplicate-name"]
    assert fixed(root) == []


def test_code_is_carried_over(make_vault) -> None:
    english = "```python\nx = 1\n\nprint(x + 2)\n```\n\n```python\ny = 1  # one\n```\n"
    chinese = "\ufeff> [!note]\n> ```python\n> x = 1\n> ```\n\n```python\ny = 1  # 一\n```\n"
    root = make_vault({"A.md": english, "A.zh.md": chinese})
    assert fixed(root) == ["A.zh.md"]
    expected = (
        "\ufeff> [!note]\n> ```python\n> x = 1\n>\n> print(x + 2)\n> ```\n\n```python\ny = 1  # 一\n```\n"
    )
    assert (root / "A.zh.md").read_text() == expected


def test_code_is_not_carried_over_when_blocks_are_missing(make_vault) -> None:
    root = make_vault(
        {"A.md": "```python\nx = 1\n```\n\n```python\ny = 1\n```\n", "A.zh.md": "```python\ny = 1\n```\n"}
    )
    assert fixed(root) == []


def test_ticks_are_carried_over(make_vault) -> None:
    english = (
        "---\nkind: reading-list\n---\n- [x] [A](https://a.org)\n- [ ] [B](https://b.org)\n- [ ] a to-do\n"
    )
    root = make_vault({"L.md": english, "L.zh.md": "- [ ] [甲](https://a.org)\n- [x] [乙](https://b.org)\n"})
    assert fixed(root) == ["L.zh.md"]
    assert (root / "L.zh.md").read_text() == "- [x] [甲](https://a.org)\n- [ ] [乙](https://b.org)\n"


def test_a_note_that_is_not_utf8_is_left_alone(make_vault) -> None:
    root = make_vault({"KV cache.md": "---\naliases: [kv]\n---\n"})
    data = b"[[kv]] \xff\n"
    (root / "Bad.md").write_bytes(data)
    assert fixed(root) == [] and (root / "Bad.md").read_bytes() == data
