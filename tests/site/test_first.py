"""Guards the way to a note: all that comes first, in order, and what a visitor has read of it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vaultkit.site.context import Context
from vaultkit.site.pages.first import before, first
from vaultkit.site.sitemap import SiteMap
from vaultkit.site.taught import taught
from vaultkit.vault import Vault


def note(*needs: str, more: str = "") -> str:
    listed = ", ".join(f'"[[{name}]]"' for name in needs)
    return f"---\nprerequisites: [{listed}]\n{more}---\n# A note\n"


VAULT = {
    "Home.md": "# Home",
    "a.md": note(more="hours: 1\n"),
    "b.md": note("a", more="hours: 1.5\nmastery: learning\n"),
    "c.md": note("a", more="hours: 2\nstatus: stub\n"),
    "d.md": note("c", "b", "nowhere"),
    "e.md": note("d"),
    "x.md": note("y"),
    "y.md": note("z", "x"),
    "z.md": note("y"),
    "x.zh.md": "---\nlang: zh\ntitle: 甲\n---\n# 甲",
    "y.zh.md": "---\nlang: zh\ntitle: 乙\n---\n# 乙",
    "l.md": "---\nkind: reading-list\n---\n- [x] [A](https://a.example) [[a]]\n"
    "- [ ] [B](https://b.example) [[a]] [[b]]\n",
}


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    for path, text in VAULT.items():
        (tmp_path / path).write_text(text, "utf-8")
    return Vault.load(tmp_path)


def shown(vault: Vault, path: str, language: Any = "en") -> str:
    sitemap = SiteMap.of(vault)
    page = sitemap.page_of(path)
    assert page
    return first(Context(sitemap, language, page, vault.notes[path]))


def test_each_note_comes_after_those_that_it_builds_on(vault: Vault) -> None:
    assert before(SiteMap.of(vault), "e.md") == ["a.md", "c.md", "b.md", "d.md"]
    assert before(SiteMap.of(vault), "a.md") == []
    assert before(SiteMap.of(vault), "x.md") == ["z.md", "y.md"]  # a circle ends where it began


def test_a_long_way_is_no_trouble(tmp_path: Path) -> None:
    for n in range(1500):
        (tmp_path / f"{n}.md").write_text(note(f"{n - 1}") if n else "# 0", "utf-8")
    assert before(SiteMap.of(Vault.load(tmp_path)), "1499.md") == [f"{n}.md" for n in range(1499)]


def test_the_fold(vault: Vault) -> None:
    text = shown(vault, "d.md")
    assert re.findall(r'data-k-page="(\w)/"( data-k-known)?', text) == [
        ("a", ""),
        ("c", ""),
        ("b", " data-k-known"),
    ]
    assert "3 notes, about 4.5 h" in text and '<a href="../c/" class="k-planned">' in text
    assert "4 notes <" in shown(vault, "e.md")  # d does not say how long it takes
    assert shown(vault, "b.md") == "" == shown(vault, "a.md")
    assert ">乙</a>" in shown(vault, "x.md", "zh") and "2 篇" in shown(vault, "x.md", "zh")


def test_what_teaches_a_page(vault: Vault) -> None:
    found = json.loads(taught(SiteMap.of(vault)))
    assert [[row[-2:] for row in rows] for rows in found.values()] == [[":1", ":0"], [":0"]]
    assert list(found) == ["a/", "b/"] and found["a/"][1] == found["b/"][0]


@pytest.mark.browser
@pytest.mark.parametrize(("side", "mark"), [("", "✓ read"), ("zh/", "✓ 已读")])
def test_what_was_ticked_is_marked(
    open_page: Callable[..., Any], real: Any, serve_folder: Callable[..., str], side: str, mark: str
) -> None:
    home = serve_folder(real.layout.site)
    asked: list[str] = []
    page = open_page("about:blank")
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{home}{side}concepts/kv-cache/")
    page.wait_for_load_state("networkidle")
    assert not any("taught" in url for url in asked)
    before = page.locator(".k-first li").count()
    assert before >= 5 and not page.locator(".k-first ol").is_visible()
    page.goto(f"{home}reading-lists/tiny-llm-in-three-weeks/")
    page.wait_for_selector(".k-tickable")
    page.locator(".k-tickable").first.click()
    page.goto(f"{home}{side}concepts/kv-cache/")
    page.wait_for_function("document.querySelector('.k-first-done').textContent.includes('2')")
    page.click(".k-first summary")
    marked = page.locator(".k-read")
    assert marked.count() == 2 and mark in marked.first.inner_text()
    assert marked.evaluate_all("all => all.map(item => item.dataset.kPage)") == [
        "concepts/scaled-dot-product-attention/",
        "concepts/multi-head-attention/",
    ]
    assert page.locator(".k-first .k-pill").count() == 1
