"""Guards what makes a long page paint soon, and that it costs nothing: tips, and room for what is drawn."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(sample: Any, serve_folder: Callable[..., str]) -> str:
    return serve_folder(sample.layout.site)


FRAMES = (
    "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
)
LONG = """() => {
  const body = document.querySelector(".k-body"), old = body.innerHTML;
  for (let n = 0; n < 8; n++) body.insertAdjacentHTML("beforeend", old.replace(/ id="/g, ` id="n${n}-`));
  document.querySelectorAll(".k-body > p").forEach((p) => p.insertAdjacentHTML("afterbegin",
    '<span class="k-term" tabindex="0" data-k-tip="a tip of some length">term</span> '));
}"""


def test_what_is_far_below_is_laid_out_when_it_is_near(open_page: Any, home: str) -> None:
    page = open_page(f"{home}concepts/kv-cache/")
    page.evaluate(LONG)
    code = page.locator(".k-body > .highlight pre > code").last
    drawn = "e.checkVisibility({contentVisibilityAuto: true})"
    page.wait_for_function(f"(e) => !{drawn}", arg=code.element_handle())
    code.scroll_into_view_if_needed()
    page.wait_for_function(f"(e) => {drawn}", arg=code.element_handle())


def test_a_tip_is_not_cut_off(open_page: Any, home: str) -> None:
    page = open_page(f"{home}concepts/kv-cache/")
    page.evaluate(LONG)
    term = page.locator(".k-body > p:not(:has(img)) > .k-term").last
    for _ in range(2):  # what comes into view may be of another height than was thought
        term.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
        page.evaluate(FRAMES)
    box = term.bounding_box()
    clip = {"x": box["x"] + 4, "y": box["y"] - 14, "width": 2, "height": 2}  # in the tip, above its paragraph
    without = page.screenshot(clip=clip)
    term.evaluate("e => e.focus({preventScroll: true})")
    page.evaluate(FRAMES)
    assert page.screenshot(clip=clip) != without


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
