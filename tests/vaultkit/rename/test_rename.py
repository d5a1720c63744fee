"""Guards `vaultkit rename`: what it rewrites and how, what it leaves alone, and what it refuses."""

import json
from pathlib import Path

import pytest

from vaultkit.cli import main
from vaultkit.errors import VaultError
from vaultkit.rename import plan_rename
from vaultkit.vault import Vault

BASE = {"c/Old.md": "# H\ntext ^b\n", "c/Other.md": "", "d/S.md": ""}


def rename(root: Path, old: str, new: str) -> None:
    assert plan_rename(Vault.load(root), old, new).write() == []
    assert not (root / ".kvist-journal").exists()


@pytest.mark.parametrize(
    ("link", "moved", "renamed"),
    [
        ("[[Old]]", "[[New]]", "[[New]]"),
        ("[[old.md]]", "[[New.md]]", "[[New.md]]"),
        ("[[ Old #H|the text ]]", "[[ New #H|the text ]]", "[[ New #H|the text ]]"),
        ("![[Old#^b|x]]", "![[New#^b|x]]", "![[New#^b|x]]"),
        ("| [[Old\\|x]] |", "| [[New\\|x]] |", "| [[New\\|x]] |"),
        ("[[c/Old|x]]", "[[p/New|x]]", "[[c/New|x]]"),
        ("[[/c/Old]]", "[[/p/New]]", "[[/c/New]]"),
        ("[[../c/Old]]", "[[../p/New]]", "[[../c/New]]"),
        ("[t](Old.md)", "[t](New.md)", "[t](New.md)"),
        ("[t](c/Old)", "[t](p/New)", "[t](c/New)"),
        ('[t](../c/Old.md#H "T")', '[t](../p/New.md#H "T")', '[t](../c/New.md#H "T")'),
        ("[t](<../c/Old.md>)", "[t](<../p/New.md>)", "[t](<../c/New.md>)"),
        ("![a\nb](Old.md)", "![a\nb](New.md)", "![a\nb](New.md)"),
        ("[`a]b`](Old.md) [c](Old.md)", "[`a]b`](New.md) [c](New.md)", "[`a]b`](New.md) [c](New.md)"),
        ("`[[Old]]` <!-- [[Old]] --> \\[[Old]] [w](https://x.org/Old.md)", None, None),
        ("%% [[Old]] %%", "%% [[New]] %%", "%% [[New]] %%"),
        ("[[Other]] [[Nowhere]] [[#H]] [[Old.png]]", None, None),
    ],
)
def test_links(make_vault, link: str, moved: str | None, renamed: str | None) -> None:
    for new, expected in (("p/New", moved), ("New", renamed)):
        root = make_vault({**BASE, "d/S.md": f"\ufeff{link}\r\n{link}"})
        rename(root, "Old", new)
        lines = (root / "d/S.md").read_bytes().decode("utf-8")
        assert lines == f"\ufeff{expected or link}\r\n{expected or link}"
        for path in (root / "p/New.md", root / "c/New.md"):
            path.unlink(missing_ok=True)


def test_names_that_a_markdown_link_must_encode(make_vault) -> None:
    root = make_vault({**BASE, "d/S.md": "[t](Old.md) [t](<Old.md>) [[Old]]\n"})
    rename(root, "Old", "100% (new 键")
    assert (root / "d/S.md").read_text() == (
        "[t](100%25%20%28new%20键.md) [t](<100%25 (new 键.md>) [[100% (new 键]]\n"
    )
    rename(root, "100% (new 键", "a (b)")
    assert (root / "d/S.md").read_text() == "[t](a%20(b).md) [t](<a (b).md>) [[a (b)]]\n"


def test_front_matter_keeps_its_quoting(make_vault) -> None:
    text = (
        '---\r\nup: \'[[Old]]\'\r\nlist:\r\n  - "[[Old|x]]"\r\n  - "[[Old#\\u0048]]"\r\n'
        "also: \"[[Old]]\"\r\nfold: >-\r\n  [[Old]]\r\nplain: [[Old]]\r\nesc: '[[Old|it''s]]'\r\n---\r\n"
    )
    root = make_vault({**BASE, "d/S.md": text})
    rename(root, "Old", "Bob's")
    assert (root / "d/S.md").read_bytes().decode() == (
        "---\r\nup: '[[Bob''s]]'\r\nlist:\r\n  - \"[[Bob's|x]]\"\r\n  - \"[[Bob's#H]]\"\r\n"
        "also: \"[[Bob's]]\"\r\nfold: >-\r\n  [[Bob's]]\r\nplain: [[Old]]\r\n"
        "esc: '[[Bob''s|it''s]]'\r\n---\r\n"
    )


def test_the_language_pair_moves_along(make_vault) -> None:
    root = make_vault(
        {"c/Old.md": "[[Old.zh|中文]]", "c/Old.zh.md": "[[Old|English]]", "S.md": "[[Old.zh]] [[old]]"}
    )
    rename(root, "Old.zh", "p/New")
    assert not (root / "c/Old.md").exists() and not (root / "c/Old.zh.md").exists()
    assert (root / "p/New.md").read_text() == "[[New.zh|中文]]"
    assert (root / "p/New.zh.md").read_text() == "[[New|English]]"
    assert (root / "S.md").read_text() == "[[New.zh]] [[New]]"


def test_links_inside_a_moved_note_stay_right(make_vault) -> None:
    files = {
        "a/Old.md": "[[./Near]] [[../b/Far]] [n](./Near.md) [f](../b/Far.md) [[Twin]] [[Old#x]] [[#x]]",
        "a/Near.md": "", "b/Far.md": "", "a/Twin.md": "", "b/Twin.md": "",
    }  # fmt: skip
    root = make_vault(files)
    rename(root, "Old", "b/deep/Old")
    assert (root / "b/deep/Old.md").read_text() == (
        "[[../../a/Near]] [[../Far]] [n](../../a/Near.md) [f](../Far.md) [[a/Twin]] [[Old#x]] [[#x]]"
    )


def test_links_that_the_new_name_would_capture_are_made_clear(make_vault) -> None:
    root = make_vault({**BASE, "deep/er/New.md": "", "d/S.md": "[[New]] [n](New.md) [[Old]]"})
    rename(root, "Old", "d/New")
    assert (root / "d/S.md").read_text() == "[[deep/er/New]] [n](deep/er/New.md) [[New]]"


def test_a_link_that_led_nowhere_is_named_when_it_will_lead_somewhere(make_vault) -> None:
    plan = plan_rename(Vault.load(make_vault({**BASE, "d/S.md": "\n[[New]]"})), "Old", "New")
    assert [(n.path, n.line, n.code) for n in plan.notices] == [("d/S.md", 2, "link-resolves")]


def test_a_name_with_dots_or_an_extension(make_vault) -> None:
    root = make_vault({**BASE, "v2.png": "", "d/S.md": "[[Old]] ![[v2.png]]"})
    rename(root, "Old", "v2.png.md")
    assert (root / "c/v2.png.md").is_file()
    assert (root / "d/S.md").read_text() == "[[c/v2.png]] ![[v2.png]]"
    rename(root, "v2.png", "img/v3")
    assert (root / "img/v3.png").is_file()
    assert (root / "d/S.md").read_text() == "[[c/v2.png]] ![[v3.png]]"


@pytest.mark.parametrize(
    ("style", "wiki", "markdown"),
    [
        ("shortest", "p/New", "../p/New.md"),
        ("absolute", "p/New", "../p/New.md"),
        ("relative", "../p/New", "../p/New.md"),
    ],
)
def test_paths_follow_the_vaults_link_format(make_vault, style: str, wiki: str, markdown: str) -> None:
    settings = json.dumps({"newLinkFormat": style})
    root = make_vault({**BASE, "d/S.md": "[[c/Old]] [x](../c/Old.md)", ".obsidian/app.json": settings})
    rename(root, "Old", "p/New")
    assert (root / "d/S.md").read_text() == f"[[{wiki}]] [x]({markdown})"


def test_canvases_bookmarks_and_templates(make_vault) -> None:
    canvas = (
        '{"nodes":[{"id":"1","type":"file", "file" : "c/Old.md","subpath":"#H"},{"id":"2","type":"text",'
        '"text":"see [[Old]]\\n`[[Old]]` \\"file\\": \\"c/Old.md\\" \\u952e"},{"odd":"c/Old.md"}],"edges":[]}'
    )
    bookmarks = '{"items": [{"type":"group","items":[{"type":"file","path":"c/Old.md","title":"Old"}]}]}\n'
    root = make_vault({
        **BASE, "B.canvas": canvas, "broken.canvas": '{"file": "c/Old.md"',
        "T/T.md": "---\na: {{x}}\n---\n[[Old]]",
        ".obsidian/bookmarks.json": bookmarks, ".obsidian/templates.json": '{"folder": "T"}',
        "Q.base": "filters: file.hasLink('Old')\n",
    })  # fmt: skip
    plan = plan_rename(Vault.load(root), "Old", "p/键")
    assert [(n.path, n.line, n.code) for n in plan.notices] == [("Q.base", 1, "base-names-note")]
    assert plan.write() == []
    changed = canvas.replace('"file" : "c/Old.md"', '"file" : "p/键.md"').replace(
        "see [[Old]]", "see [[\\u952e]]"
    )
    assert (root / "B.canvas").read_text() == changed
    assert (root / "broken.canvas").read_text() == '{"file": "c/Old.md"'
    assert (root / "T/T.md").read_text() == "---\na: {{x}}\n---\n[[键]]"
    expected = bookmarks.replace('"c/Old.md"', '"p/键.md"')
    assert (root / ".obsidian/bookmarks.json").read_text() == expected


def test_a_change_of_case_only(make_vault) -> None:
    root = make_vault({**BASE, "d/S.md": "[[old]]"})
    rename(root, "OLD", "OLD")
    assert [path.name for path in (root / "c").iterdir() if path.name.lower() == "old.md"] == ["OLD.md"]
    assert (root / "d/S.md").read_text() == "[[OLD]]"


def test_decomposed_names_on_disk(make_vault) -> None:
    root = make_vault(
        {"Cafe\u0301/Old\u0301.md": "[[Old\u0301]]", "S.md": "[[Oldó]] [[Oló]] [[Ol\u0064o\u0301]]"}
    )
    (root / "Cafe\u0301" / "X\u0301.md").write_text("")
    rename(root, "Café/Old\u0301", "Café/New")
    assert sorted(path.name for path in root.iterdir() if path.is_dir()) == [".obsidian", "Cafe\u0301"]
    assert (root / "Cafe\u0301/New.md").read_text() == "[[New]]"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("Nothing", "New", "no-note"),
        ("Twin", "New", "ambiguous-name"),
        ("Old", "Other", "note-exists"),
        ("Old", "OTHER", "note-exists"),
        ("Old", "d/s", "note-exists"),
        ("Old", "Old", "same-name"),
        ("Old", "c/Old.md", "same-name"),
        ("Old", "", "illegal-name"),
        ("Old", "..", "illegal-name"),
        ("Old", "../New", "illegal-name"),
        ("Old", "a#b", "illegal-name"),
        ("Old", "a|b", "illegal-name"),
        ("Old", "[[x]]", "illegal-name"),
        ("Old", ".hidden", "illegal-name"),
        ("Old", "New.zh", "illegal-name"),
        ("Old", "new:folder/New", "illegal-name"),
        ("Old", "键" * 100, "illegal-name"),
        ("Old", "Other.md/New", "note-exists"),
        ("Old", "c/Other.md/New", "note-exists"),
        ("Link", "New", "symbolic-link"),
        ("Old", "New\0", "illegal-name"),
    ],
)
def test_refusals_change_nothing(make_vault, capsys, old: str, new: str, code: str) -> None:
    root = make_vault({**BASE, "a/Twin.md": "", "b/Twin.md": "", "Other.md/x.md": "[[Old]]", "k.txt": ""})
    (root / "Link.md").symlink_to(root / "d/S.md")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    if code == "note-exists" and new == "Other.md/New":
        plan_rename(Vault.load(root), old, new)  # a folder of that name may be
        return
    with pytest.raises(VaultError, match=code):
        plan_rename(Vault.load(root), old, new)
    assert main(["rename", old, new, str(root), "--write"]) == (2 if code == "no-note" else 1)
    assert "Traceback" not in capsys.readouterr().err
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_note_that_is_not_utf8_stops_it_all(make_vault) -> None:
    root = make_vault(BASE)
    (root / "Bad.md").write_bytes(b"[[Old]] \xff")
    with pytest.raises(VaultError, match="encoding"):
        plan_rename(Vault.load(root), "Old", "New")
    (root / "Bad.md").write_bytes(b"[[Other]] \xff")
    rename(root, "Old", "New")


def test_what_somebody_else_changes_meanwhile_is_not_overwritten(make_vault) -> None:
    root = make_vault({**BASE, "d/S.md": "[[Old]]", "d/T.md": "[[Old]]"})
    plan = plan_rename(Vault.load(root), "Old", "New")
    (root / "d/S.md").write_text("my words [[Old]]")
    assert plan.write() == ["d/S.md"]
    assert (root / "d/S.md").read_text() == "my words [[Old]]" and (root / "d/T.md").read_text() == "[[New]]"


def test_command(make_vault, capsys, monkeypatch) -> None:
    root = make_vault({**BASE, "d/S.md": "x\n[[Old]]\n"})
    monkeypatch.chdir(root.parent)
    assert main(["rename", "vault/c/Old.md", "New"]) == 0
    out = capsys.readouterr().out
    assert (
        "move vault/c/Old.md -> vault/c/New.md\n" in out
        and "-[[Old]]\n+[[New]]\n" in out
        and "--write" in out
    )
    assert (root / "c/Old.md").exists()
    assert main(["rename", "Old", "New", "vault", "--write"]) == 0
    assert "1 files moved, 1 changed" in capsys.readouterr().out
    assert (root / "d/S.md").read_text() == "x\n[[New]]\n"


TITLED = {
    "c/Old.md": "\ufeff---\r\ntitle: Old\r\n---\r\n# Old\r\n[[#Old]] [[Old#old#Part]]\r\n"
    "## Part\r\n# Old\r\n",
    "c/Old.zh.md": "---\ntitle: 'Old'\nlang: zh\n---\nOld\n===\n",
    "S.md": "# Old\n[[Old]] [[Old#Old|x]] [t](c/Old.md#Old) [[Old#Part]] [[S#Old]]\n",
}


def test_a_title_that_is_the_old_name_is_named_and_stays(make_vault, capsys) -> None:
    root = make_vault(TITLED)
    assert main(["rename", "Old", "It's new", str(root)]) == 0
    told = capsys.readouterr()
    places = [line.split(": warning: ")[0].rsplit("/", 1)[-1] for line in told.err.splitlines()]
    assert places == ["Old.md:2", "Old.md:4", "Old.zh.md:2", "Old.zh.md:5"]
    assert all("old-title" in line and "--title" in line for line in told.err.splitlines())
    assert not any("# Old" in line for line in told.out.splitlines() if line.startswith(("+#", "-#")))
    rename(root, "Old", "p/Old")  # the same name elsewhere
    assert plan_rename(Vault.load(root), "Old", "c/Old").notices == []


def test_the_title_changes_with_the_name_where_it_is_asked_for(make_vault, capsys) -> None:
    root = make_vault(TITLED)
    assert main(["rename", "Old", "It's new", str(root), "--title"]) == 0
    out = capsys.readouterr().out
    assert "+# It's new" in out and (root / "c/Old.md").is_file()
    assert main(["rename", "Old", "It's new", str(root), "--title", "--write"]) == 0
    assert "old-title" not in capsys.readouterr().err
    assert (root / "c/It's new.md").read_bytes().decode() == (
        "\ufeff---\r\ntitle: It's new\r\n---\r\n# It's new\r\n[[#It's new]] [[It's new#It's new#Part]]\r\n"
        "## Part\r\n# Old\r\n"
    )
    chinese = (root / "c/It's new.zh.md").read_text()
    assert chinese == "---\ntitle: 'It''s new'\nlang: zh\n---\nIt's new\n===\n"
    assert (root / "S.md").read_text() == (
        "# Old\n[[It's new]] [[It's new#It's new|x]] [t](c/It's%20new.md#It's%20new) "
        "[[It's new#Part]] [[S#Old]]\n"
    )


def test_only_what_is_the_old_name_changes(make_vault) -> None:
    files = {"Old.md": "# Old ways\n\n# Old\n", "Old.zh.md": "---\ntitle: 旧\n---\n# 旧\n\n## Old\n"}
    root = make_vault(files)
    plan = plan_rename(Vault.load(root), "Old", "New", title=True)
    assert plan.texts == {} and plan.notices == []


def test_a_heading_that_a_canvas_shows_goes_with_the_name(make_vault) -> None:
    canvas = (
        '{"nodes":[{"id":"{","type":"file","file":"c/Old.md","subpath" : "#Old#Part","x":1.50},\n'
        '{"id":"2","type":"file","subpath":"#\\u004fld","file":"c\\/Old.md"},'
        '{"id":"3","type":"file","file":"S.md","subpath":"#Old"},'
        '{"id":"4","type":"file","file":"c/Old.md","subpath":"#Part","odd":{"subpath":"#Old"}},'
        '{"id":"5","type":"file","file":"c/Old.md","subpath":"#^block"},'
        '{"id":"6","type":"text","text":"\\"file\\":\\"c/Old.md\\",\\"subpath\\":\\"#Old\\"","subpath":7}],'
        '"edges":[]}'
    )
    root = make_vault({**TITLED, "B.canvas": canvas, "broken.canvas": canvas[:-1]})
    plan = plan_rename(Vault.load(root), "Old", "新")
    moved = canvas.replace('"c/Old.md"', '"c/新.md"').replace('"c\\/Old.md"', '"c/新.md"')
    moved = moved.replace('\\"c/新.md\\"', '\\"c/Old.md\\"')
    assert plan.texts["B.canvas"].decode() == moved  # the heading stays, and so does what names it
    plan = plan_rename(Vault.load(root), "Old", "新", title=True)
    assert plan.notices == []
    plan.write()
    titled = moved.replace("#Old#Part", "#新#Part").replace("#\\u004fld", "#\\u65b0")
    assert (root / "B.canvas").read_text("utf-8") == titled
    assert (root / "broken.canvas").read_text("utf-8") == canvas[:-1]
