"""Guards each rule of the lint: what it reports, at which line, with which hint, and what it leaves alone."""

import pytest

from vaultkit.check import check_vault
from vaultkit.check.fix import fix
from vaultkit.vault import Vault

HOUSE = '{"types": {"kind": "text", "mastery": "text", "prerequisites": "multitext"}}'


def found(root) -> list[tuple[str, int, str]]:
    return [(p.path, p.line, p.code) for p in check_vault(Vault.load(root))]


BARE = "---\ntier: 1\n---\n"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("[[Nowhere]]", "unresolved-link"),
        ("![[nowhere.svg]]", "unresolved-embed"),
        ("![alt](nowhere.png)", "unresolved-embed"),
        ("[text](Nowhere.md)", "unresolved-link"),
        ("> - [ ] see [[Nowhere#x]]", "unresolved-link"),
        ("[[KV cache#Nothing]]", "unresolved-subpath"),
        ("[[KV cache#^nothing]]", "unresolved-subpath"),
        ("[[键值缓存]]", "alias-target"),
        ("[[kv 缓存#Title]]", "alias-target"),
        ("[[Twin]]", "ambiguous-link"),
        ("[[https://example.org]]", "unresolved-link"),
    ],
)
def test_links(make_vault, line: str, code: str) -> None:
    root = make_vault({
        "a/KV cache.md": "---\naliases: [键值缓存]\n---\n# Title\ntext ^id\n",
        "a/KV cache.zh.md": "---\ntitle: KV 缓存\nlang: zh\n---\n# 标题\n文字 ^id\n",
        "bb/Twin.md": "", "cc/Twin.md": "", "fig.svg": "",
        "S.md": f"text\n\n{line}\n",
    })  # fmt: skip
    problems = [problem for problem in found(root) if problem[2] != "duplicate-name"]
    assert problems == [("S.md", 3, code)]


def test_good_links_are_no_problem(make_vault) -> None:
    lines = (
        "[[KV cache]] [[kv cache#title|x]] [[KV cache#^id]] ![[fig.svg|100]] [t](a/KV%20cache.md#Title) "
        "[w](https://example.org) `[[no]]` <!-- [[no]] --> [[#Own]] [[p.pdf#page=3]]\n\n# Own\n"
    )
    root = make_vault({"a/KV cache.md": "# Title\ntext ^id\n", "fig.svg": "", "p.pdf": "", "S.md": lines})
    assert found(root) == []


def test_hints_name_the_mend(make_vault) -> None:
    root = make_vault(
        {"KV cache.md": "---\naliases: [键值缓存]\n---\n", "S.md": "[[KV cachee]] [[键值缓存]]\n"}
    )
    first, second = check_vault(Vault.load(root))
    assert "[[KV cache|键值缓存]]" in first.hint and "[[KV cache]]" in second.hint
    assert str(first).startswith("S.md:1: alias-target [[键值缓存]] is an alias")


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"a/Note.md": "", "b/note.md": ""}, ("b/note.md", 0, "duplicate-name")),
        ({"a#b.md": ""}, ("a#b.md", 0, "illegal-name")),
        (
            {"A.md": "---\naliases: [x]\n---\n", "B.md": "---\ntier: 1\naliases: [X]\n---\n"},
            ("B.md", 3, "duplicate-alias"),
        ),
        ({"A.md": "---\na: [\n---\n"}, ("A.md", 3, "front-matter")),
        ({"A.md": "---\ntier: one\n---\n"}, ("A.md", 2, "property-type")),
        ({"A.md": "---\ntags: one\n---\n"}, ("A.md", 2, "property-type")),
        ({"A.md": "---\ncreated: soon\n---\n"}, ("A.md", 2, "property-type")),
        (
            {"A.md": "---\nprerequisites: [[[B]]]\n---\n", "B.md": "---\ntier: 1\n---\n"},
            ("A.md", 2, "property-type"),
        ),
        (
            {"A.md": "---\nprerequisites: [B]\n---\n", "B.md": "---\ntier: 1\n---\n"},
            ("A.md", 2, "property-type"),
        ),
        ({"A.md": "text\n%%\nhidden\n"}, ("A.md", 2, "comment-unclosed")),
        ({"A.md": "```output\n1\n```\n"}, ("A.md", 1, "output-place")),
        ({"A.md": "<!-- run: skip -->\n```python\n1\n```\n"}, ("A.md", 1, "run-control")),
        ({"A.zh.md": "text"}, ("A.zh.md", 0, "no-english")),
    ],
)
def test_one_problem(make_vault, files: dict[str, str], problem: tuple[str, int, str]) -> None:
    house = {".obsidian/types.json": HOUSE} if problem[2] == "property-type" else {}
    assert found(make_vault({**files, **house})) == [problem]


@pytest.mark.parametrize(
    ("front", "line", "code"),
    [
        ("kind: concpet", 2, "property-value"),
        ("tier: 1\nmastery: good", 3, "property-value"),
        ("prerequisite: []", 2, "property-unknown"),
        ("status: stubb", 2, "property-value"),
    ],
)
def test_properties_of_a_kvist_vault(make_vault, front: str, line: int, code: str) -> None:
    files = {"A.md": f"---\n{front}\n---\n"}
    assert found(make_vault({**files, ".obsidian/types.json": HOUSE})) == [("A.md", line, code)]


def test_foreign_vaults_may_have_their_own_properties(make_vault) -> None:
    assert found(make_vault({"A.md": "---\nrating: 5\nkind: recipe\ntags: a b\nhours: two\n---\n"})) == []


def test_what_only_the_house_forbids_is_a_warning_elsewhere(make_vault) -> None:
    files = {
        "a/Index.md": "---\naliases: [x]\n---\n",
        "b/Index.md": "---\naliases: [x]\n---\n",
        "What?.md": "```output\n1\n```\n%%\nhidden\n",
        "C.zh.md": "",
    }
    foreign = check_vault(Vault.load(make_vault(files)))
    assert [(p.path, p.code, p.severity) for p in foreign] == [
        ("C.zh.md", "no-english", "warning"),
        ("What?.md", "illegal-name", "warning"),
        ("What?.md", "output-place", "warning"),
        ("What?.md", "comment-unclosed", "warning"),
        ("b/Index.md", "duplicate-name", "warning"),
        ("b/Index.md", "duplicate-alias", "warning"),
    ]
    own = check_vault(Vault.load(make_vault({".obsidian/types.json": HOUSE})))
    warned = {(p.code, p.severity) for p in foreign} - {(p.code, p.severity) for p in own}
    assert warned == {(p.code, "warning") for p in foreign} and len(own) > len(foreign)
    assert {p.code for p in own if p.severity == "warning"} == {"no-chinese", "property-missing"}


def test_nothing_is_said_of_excluded_files_but_links_into_them_lead_there(make_vault) -> None:
    filters = '{"userIgnoreFilters": ["archive/", "/^old\\\\d/", "/(/", 5]}'
    root = make_vault({
        ".obsidian/app.json": filters, "archive/A.md": "[[Nowhere]]", "old1/B.md": "[[Nowhere]]",
        "C.md": "[[A]] [[B]] [[Gone]]",
    })  # fmt: skip
    assert found(root) == [("C.md", 1, "unresolved-link")]


def test_chinese_notes_have_title_and_lang_only(make_vault) -> None:
    root = make_vault({
        "A.md": "---\ntier: 1\n---\n", "A.zh.md": "---\ntitle: 甲\nlang: zh\naliases: [乙]\n---\n",
        "B.md": "---\ntier: 1\n---\n", "B.zh.md": "text", ".obsidian/types.json": HOUSE,
    })  # fmt: skip
    assert found(root) == [("A.zh.md", 4, "property-language"), ("B.zh.md", 1, "property-language")]


SECTIONS = ["Overview", "Why It Matters", "Key Ideas", "Mathematical Details", "Implementation Notes",
            "Common Pitfalls", "What this note does not cover", "Self-check", "Resources"]  # fmt: skip


def concept(
    sections: list[str], front: str = "kind: concept", claim: str = "> [!abstract] Claim\n> 1\n\n"
) -> str:
    return f"---\n{front}\n---\n# A\n\n{claim}" + "".join(f"## {name}\ntext\n" for name in sections)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (concept(SECTIONS), []),
        (concept(SECTIONS[:2] + SECTIONS[3:]), [("A.md", 0, "skeleton")]),
        (concept([SECTIONS[1], SECTIONS[0], *SECTIONS[2:]]), [("A.md", 9, "skeleton")]),
        (concept(SECTIONS, claim=""), [("A.md", 4, "skeleton")]),
        (concept([], front="kind: concept\nstatus: stub", claim=""), []),
        (concept([], front="kind: paper", claim=""), []),
    ],
)
def test_skeleton(make_vault, text: str, problems: list[tuple[str, int, str]]) -> None:
    assert found(make_vault({"A.md": text, ".obsidian/types.json": HOUSE})) == problems
    assert found(make_vault({"A.md": text, ".obsidian/types.json": "{}"})) == []


def test_missing_headings_are_one_line_in_their_order(make_vault) -> None:
    root = make_vault({"A.md": concept([SECTIONS[3]]), ".obsidian/types.json": HOUSE})
    (problem,) = check_vault(Vault.load(root))
    names = ", ".join(f"`## {name}`" for name in SECTIONS if name != SECTIONS[3])
    assert problem.message == f"{names} are missing"


def test_an_untouched_skeleton_is_said_to_be_unwritten(make_vault) -> None:
    text = concept(SECTIONS).replace("text\n", "\n", 3)
    root = make_vault({"A.md": text, ".obsidian/types.json": HOUSE})
    (problem,) = check_vault(Vault.load(root))
    assert (problem.code, problem.severity) == ("draft", "warning") and "3 of 9 sections" in problem.message


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("import kvist, mlx.core as mx, numpy as np, json\nfrom kvist.cache import RadixCache", 0),
        ("from mlx import core as mx\nimport collections.abc, __future__", 0),
        ("x = 1\nimport torch", 5),
        ("from transformers.models import x", 4),
        ("def f():\n    import mlx.nn", 5),
        ("from kvist import _kernels", 4),
        ("import kvist._kernels", 4),
    ],
)
def test_imports_of_a_kvist_vault(make_vault, code: str, line: int) -> None:
    text = f"---\ntier: 1\n---\n\n\n```python\n{code}\n```\n"
    line += 3 if line else 0
    root = make_vault({"A.md": text, ".obsidian/types.json": HOUSE})
    assert found(root) == ([("A.md", line, "note-import")] if line else [])
    required = text.replace("```python", "<!-- run: requires torch -->\n```python")
    skipped = text.replace("```python", '<!-- run: skip "why" -->\n```python')
    root = make_vault({"A.md": skipped})
    assert found(root) == []
    if "torch" in code:
        assert found(make_vault({"A.md": required})) == []
    assert found(make_vault({"A.md": text, ".obsidian/types.json": "{}"})) == [], "only in a Kvist vault"


ENGLISH = "# T\n\n## A ^no\n\ntext ^id\n\n```python\nprint('a')  # say\n```\n```output\na\n```\n"


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("", "", 0, ""),
        ("# say", "# 说", 0, ""),
        ("print('a')", "print('甲')", 0, ""),
        ("\na\n", "\nb\n", 9, "parity-output"),
        ("print('a')", "print('a', 1)", 7, "parity-code"),
        ("```python", "<!-- run: fresh -->\n```python", 8, "parity-code"),
        ("```python", "<!-- run: setup\nx = 1\n-->\n```python", 10, "parity-code"),
        ("```output", "```\n```python\nx = 1\n```\n```output", 11, "parity-code"),
        (" ^id", "", 0, "parity-block-id"),
        (" ^id", " ^id\n\nmore ^other", 7, "parity-block-id"),
        ("## A", "### A", 3, "parity-headings"),
        ("## A ^no\n", "", 0, "parity-headings"),
    ],
)  # fmt: skip
def test_parity(make_vault, old: str, new: str, line: int, code: str) -> None:
    chinese = ENGLISH.replace(old, new, 1) if old else ENGLISH
    if "x = 1\n```" in new and "python" in new and "setup" not in new:
        chinese = ENGLISH + "\n```python\nx = 1\n```\n"
        line = 14
    problems = found(make_vault({"A.md": ENGLISH, "A.zh.md": chinese}))
    assert problems == ([("A.zh.md", line, code)] if code else [])


def test_parity_sees_f_strings_and_numbers(make_vault) -> None:
    english = "```python\nx = 2\nprint(f'cache {x:.1f} bytes')\n```\n```output\ncache 2.0 bytes\n```\n"
    same = english.replace("cache {", "缓存 {").replace("cache 2.0", "缓存 2.0")
    assert found(make_vault({"A.md": english, "A.zh.md": same})) == []
    other = same.replace("{x:.1f}", "{x + 1:.1f}")
    assert found(make_vault({"A.md": english, "A.zh.md": other})) == [("A.zh.md", 1, "parity-code")]


PROSE = "> [!note] Title\n> See [[K]].\n\n> [!tip]- Fold\n> text\n\n![[fig.svg]] and [[A.zh|中文]]\n"


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        ("Title", "标题", []),
        ("[!tip]- Fold", "[!TIP]+ 折", []),
        ("[[K]]", "[[K|别名]] 与 [[K]]", []),
        ("[!tip]", "[!warning]", [("A.zh.md", 4, "parity-callouts")]),
        ("> [!tip]- Fold\n> text\n", "", [("A.zh.md", 0, "parity-callouts")]),
        ("[[K]]", "K", [("A.zh.md", 0, "parity-links")]),
        ("[[K]]", "[[K]] [[L]]", [("A.zh.md", 2, "parity-links")]),
        ("![[fig.svg]]", "", [("A.zh.md", 0, "parity-links")]),
    ],
)
def test_callouts_and_links_of_a_pair(make_vault, old: str, new: str, problems: list) -> None:
    chinese = PROSE.replace("[[A.zh|中文]]", "[[A|English]]").replace(old, new)
    files = {"A.md": PROSE, "A.zh.md": chinese, "K.md": "", "L.md": "", "fig.svg": ""}
    assert found(make_vault(files)) == problems


LIST = (
    "---\nkind: reading-list\n---\n# L\n\n"
    "- [ ] [A](https://a.org) [priority:: P1] [minutes:: 5] [[L]]\n- [x] [B](https://b.org)\n"
)


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("P1", "high", 6, "list-item"),
        ("minutes:: 5", "minutes:: five", 6, "list-item"),
        ("minutes::", "minuts::", 6, "list-item"),
        ("[A](https://a.org) [priority:: P1] [minutes:: 5] [[L]]", "A [minutes:: 5]", 6, "list-item"),
        ("minutes:: 5", "read:: 2026-02-30", 6, "list-item"),
        ("minutes:: 5", "date:: last week", 6, "list-item"),
        ("[B](https://b.org)", "[A](https://a.org) [[L]]", 7, "list-item"),
        ("[[L]]", "[after:: L]", 6, "list-item"),
    ],
)
def test_list_items(make_vault, old: str, new: str, line: int, code: str) -> None:
    assert found(make_vault({"L.md": LIST.replace(old, new)})) == [("L.md", line, code)]


@pytest.mark.parametrize(
    ("old", "new", "line", "code"),
    [
        ("[A]", "[甲]", 0, ""),
        ("[x]", "[ ]", 6, "parity-tick"),
        ("https://b.org", "https://c.org", 6, "parity-list"),
        ("P1", "P2", 5, "parity-list"),
        ("[[L]]", "[[K]]", 5, "parity-list"),
        ("- [x] [B](https://b.org)\n", "", 0, "parity-list"),
    ],
)
def test_list_pairs(make_vault, old: str, new: str, line: int, code: str) -> None:
    chinese = LIST.replace("---\nkind: reading-list\n---", "\n", 1).replace(old, new)
    problems = found(make_vault({"K.md": "", "L.md": LIST, "L.zh.md": chinese}))
    assert problems == ([("L.zh.md", line, code)] if code else [])


def test_bad_bytes_are_reported_and_the_rest_goes_on(make_vault) -> None:
    root = make_vault({"Good.md": "[[Nowhere]]\n", "Nul.md": "a\nb\0\n", "Empty.md": ""})
    (root / "Bad.md").write_bytes(b"one\ntwo \xff\xfe [[Nowhere]]\n")
    assert found(root) == [
        ("Bad.md", 2, "encoding"),
        ("Bad.md", 2, "unresolved-link"),
        ("Good.md", 1, "unresolved-link"),
        ("Nul.md", 2, "encoding"),
    ]


def test_links_out_of_the_vault_are_not_followed(make_vault, tmp_path) -> None:
    root = make_vault({"A.md": ""})
    (tmp_path / "secret.md").write_text("[[Nowhere]]")
    (root / "Out.md").symlink_to(tmp_path / "secret.md")
    (root / "Gone.md").symlink_to(tmp_path / "nothing.md")
    (root / "folder").symlink_to(tmp_path)
    vault = Vault.load(root)
    assert set(vault.notes) == {"A.md"}
    found = [(p.path, p.code, p.severity) for p in check_vault(vault)]
    assert found == [(path, "symbolic-link", "warning") for path in ("Gone.md", "Out.md", "folder")]


def test_templates_are_files_but_no_notes(make_vault) -> None:
    root = make_vault({
        "templates/T.md": "---\na: {{date}}\n---\n[[{{title}}]]\n", "A.md": "[[T]]\n",
        ".obsidian/templates.json": '{"folder": "templates"}',
    })  # fmt: skip
    vault = Vault.load(root)
    assert "templates/T.md" in vault.files and set(vault.notes) == {"A.md"} and check_vault(vault) == []


def test_a_note_of_a_kvist_vault_has_properties_and_a_pair_and_english_links(make_vault) -> None:
    front, zh = "---\ntier: 1\n---\n", "---\ntitle: 甲\nlang: zh\n---\n"
    files = {
        "a/A.md": f"{front}[[A.zh|中文]]\n[[B.zh]] [[B.zh#H|h]] ![[a/B.zh]] [t](B.zh.md) [[B]] `[[B.zh]]`\n",
        "a/A.zh.md": f"{zh}[[A]] [[B]]\n[[B.zh|乙]]\n", "a/B.md": f"{front}# H\n", "a/B.zh.md": f"{zh}# H\n",
        "Bare.md": "text\n", "Bare.zh.md": f"{zh}文\n", "Lone.md": front,
    }  # fmt: skip
    root = make_vault({**files, ".obsidian/types.json": HOUSE})
    problems = check_vault(Vault.load(root))
    assert [(p.path, p.line, p.code, p.severity) for p in problems] == [
        ("Bare.md", 0, "property-missing", "warning"),
        ("Lone.md", 0, "no-chinese", "warning"),
        *[("a/A.md", 5, "link-language", "error")] * 4,
        ("a/A.zh.md", 6, "link-language", "error"),
    ]
    assert "Lone.zh.md" in problems[1].message
    fix(Vault.load(root))
    assert (root / "a/A.md").read_text() == (
        f"{front}[[A.zh|中文]]\n[[B]] [[B#H|h]] ![[a/B]] [t](B.md) [[B]] `[[B.zh]]`\n"
    )
    assert {p.code for p in check_vault(Vault.load(root))} == {"property-missing", "no-chinese"}
    (root / ".obsidian" / "types.json").unlink()
    for path, text in files.items():
        (root / path).write_text(text)
    assert found(root) == [], "only in a Kvist vault"


def test_a_kvist_vault_in_english_alone_lacks_no_pairs(make_vault) -> None:
    assert found(make_vault({"A.md": "---\ntier: 1\n---\n", ".obsidian/types.json": HOUSE})) == []
