"""Export: a messy vault of nobody's in particular becomes a tree that plain MkDocs builds strictly."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from vaultkit.cli import main
from vaultkit.site import stage as staging
from vaultkit.site.export_config import config
from vaultkit.site.extensions import MARKDOWN

MESSY: dict[str, str | bytes] = {
    "Daily/2024-01-01.md": "# Morning\n\n- [ ] a\n\t- [/] b\n\n[[Nowhere]] "
    "[[Café (é)#Sec|x]] ![[a b.png|100]]\n",
    "Café (é).md": "## Sec\n\ntext $x$ #tag/中文 ![net|20](https://example.org/x.png)\n\n> [!hint]+ T\n> b\n",
    "a b.png": b"png",
    "A!.md": "a [[A?]] [[templates/T]]\n",
    "A?.md": "b [m](Caf%C3%A9%20(%C3%A9).md) [gone](gone.md)\n",
    "a.md": "folder note [[a/index]]\n",
    "a/index.md": "# idx\n\n[[#idx]] [[日记/笔记：一#不存在]]\n",
    "templates/T.md": "---\nx: {{date}}\n---\n{{title}}\n",
    "bad.md": b"\xff\xfe bad \x80 text\n\x00",
    "fm.md": "---\na: [1\n---\nbody [[T]]\n",
    "CON.md": "x\n",
    "日记/笔记：一.md": "**强调。**后 ==亮== ^[脚注]\n",
    "c#d%20e.md": "odd\n",
    "x..md": "dots\n",
    "new\nline.md": "nl\n",
    "back\\slash.md": "bs ![[q?.png]]\n",
    "q?.png": b"png",
    "README.md": "[[Daily/2024-01-01]] <script>alert(1)</script>\n\n```python\nraise SystemExit\n```\n",
    "view.base": "views:\n - type: table\n   name: V\n",
    "board.canvas": '{"nodes":[{"id":"1","type":"text","text":"[[a]]","x":0,"y":0,"width":9,"height":9}]}',
    "broken.canvas": "{",
}


def make(folder: Path, files: dict[str, str | bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    vault = make(tmp_path / "vault", MESSY)
    (vault / "hosts.md").symlink_to("/etc/hosts")
    (vault / "outside").symlink_to("/etc")
    (vault / "dangling.md").symlink_to(vault / "nothing")
    return vault


def built(folder: Path, file: str = "mkdocs.yml") -> str:
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(folder / file)]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_what_cannot_be_read_is_named_and_the_rest_is_there(
    messy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(messy)
    out = tmp_path / "out"
    assert main(["export", str(messy), str(out)]) == 1
    *lines, last = capsys.readouterr().err.splitlines()
    named = {line.removeprefix(f"{messy}/").split(":")[0] for line in lines}
    assert named == {"bad.md", "fm.md", "templates/T.md"}
    assert f"{messy}: warning: unresolved" in last and "lead nowhere" in last
    assert snapshot(messy) == before
    pages = {str(f.relative_to(out / "docs")) for f in (out / "docs").rglob("*.md")}
    notes = sum(path.endswith((".md", ".base", ".canvas")) for path in MESSY)
    listed = {"index.md"} | {page for page in pages if page.endswith("/index.md")}
    assert len(pages - listed) == notes  # every note, base and canvas, besides the lists
    assert "hosts" not in " ".join(pages)
    text = (out / "docs" / "daily" / "2024-01-01.md").read_text("utf-8")
    assert '<span class="k-missing">Nowhere</span>' in text
    assert "../caf%C3%A9-%C3%A9.md#sec" in text and "../a%20b.png" in text
    assert "<script" not in (out / "docs" / "readme.md").read_text("utf-8")


def test_a_second_export_changes_nothing_and_removes_what_is_gone(messy: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    main(["export", str(messy), str(out)])
    times = {f: f.stat().st_mtime_ns for f in out.rglob("*.md")}
    (messy / "CON.md").unlink()
    main(["export", str(messy), str(out)])
    changed = {f.stem for f in out.rglob("*.md") if f.stat().st_mtime_ns != times[f]}
    assert changed <= {"index", "view"}  # the pages that list all notes
    assert not (out / "docs" / "con.md").exists()


@pytest.mark.parametrize(
    "case", ["foreign files", "a file", "in the vault", "around the vault", "added by hand"]
)
def test_nobodys_files_are_overwritten(
    case: str, messy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    if case == "foreign files":
        make(out, {"mkdocs.yml": "mine"})
    elif case == "a file":
        out.write_text("mine")
    elif case == "in the vault":
        out = messy / "out"
    elif case == "around the vault":
        out = tmp_path
    else:
        (messy / "CON.md").unlink()
        main(["export", str(messy), str(out)])
        make(out, {"docs/con.md": "mine"})
        make(messy, {"CON.md": "x"})
    before = snapshot(tmp_path)
    assert main(["export", str(messy), str(out)]) == 2
    assert "export" in capsys.readouterr().err
    assert snapshot(tmp_path) == before


def test_no_file_is_written_through_a_link(messy: Path, tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    main(["export", str(messy), str(out)])
    elsewhere.mkdir()
    for file in (out / "docs" / "daily").iterdir():
        file.unlink()
    (out / "docs" / "daily").rmdir()
    (out / "docs" / "daily").symlink_to(elsewhere)
    listed = json.loads((out / ".vaultkit-export.json").read_text("utf-8"))
    listed["files"].append("../outside.txt")
    (out / ".vaultkit-export.json").write_text(json.dumps(listed))
    (tmp_path / "outside.txt").write_text("mine")
    assert main(["export", str(messy), str(out)]) == 1
    assert list(elsewhere.iterdir()) == []
    assert (tmp_path / "outside.txt").read_text() == "mine"


def test_a_note_that_breaks_the_pipeline_is_exported_as_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    vault = make(tmp_path / "vault", {"a.md": "fine\n", "b.md": "# B\n\n```\nx\n```\n"})
    whole = staging.compose
    monkeypatch.setattr(staging, "compose", lambda c, i: 1 / 0 if c.note.path == "b.md" else whole(c, i))
    assert main(["export", str(vault), str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.startswith(
        f"{vault}/b.md: unrenderable cannot be rendered: ZeroDivisionError"
    )
    assert "````text\n# B" in (tmp_path / "out" / "docs" / "b.md").read_text("utf-8")
    assert (tmp_path / "out" / "docs" / "a.md").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[B]] ![[B]] [x](https://example.org)\n", ""),
        ("[[Gone]]\n", "1 link leads nowhere"),
        ("[[Gone]] [x](gone.md)\n", "2 links lead nowhere"),
        ("![[gone.png]]\n", "1 embed leads nowhere"),
        ("[[Gone]] ![[gone.png]] ![x](gone.png)\n", "1 link and 2 embeds lead nowhere"),
    ],
)
def test_links_that_lead_nowhere_are_counted(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private = {"B.md": "---\npublish: false\n---\n[[Not here]]\n"}
    vault = make(tmp_path / "vault", {"A.md": text, **private})
    assert main(["export", str(vault), str(tmp_path / "out")]) == 0
    told = capsys.readouterr().err
    assert said in told and bool(told) is bool(said)
    assert main(["export", str(vault), str(tmp_path / "out"), "--json"]) == 0
    captured = capsys.readouterr()
    assert sum(json.loads(captured.out)["unresolved"].values()) == sum(map(int, re.findall(r"\d", said)))
    assert captured.err == ""


def test_a_chinese_vault_without_pairs_keeps_its_titles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vault = make(tmp_path / "vault", {
        "甲.md": "# 我的标题\n\n正文中文。\n",
        "乙.md": "---\ntitle: 乙的题目\nlang: zh\n---\n正文中文，见 [[甲]] 和 [[丁]]。\n",
        "今天.md": "---\naliases: [今日]\n---\n正文中文。\n",
        "日/丁.zh.md": "# 丁的标题\n\n正文中文，见 [[今天]]。\n",
    })  # fmt: skip
    assert main(["export", str(vault), str(tmp_path / "out"), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["languages"] == ["zh"] and done["pages"] == 4
    docs = tmp_path / "out" / "docs"
    texts = {path: (docs / f"{path}.md").read_text("utf-8") for path in ("甲", "乙", "今天", "日/丁")}
    heads = [next(line for line in text.splitlines() if line.startswith("# ")) for text in texts.values()]
    assert [head.split(" {")[0] for head in heads] == ["# 我的标题", "# 乙的题目", "# 今天", "# 丁的标题"]
    for text in texts.values():
        assert "k-notice" not in text and "k-subtitle" not in text and "本页尚无" not in text
    assert 'title: "乙的题目"' in texts["乙"] and "[乙的题目](乙.md)" in (docs / "index.md").read_text(
        "utf-8"
    )


def test_pairs_give_a_tree_for_each_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"KV.md": "English\n", "KV.zh.md": "中文 [[Only]]\n", "Only.md": "one\n"}
    assert main(["export", str(make(tmp_path / "v", dict(files))), str(tmp_path / "out"), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["languages"] == ["en", "zh"] and done["pages"] == 2 and done["problems"] == []
    trees = [{f.name for f in (tmp_path / "out" / "docs" / code).glob("*.md")} for code in ("en", "zh")]
    assert trees[0] == trees[1] == {"index.md", "kv.md", "only.md"}
    assert "中文" in (tmp_path / "out" / "docs" / "zh" / "kv.md").read_text("utf-8")


def test_a_chinese_vault_without_pairs_has_one_chinese_tree(tmp_path: Path) -> None:
    make(tmp_path / "v", {"笔记.md": "全是中文的笔记。\n"})
    assert main(["export", str(tmp_path / "v"), str(tmp_path / "out")]) == 0
    assert "  language: zh\n" in (tmp_path / "out" / "mkdocs.yml").read_text("utf-8")


def test_the_configuration_has_the_extensions_of_our_own_site() -> None:
    text = config("a: [b", "en", "docs", "site", [("x", "index.md")], [], {})
    loaded = yaml.safe_load(re.sub(r"!!python/\S+(?: \{.*\})?", "x", text))
    names = [name if isinstance(name, str) else next(iter(name)) for name in loaded["markdown_extensions"]]
    assert sorted(names) == sorted(MARKDOWN)
    assert loaded["site_name"] == "a: [b"


@pytest.mark.slow
def test_mkdocs_builds_it_strictly(messy: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    main(["export", str(messy), str(out)])
    said = built(out)
    assert "not found" not in said and "does not contain an anchor" not in said, said
    pages = {f.parent.relative_to(out / "site").as_posix() for f in (out / "site").rglob("index.html")}
    staged = {f.relative_to(out / "docs").with_suffix("").as_posix() for f in (out / "docs").rglob("*.md")}
    assert pages == {"." if name == "index" else name.removesuffix("/index") for name in staged}
    html = (out / "site" / "daily" / "2024-01-01" / "index.html").read_text("utf-8")
    assert re.search(r"<h1[^>]*>Morning<", html)
    for href in re.findall(r'<a [^>]*href="([^"#:]+)(?:#[^"]*)?"', html):
        assert (out / "site" / "daily" / "2024-01-01" / unquote(href)).exists(), href
    assert 'data-task="/"' in html
    remote = re.findall(r'(?:src|href)="(https?://[^"]+\.(?:js|css|woff2?))"', html)
    assert remote == []


@pytest.mark.slow
def test_zensical_builds_it(messy: Path, tmp_path: Path) -> None:
    if not find_spec("zensical"):
        pytest.skip("zensical is not installed: pip install zensical")
    out = tmp_path / "out"
    main(["export", str(messy), str(out)])
    command = [sys.executable, "-m", "zensical", "build", "-f", str(out / "mkdocs.yml")]
    done = subprocess.run(command, cwd=out, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (out / "site" / "daily" / "2024-01-01" / "index.html").exists()


@pytest.mark.parametrize(
    ("beside", "name"),
    [
        ("site_name: 'Kvist: ein Zweig' # header\ndocs_dir: my vault\nx: !ENV [A, b]\n", "Kvist: ein Zweig"),
        ("site_name: Other\ndocs_dir: docs\n", "my vault"),
        ("site_name: [\ndocs_dir: my vault\n", "my vault"),
        ("docs_dir: my vault\n", "my vault"),
        (None, "my vault"),
    ],
)
def test_an_export_is_called_as_its_site_is(tmp_path: Path, beside: str | None, name: str) -> None:
    vault = make(tmp_path / "my vault", {"A.md": "a\n"})
    if beside is not None:
        (tmp_path / "mkdocs.yml").write_text(beside, "utf-8")
    assert main(["export", str(vault), str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "mkdocs.yml").read_text("utf-8")
    assert text.startswith(f"site_name: {json.dumps(name)}\n")


def test_nothing_is_left_that_only_our_scripts_read(tmp_path: Path) -> None:
    """A list, its to-dos, the front page and the page of cards: what a script would fill, show or tick."""
    listed = "---\nkind: reading-list\n---\n# L\n\n- [x] [One](https://x.org/1) [minutes:: 5] [[A]]\n"
    listed += (
        "- [ ] [Two](https://x.org/2) [minutes:: 5] [[A]]\n- [ ] [Three](https://x.org/3)\n- [ ] To do\n"
    )
    cards = "---\nkind: review\n---\n# Cards\n"
    front = "---\nkind: home\n---\n# Home\n\n[[L]]\n"
    files: dict[str, str | bytes] = {"L.md": listed, "Home.md": front, "Cards.md": cards, "A.md": "# A\n"}
    for n in range(5):
        files[f"N{n}.md"] = f"---\nkind: concept\nprerequisites: ['[[N{n + 1}]]']\n---\n# N{n}\n"
    files["N5.md"] = "# N5\n"
    vault = make(tmp_path / "vault", files)
    assert main(["export", str(vault), str(tmp_path / "out")]) == 0
    texts = [path.read_text("utf-8") for path in (tmp_path / "out" / "docs").rglob("*.md")]
    assert any("1 of 3 read" in text for text in texts) and any("k-first" in text for text in texts)
    for text in texts:
        assert not re.search(
            r"data-k-(?!page|node|edge|known|list)|^k: |k-list-tools|k-first-done", text, re.M
        ), text
        assert " hidden" not in text, text
