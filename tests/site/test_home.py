"""Guards the front page: lists with what is next in them, the map, and what is new, in both languages."""

import re
from pathlib import Path
from typing import Any

import pytest

from vaultkit.site.context import Context
from vaultkit.site.pages.home import home, with_ways
from vaultkit.site.sitemap import SiteMap
from vaultkit.vault import Vault

NOTES = {
    "Home.md": "---\nkind: home\ncreated: 2024-01-01\n---\n# Home\n\n[[Later]], [[First list|it]], [[A]].\n",
    "First list.md": "---\nkind: reading-list\ncreated: 2024-01-01\n---\n# First list\n\n"
    "- [x] [One](https://x.example/1) [minutes:: 5]\n"
    "- [ ] [Two & a half](https://x.example/2) [minutes:: 7] [[A]]\n"
    "- [ ] [Three](https://x.example/3) [[B]]\n",
    "First list.zh.md": "---\ntitle: 第一张\nlang: zh\n---\n# 第一张\n\n"
    "- [x] [一](https://x.example/1) [minutes:: 5]\n"
    "- [ ] [二半](https://x.example/2) [minutes:: 7] [[A]]\n"
    "- [ ] [三](https://x.example/3) [[B]]\n",
    "Later.md": "---\nkind: reading-list\ncreated: 2024-01-02\n---\n# Later\n\n- [ ] [[B]] [minutes:: 3]\n",
    "Unlinked.md": "---\nkind: reading-list\n---\n# Unlinked\n\n- [ ] [[B]] [minutes:: 3]\n",
    "A.md": "---\nkind: concept\ncreated: 2024-02-01\nupdated: 2024-05-01\n---\n# A\n\nWhat A *is*.\n",
    "B.md": "---\nkind: concept\nstatus: stub\ncreated: 2024-06-01\n---\n# B\n\nPlanned.\n",
}


def shown(tmp_path: Path, language: str, **more: str) -> str:
    (tmp_path / ".obsidian").mkdir()
    for name, text in (NOTES | more).items():
        (tmp_path / name).write_text(text, "utf-8")
    sitemap = SiteMap.of(Vault.load(tmp_path))
    page = sitemap.page_of("Home.md")
    assert page
    context = Context(sitemap, language, page, sitemap.vault.notes["Home.md"])  # type: ignore[arg-type]
    return "\n".join(home(context))


def next_items(text: str) -> list[tuple[str, str]]:
    return re.findall(r'data-k-done="0"><a href="([^"]*)">([^<]*)</a>', text)


def test_linked_lists_stand_in_the_order_of_the_text(tmp_path: Path) -> None:
    text = shown(tmp_path, "en")
    assert text.index("[Later](") < text.index("[First list](") and "Unlinked" not in text
    assert "1 of 3 read" in text and "0 of 1 read" in text
    assert text.index("## How far you are") < text.index("## New and changed")


def test_next_is_the_first_unread_item_at_the_note_where_it_is_written(tmp_path: Path) -> None:
    text = shown(tmp_path, "en")
    assert next_items(text) == [("b/", "B"), ("a/", "Two &amp; a half")]
    assert len(re.findall('data-k-done="0" hidden', text)) == 1 and 'data-k-done="1" hidden' in text
    assert 'href="https://x.example/3"' in text, "a planned note is not where an item is read"


def test_next_speaks_the_readers_language(tmp_path: Path) -> None:
    text = shown(tmp_path, "zh")
    assert next_items(text)[1] == ("a/", "二半") and "## 学到哪里了" in text and "已读 1 / 3 项" in text


def test_what_is_new_comes_with_its_day(tmp_path: Path) -> None:
    text = shown(tmp_path, "en")
    lately = text[text.index("## New and changed") :]
    assert re.findall(r"- \*\*\[([^]]*)\]", lately) == ["A", "Later", "First list"]
    assert '<time datetime="2024-05-01">2024-05-01</time> · changed' in lately
    assert '<time datetime="2024-01-02">2024-01-02</time> · new' in lately and "    What A is." in lately


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("> claim\n\n## One\n\ntext\n", 2),
        ("> claim\n\n```python\n# no heading\n```\n\n## One\n", 2),
        ("only words", 1),
    ],
)
def test_the_ways_in_stand_before_the_first_heading(tmp_path: Path, text: str, at: int) -> None:
    shown(tmp_path, "en")
    sitemap = SiteMap.of(Vault.load(tmp_path))
    page = sitemap.page_of("Home.md")
    assert page
    context = Context(sitemap, "en", page, sitemap.vault.notes["Home.md"])
    lines = with_ways(text, context).split("\n")
    assert re.findall(r'href="([^"]*)">([^<]*)<', lines[at]) == [
        ("later/", "Start here: Later"),
        ("a/", "Read a note: A"),
    ]
    assert [*lines[:at], *lines[at + 2 :]] == text.split("\n") and "data-k-search" in lines[at]


def test_a_front_page_without_lists_and_dates_shows_nothing_more(tmp_path: Path) -> None:
    plain = {name: re.sub(r"(created|updated): .*\n", "", text) for name, text in NOTES.items()}
    plain["Home.md"] = "---\nkind: home\n---\n# Home\n"
    assert shown(tmp_path, "en", **plain) == ""


@pytest.mark.browser
@pytest.mark.parametrize(
    ("side", "words"),
    [
        ("", ["Start here: tiny-llm in three weeks", "Read a note: KV cache", "Search"]),
        ("zh/", ["从这里开始：三周学完 tiny-llm", "读一篇笔记：KV 缓存", "搜索"]),
    ],
)
def test_the_ways_in_stand_on_the_first_screen(
    open_page: Any, real: Any, serve_folder: Any, side: str, words: list[str]
) -> None:
    root = serve_folder(real.layout.site)
    page = open_page("about:blank")
    for width, height in ((1280, 800), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(root + side)
        ways = page.locator(".k-ways > *")
        said = [text.strip() for text in ways.all_inner_texts()]
        assert [text.startswith(word) for text, word in zip(said, words, strict=True)] == [True] * 3, said
        for box in (ways.nth(n).bounding_box() for n in range(3)):
            assert box["y"] + box["height"] < height and box["x"] >= 0 and box["x"] + box["width"] <= width
        abstract = page.locator(".k-body .admonition").first.bounding_box()
        assert abstract["y"] + abstract["height"] <= ways.first.bounding_box()["y"]
    ways.nth(2).click()
    page.wait_for_selector("dialog.k-search[data-answered]")
    page.goto(root + side)
    ways.nth(1).click()
    page.wait_for_url(f"**/{side}concepts/kv-cache/")


@pytest.mark.browser
def test_a_tick_moves_the_next_item_on(open_page: Any, real: Any, serve_folder: Any) -> None:
    root = serve_folder(real.layout.site)
    page = open_page(f"{root}reading-lists/llm101/")
    page.wait_for_selector(".k-tickable")
    page.goto(root)
    card = page.locator(".k-shelf-list", has_text="LLM101")
    before = card.locator("li:visible").inner_text()
    page.goto(f"{root}reading-lists/llm101/")
    page.wait_for_selector(".k-tickable")
    page.locator(".k-tickable").first.click()
    page.goto(root)
    page.wait_for_function("document.body.innerText.includes('1 of 32 read')")
    after = card.locator("li:visible")
    assert after.count() == 1 and after.inner_text() != before
    assert page.locator("details.k-map[open] svg a").count() > 20
