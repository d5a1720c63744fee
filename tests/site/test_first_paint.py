"""Guards what makes a page paint soon and stand still: room for what scripts draw, fonts asked at once."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(sample: Any, serve_folder: Callable[..., str]) -> str:
    return serve_folder(sample.layout.site)


VERSION = "() => new URL(document.querySelector('script[src*=kvist]').src).search"
FRAMES = (
    "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
)


@pytest.mark.parametrize("side", ["", "zh/"])
def test_room_is_kept_for_what_a_script_fills(open_page: Any, home: str, side: str) -> None:
    """What moves the text of a list or of the graph down once it is drawn is a nuisance."""
    watch = "new PerformanceObserver((l) => l.getEntries().forEach((e) => { window.moved += e.value; }))"
    page = open_page("about:blank")
    page.add_init_script(f"window.moved = 0; {watch}.observe({{type: 'layout-shift', buffered: true}})")
    for path in ("reading-lists/sample-list/", "graph/"):
        page.goto(f"{home}{side}{path}")
        page.wait_for_selector(".k-list-tools button, .k-graph button")
        page.evaluate(FRAMES)
        assert page.evaluate("window.moved") < 0.05, path


def test_the_fonts_of_formulas_are_asked_for_at_once(open_page: Any, home: str) -> None:
    """What is preloaded is used: the browser warns of it otherwise, and a warning fails the test."""
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    page.goto(f"{home}concepts/kv-cache/")
    page.wait_for_load_state("networkidle")
    fonts = page.locator("link[rel=preload]").evaluate_all("all => all.map((a) => a.href.split('/').at(-1))")
    assert fonts and all(asked.count(font) == 1 for font in fonts)
    assert all(asked.index(font) < asked.index("kvist.js" + page.evaluate(VERSION)) for font in fonts)
    page.goto(f"{home}reading-lists/sample-list/")
    assert page.locator("link[rel=preload]").count() == 0
