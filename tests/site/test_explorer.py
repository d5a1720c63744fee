"""Guards the way about: what the bar and the explorer name, and what a page fetches for it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from vaultkit.site.explorer import NOTES, TITLES
from vaultkit.site.paths import LANGUAGES, Layout
from vaultkit.site.stage import stage_all


def test_each_folder_has_a_small_file_of_its_written_notes(project: Layout) -> None:
    (project.vault / "deep folder" / "x").mkdir(parents=True)
    (project.vault / "deep folder" / "x" / "Ünder 深.md").write_text("Text.\n", "utf-8")
    stub = "---\nstatus: stub\n---\n\n> [!abstract] Planned\n> Later.\n"
    (project.vault / "deep folder" / "Later.md").write_text(stub, "utf-8")
    stage_all(project, LANGUAGES)
    folder = project.stage("zh")
    titles = json.loads((folder / TITLES).read_text("utf-8"))
    assert titles["concepts"] == "概念" and titles["deep-folder"] == "deep folder"
    notes = json.loads((folder / NOTES.format("deep-folder")).read_text("utf-8"))
    assert [title for _, title in notes] == ["Ünder 深"]
    url = notes[0][0]
    assert (folder / f"{url.rstrip('/')}.md").is_file()


def test_a_vault_without_a_front_page_gets_one(project: Layout) -> None:
    for name in ("Home.md", "Home.zh.md"):
        (project.vault / name).unlink()
    _, problems = stage_all(project, LANGUAGES)
    assert any(problem.code == "no-home" for problem in problems)
    text = (project.stage("zh") / "index.md").read_text("utf-8")
    assert "# 首页" in text and "[概念](concepts/index.md)" in text


@pytest.mark.browser
def test_the_bar_holds_at_every_width_and_nothing_is_named_twice(
    open_page: Any, sample: Any, serve_folder: Callable[..., str]
) -> None:
    home = serve_folder(sample.layout.site)
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for width in (320, 360, 768, 960, 1024, 1150, 1280, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{home}concepts/kv-cache/")
        page.wait_for_load_state("networkidle")
        links = "all => all.filter((a) => a.checkVisibility()).map((a) => a.getAttribute('href'))"
        shown = page.locator(".k-sections a, .k-explorer > ul > li:not([data-k-section]) > a")
        named = shown.evaluate_all(links)
        assert len(named) == len(set(named)), width
        assert page.locator(".k-menu").is_visible() == (width < 1220)
        path, title = (page.locator(what).bounding_box() for what in (".k-path", "h1"))
        assert path["y"] + path["height"] <= title["y"] + 1 and path["x"] == title["x"], width
        page.evaluate(
            "for (const a of document.querySelectorAll('.k-sections a'))"
            " for (const _ of Array(6)) a.after(a.cloneNode(true))"
        )
        edge = page.locator("[data-k-scheme]").evaluate("e => e.getBoundingClientRect().right")
        assert edge <= width, f"many sections push the bar out at {width}"
    assert not [url for url in asked if "titles.json" in url]  # that is for the search


@pytest.mark.browser
def test_the_drawer_has_everything(open_page: Any, sample: Any, serve_folder: Callable[..., str]) -> None:
    page = open_page(f"{serve_folder(sample.layout.site)}concepts/kv-cache/", width=390)
    page.click(".k-menu")
    page.wait_for_selector(".k-explorer li li a")
    bar = page.locator(".k-sections a").all_text_contents()
    drawer = [text.strip() for text in page.locator(".k-explorer > ul > li > a").all_inner_texts()]
    assert len(bar) > 1 and set(bar) < set(drawer) and "Home" in drawer


@pytest.mark.browser
def test_a_page_reads_without_scripts(browser: Any, sample: Any, serve_folder: Callable[..., str]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{serve_folder(sample.layout.site)}zh/concepts/kv-cache/")
    assert page.locator(".k-body .katex").first.is_visible() and page.locator(".k-output").first.is_visible()
    assert not page.locator("[data-k-search], [data-k-scheme]").first.is_visible()  # they would do nothing
    page.click(".k-menu")
    page.click(".k-explorer a:text-is('概念')")
    page.wait_for_url("**/base/zh/concepts/")
    assert page.inner_text("h1").startswith("概念")
    page.set_viewport_size({"width": 1280, "height": 800})
    for path in ("zh/", "zh/concepts/kv-cache/"):  # beside the text, where a script fills in only the notes
        page.goto(f"{serve_folder(sample.layout.site)}{path}")
        links = "all => all.filter((a) => a.checkVisibility()).map((a) => a.href.split('/base/zh/')[1])"
        shown = page.locator(".k-explorer a").evaluate_all(links)
        assert {"concepts/", "reading-lists/", "tags/", "graph/"} <= set(shown), path
    context.close()
