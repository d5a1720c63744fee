"""What the site offers besides its pages, for a vault of nobody's that has something to hide."""

import gzip
import re
import struct
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from vaultkit.cli import main
from vaultkit.note import parse_note
from vaultkit.site.describe import description
from vaultkit.site.outputs.cards import card_names, font_file
from vaultkit.site.outputs.feed import feed
from vaultkit.site.outputs.listing import Entry
from vaultkit.site.outputs.llms import llms_txt
from vaultkit.site.outputs.page_links import edit_address, obsidian_address
from vaultkit.site.outputs.place import Place
from vaultkit.site.outputs.sitemaps import sitemap_xml
from vaultkit.site.outputs.source_text import body_text

SECRET = "xyzzy"  # stands in everything that is private and nowhere else
ROOT = "https://notes.example/base/"
ATOM = "{http://www.w3.org/2005/Atom}"


def files(published: Any) -> dict[str, str]:
    """The texts of the site, those of the search's index too, which is packed."""
    folder = published.layout.site
    texts = {}
    for file in folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
            texts[file.relative_to(folder).as_posix()] = content.decode("utf-8", "replace")
    return texts


def test_nothing_private_is_anywhere(published: Any) -> None:
    texts = files(published)
    assert not [path for path, text in texts.items() if SECRET in path.lower() or SECRET in text.lower()]
    assert not [path for path in texts if "private-plan" in path or "secret" in path or "broken" in path]
    staged = [file for file in (published.layout.cache / "stage").rglob("*") if file.is_file()]
    assert len(staged) > 20
    assert not [file for file in staged if SECRET in file.read_bytes().decode("utf-8", "replace").lower()]
    assert any("paragraph" in text for path, text in texts.items() if path.startswith("search/"))  # seen here
    page = published.html("ideas/garden-gate")
    assert "the plan" in page and "Private plan" not in page  # a link to it is text, an embed nothing
    assert "Private plan" not in published.html("ideas/board")


def test_an_export_too_keeps_private_notes_back_and_runs_nothing(tmp_path: Path) -> None:
    main(["export", str(Path(__file__).parent / "published" / "vault"), str(tmp_path / "out")])
    code = re.compile(r"(?s)```.*?```|`[^`\n]+`|<code>.*?</code>")
    pages = [code.sub("", file.read_text("utf-8")) for file in (tmp_path / "out" / "docs").rglob("*.md")]
    assert len(pages) > 8
    for text in pages:
        assert SECRET not in text.lower()
        body = text.partition("\n---\n")[2]
        assert not re.search(
            r"<[a-z][^<>]*\son\w+\s*=|<(?:script|iframe|meta|base|form)\b", body, re.IGNORECASE
        )
        assert not re.search(r"""(?:(?<!\\)\]\(|href=["']?)\s*javascript:""", body, re.IGNORECASE)


def test_the_markdown_of_a_page_is_what_its_author_wrote_without_remarks(published: Any) -> None:
    texts = files(published)
    english = texts["ideas/garden-gate/index.md"]
    assert english.startswith('---\ntitle: "Garden & gate"\nlang: "en"\n')
    assert english.endswith(
        "# Garden & gate\n\nA *first* paragraph, see [[Private plan|the plan]] and ![[Private plan]].\n\n"
        "Seen.\n\n```python\nprint(1)\n```\n\nA [link](https://example.org/). ^block\n"
    )
    assert "第一段。" in texts["zh/ideas/garden-gate/index.md"]
    assert 'lang: "en"' in texts["zh/ideas/only-english/index.md"]
    assert '<link rel="alternate" type="text/markdown" href="index.md"' in published.html("ideas/garden-gate")


def test_comments_leave_no_hole() -> None:
    text = "a %%x%% b\n\n%%\nlong\n%%\n\nc <!-- y --> d\n\n> %% z %%\n> e\n\n```\n%% code %%\n```\n"
    assert body_text(parse_note("a.md", text)) == "a  b\n\nc  d\n\n> e\n\n```\n%% code %%\n```\n"


def test_llms_txt_has_the_form_and_every_link_of_it_arrives(published: Any) -> None:
    texts = files(published)
    for path, language in (("llms.txt", ""), ("zh/llms.txt", "zh/")):
        lines = texts[path].split("\n")
        assert lines[0].startswith("# ") and lines[2].startswith("> ")
        links = re.findall(r"(?m)^- \[[^\]]+\]\(([^)]+)\)", texts[path])
        assert links and all(link.removeprefix(ROOT) in texts for link in links), links
        assert f"{ROOT}{language}ideas/garden-gate/index.md" in links
        assert f"{ROOT}{language}ideas/later/index.md" not in links
    assert (
        "[Garden & gate](" in texts["llms.txt"]
        and "): A first paragraph, see the plan and" in texts["llms.txt"]
    )
    assert "only-english" not in texts["zh/llms.txt"]


def test_the_feeds_hold_what_was_written_and_changed(published: Any) -> None:
    texts = files(published)
    english, chinese = (ElementTree.fromstring(texts[path]) for path in ("feed.xml", "zh/feed.xml"))
    titles = [entry.findtext(f"{ATOM}title") for entry in english.iter(f"{ATOM}entry")]
    assert titles == ["Garden & gate", "Only English", "Hostile lab", "Quotes", "Hostile"]
    assert next(chinese.iter(f"{ATOM}entry")).findtext(f"{ATOM}title") == "花园"
    assert english.findtext(f"{ATOM}updated") == "2024-05-01T00:00:00+00:00"
    ids = [element.text for tree in (english, chinese) for element in tree.iter(f"{ATOM}id")]
    assert len(set(ids)) == len(ids) == 9


def test_the_sitemaps_name_each_language_that_a_page_has(published: Any) -> None:
    texts = files(published)
    for path in ("sitemap.xml", "zh/sitemap.xml"):
        for address in re.findall(r"(?:<loc>|href=\")([^<\"]+)", texts[path]):
            assert f"{address.removeprefix(ROOT)}index.html" in texts, address
    page = re.search(r"<url><loc>[^<]*garden-gate/</loc>.*?</url>", texts["sitemap.xml"].replace("\n", ""))
    assert page and re.findall(r'hreflang="([^"]+)"', page[0]) == ["en", "zh", "x-default"]
    assert "<lastmod>2024-05-01</lastmod>" in page[0]
    alone = re.search(r"<url><loc>[^<]*only-english/</loc>.*?</url>", texts["sitemap.xml"].replace("\n", ""))
    assert alone and re.findall(r'hreflang="([^"]+)"', alone[0]) == ["en", "x-default"]
    assert "only-english" not in texts["zh/sitemap.xml"]


def test_a_page_says_what_a_shared_link_shows(published: Any) -> None:
    head = published.html("ideas/garden-gate").partition("</head>")[0]
    meta = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', head))
    assert meta["og:title"] == "Garden &amp; gate" and meta["og:url"] == f"{ROOT}ideas/garden-gate/"
    assert meta["description"] == meta["og:description"] == "A first paragraph, see the plan and ."
    assert f'rel="canonical" href="{ROOT}ideas/garden-gate/"' in head
    chinese = published.html("zh/ideas/only-english")
    assert f'rel="canonical" href="{ROOT}ideas/only-english/"' in chinese  # the English text's own address
    assert 'content="Said by its author."' in chinese and 'class="k-notice" lang="zh"' in chinese
    assert re.search(r'<article[^>]* lang="en"', chinese)


def test_cards_are_drawn_once_by_what_is_on_them(published: Any, capsys: pytest.CaptureFixture[str]) -> None:
    if font_file() is None:
        pytest.skip("no font with Chinese here")
    assert main(["build", "--root", str(published.layout.root), "--no-strict"]) == 0
    named = {
        path
        for text in files(published).values()
        for path in re.findall(rf"{ROOT}(cards/[0-9a-f]+\.png)", text)
    }
    drawn = {f"cards/{file.name}": file for file in (published.layout.site / "cards").iterdir()}
    assert set(drawn) == named and len(named) >= 3
    for file in drawn.values():
        content = file.read_bytes()
        size = struct.unpack(">II", content[16:24])  # as the pages' heads say
        assert content[:8] == b"\x89PNG\r\n\x1a\n" and size == (600, 315) and 1000 < len(content) < 9000
    times = {path: file.stat().st_mtime_ns for path, file in drawn.items()}
    stale = published.layout.site / "cards" / "0.png"
    stale.write_bytes(b"")
    assert main(["build", "--root", str(published.layout.root), "--no-strict"]) == 0
    assert not stale.exists() and times == {path: file.stat().st_mtime_ns for path, file in drawn.items()}
    capsys.readouterr()


def test_without_a_font_there_are_no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    font_file.cache_clear()
    monkeypatch.setenv("KVIST_CARD_FONT", "/nowhere")
    assert card_names(Place("en", "N", "d"), [Entry("a/", "A", changed="2024")]) == {}
    font_file.cache_clear()


def test_a_page_leads_to_its_note(published: Any) -> None:
    page = published.html("zh/ideas/garden-gate")
    name = quote("ideas/Garden & gate.zh")
    assert f'href="https://code.example/me/notes/edit/main/vault/{name}.md"' in page
    assert f"obsidian://open?vault=My%20vault&amp;file={quote('ideas/Garden & gate.zh', safe='')}" in page
    assert 'rel="external noopener noreferrer" href="https://example.org/"' in published.html(
        "ideas/garden-gate"
    )


def test_addresses_of_notes() -> None:
    both = {"repo_url": "https://h.example/r", "edit_uri": "blob/main/v"}
    assert edit_address(both, "a b.md") == "https://h.example/r/blob/main/v/a%20b.md"
    assert edit_address({"edit_uri_template": "https://h/?p={path!q}"}, "a/b.md") == "https://h/?p=a%2Fb.md"
    assert edit_address({"repo_url": "https://h.example/r"}, "a.md") == ""
    assert edit_address({"edit_uri": "javascript:alert(1)//"}, "a.md") == ""
    assert obsidian_address("V", "日记/a.md") == "obsidian://open?vault=V&file=" + quote("日记/a", safe="")


def test_without_an_address_links_are_relative_or_the_file_is_left_out() -> None:
    entries = [Entry("a/", "A [x]", "t", "s", "s/A.md", "a.txt", changed="2024-01-01T00:00:00+00:00")]
    for language, other in (("en", "zh/llms.txt"), ("zh", "../llms.txt")):
        place = Place(language, "N & M", "d")  # type: ignore[arg-type]
        assert "- [A (x)](a/index.md): t" in llms_txt(place, entries) and f"]({other})" in llms_txt(
            place, entries
        )
        tree = ElementTree.fromstring(feed(place, entries))
        assert [link.get("href") for link in tree.iter(f"{ATOM}link")] == ["feed.xml", "./", "a/"]
        assert sitemap_xml(place, entries) is None
    assert feed(place, entries) == feed(place, list(reversed(entries)))
    assert feed(Place("en", "N", "d"), entries) != feed(place, entries)


DESCRIPTIONS = {
    "---\ndescription: Own words\n---\nbody": "Own words",
    "> [!abstract] C\n> The claim.\n\nbody": "The claim.",
    "# T\n\n[[a|b]] · [[c]]\n\n- list\n\nReal *text* with $x$ and `code`.\nMore.\n\nNext": (
        "Real text with x and code. More."
    ),
    "![[a.png]]\n\n> quote\n\n| a |\n|---|\n\nSee [x](y.md)[^1].\n\n[^1]: no": "See x.",
    "": "",
    "a" * 200 + " " + "b" * 200: "a" * 200 + " " + "b" * 98 + "…",
}


@pytest.mark.parametrize("text", DESCRIPTIONS)
def test_the_description_of_a_note(text: str) -> None:
    assert description(parse_note("a.md", text)) == DESCRIPTIONS[text]
