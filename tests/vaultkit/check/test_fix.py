"""Guards `check --fix`: it mends exactly what it names, keeps every other byte, and is done after one run."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from vaultkit.check import check_vault
from vaultkit.check.fix import fix
from vaultkit.cli import main
from vaultkit.scan import scan
from vaultkit.vault import Vault


def fixed(root) -> list[str]:
    changed = list(dict.fromkeys(one.path for one in fix(Vault.load(root))))
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


def test_missing_blocks_are_put_in_their_place(make_vault) -> None:
    english = (
        "# T\n\nOne.\n\n<!-- run: setup\nimport math\n-->\n```python\nx = 1\n```\n```output\n1\n```\n\n"
        "## A\n\nTwo.\n\n"
        '```python\ny = 2\n```\n\nThree.\n\n<!-- run: skip "why" -->\n```python\nprint(1 / 0)\n```\n\n'
        "## B\n\n"
        "> [!note]\n> ```python\n> z = [x, y]\n> ```\n\nEnd.\n"
    )
    chinese = (
        "# 题\n\n一。\n\n## 甲\n\n二。\n\n```python\ny = 2\n```\n三。\n\n## 乙\n\n> [!note]\n> 注\n\n完。"
    )
    root = make_vault({"A.md": english, "A.zh.md": chinese})
    assert fixed(root) == ["A.zh.md"]
    assert (root / "A.zh.md").read_text() == (
        "# 题\n\n一。\n\n<!-- run: setup\nimport math\n-->\n```python\nx = 1\n```\n```output\n1\n```\n\n"
        "## 甲\n\n二。\n\n"
        '```python\ny = 2\n```\n三。\n\n<!-- run: skip "why" -->\n```python\nprint(1 / 0)\n```\n\n## 乙\n\n'
        "> [!note]\n> 注\n\n```python\nz = [x, y]\n```\n\n完。"
    )
    assert check_vault(Vault.load(root)) == []


def test_a_missing_first_block_stands_before_the_prose_that_follows_it(make_vault) -> None:
    english = (
        "# T\n\n```python\nb = 1\n```\n\nIt is one.\nSo.\n\n- a\n\n- b\n\n```python\na = 2\n```\n\nTwo.\n"
    )
    chinese = "# 题\n\n是一。\n\n- 甲\n\n- 乙\n\n是二。\n"
    root = make_vault({"A.md": english, "A.zh.md": chinese})
    assert [str(one) for one in fix(Vault.load(root))] == [
        "A.zh.md:3: new block: as A.md:3", "A.zh.md:13: new block: as A.md:14"
    ]  # fmt: skip
    assert (root / "A.zh.md").read_text() == (
        "# 题\n\n```python\nb = 1\n```\n\n是一。\n\n- 甲\n\n- 乙\n\n```python\na = 2\n```\n\n是二。\n"
    )


def test_it_says_what_it_has_done_line_by_line(make_vault, monkeypatch, capsys) -> None:
    english = "```python\nx = 1\n```\n\n```python\ny = 2\n```\n\n<!-- run: fresh -->\n```python\nz = 3\n```\n"
    chinese = "```python\nx = 7\n```\n\n[[乙]]\n\n```python\nz = 3\n```\n"
    root = make_vault({"A.md": english, "A.zh.md": chinese, "B.md": "---\naliases: [乙]\n---\n"})
    monkeypatch.chdir(root.parent)
    main(["check", "--fix"])
    done = [line for line in capsys.readouterr().out.splitlines() if line.startswith("fixed")]
    assert done == [
        "fixed vault/A.zh.md:1: code: as vault/A.md:1",
        "fixed vault/A.zh.md:5: new block: as vault/A.md:5",
        "fixed vault/A.zh.md:9: [[乙]] is now [[B|乙]]",
        "fixed vault/A.zh.md:11: set-up and control: as vault/A.md:10",
    ]
    lines = (root / "A.zh.md").read_text().splitlines()
    assert (lines[4], lines[8], lines[10]) == ("```python", "[[B|乙]]", "<!-- run: fresh -->")
    (root / "A.zh.md").write_text(chinese)
    main(["check", "--fix", "--json"])
    assert json.loads(capsys.readouterr().out)["fixed"] == ["A.zh.md"]


PIECE = st.sampled_from(["prose", "prose", "list", "callout", "block", "block", "gone", "gone", "## H"])


@given(st.lists(PIECE, max_size=14), st.booleans())
def test_every_missing_block_gets_its_place(tmp_path_factory, pieces: list[str], ends: bool) -> None:
    """Both languages have the same pieces in the same order after, wherever blocks were missing."""
    root = tmp_path_factory.mktemp("vault")
    shapes = {
        "prose": "{n}",
        "list": "- {n}\n\n- {n}.\n\n{n}",
        "callout": "> [!note]\n> {n}\n>\n> {n}.\n\n{n}",
        "## H": "## {n}",
    }
    code = "```python\nv = {n}\n```\n```output\n{n}\n```"
    whole, short = [], []
    for number, piece in enumerate(pieces):
        mark = (number * 7) % 17  # missing blocks stand in any order of their text
        text = shapes.get(piece, code).format(n=mark)
        whole.append(text)
        short += [text] if piece != "gone" else []
    last = "\n" if ends else ""
    (root / "A.md").write_text("\n\n".join(whole) + last)
    (root / "A.zh.md").write_text("\n\n".join(short) + last)
    fix(Vault.load(root))
    found = re.sub(r"\n\n+", "\n\n", (root / "A.zh.md").read_text()).strip()
    assert found == "\n\n".join(whole)


def test_set_up_and_control_comments_are_carried_over(make_vault) -> None:
    english = (
        "<!-- run: setup\nimport math\n-->\n<!-- run: raises ValueError -->\n"
        "```python\nmath.sqrt(-1)\n```\n\n"
        '<!-- run: skip "needs a GPU" -->\n```python\nx = 1\n```\n'
    )
    chinese = (
        "- 项\n\n  <!-- run: setup\n  import cmath\n  -->\n\n  话。\n\n"
        '  ```python title="开方"\n  math.sqrt(-1)\n  ```\n\n'
        '<!-- run: skip "需要显卡" -->\n```python\nx = 1\n```\n'
    )
    root = make_vault({"A.md": english, "A.zh.md": chinese})
    assert fixed(root) == ["A.zh.md"]
    assert (root / "A.zh.md").read_text() == (
        "- 项\n\n\n  话。\n\n  <!-- run: setup\n  import math\n  -->\n  <!-- run: raises ValueError -->\n"
        '  ```python title="开方"\n  math.sqrt(-1)\n  ```\n\n'
        '<!-- run: skip "需要显卡" -->\n```python\nx = 1\n```\n'
    ), "a translated reason stays"
    assert check_vault(Vault.load(root)) == []


def test_a_block_of_the_translation_alone_stays_and_is_reported(make_vault) -> None:
    chinese = "```python\nx = 1\n```\n\n```python\nimport os\nprint(os.name, 17)\n```\n"
    root = make_vault({"A.md": "```python\nx = 1\n```\n", "A.zh.md": chinese})
    assert fixed(root) == []
    assert [(p.line, p.code) for p in check_vault(Vault.load(root))] == [(5, "parity-code")]


BLOCKS = [
    f"```python\nvalue_{n} = {n}\nprint(value_{n} + {n})\n```\n```output\n{2 * n}\n```\n" for n in range(6)
]


@given(st.data())
def test_prose_is_never_touched(tmp_path_factory, data: st.DataObject) -> None:
    """Blocks dropped, changed or put into callouts in the translation: the code is mended, no prose moves."""
    root = tmp_path_factory.mktemp("vault")
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    english, chinese = ["# T\n"], ["# 题\n"]
    for number, block in enumerate(BLOCKS):
        if data.draw(st.booleans()):
            english.append(f"## H{number}\n")
            chinese.append(f"## 题{number}\n")
        english += [f"Prose {number}.\n", block]
        chinese.append(f"文字{number}。\n")
        copy = data.draw(st.sampled_from(["same", "same", "gone", "changed", "callout"]))
        if copy == "callout":
            chinese.append("> [!note]\n" + "".join(f"> {line}\n" for line in block.splitlines()))
        elif copy != "gone":
            chinese.append(block.replace("+", "*") if copy == "changed" else block)
    (root / "A.md").write_bytes("\n".join(english).replace("\n", end).encode())
    before = "\n".join(chinese).replace("\n", end)
    (root / "A.zh.md").write_bytes(before.encode())
    fix(Vault.load(root))
    after = (root / "A.zh.md").read_bytes().decode()
    assert prose(after) == prose(before)
    assert after.count("\n") == after.count(end)
    problems = [p for p in check_vault(Vault.load(root)) if p.code == "parity-code"]
    assert not problems, (problems, after)
    assert fix(Vault.load(root)) == []


def prose(text: str) -> list[str]:
    scanned = scan(text)
    kept = (scanned.lines[number - 1] for number in scanned.text_lines())
    return [line for line in kept if line.strip(" >")]


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
