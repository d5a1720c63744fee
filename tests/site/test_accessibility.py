"""Guards that everyone can use the pages: axe-core finds nothing, and the keyboard reaches everything."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "home": "",
    "concept": "concepts/kv-cache/",
    "comparison": "comparisons/dense-and-moe/",
    "list": "reading-lists/llm101/",
    "map": "reading-lists/tiny-llm-in-three-weeks/",
    "lab": "labs/a-grpo-run-that-learns/",
    "api": "api/cache/",
    "review": "review/",
    "tracker": "progress-tracker/",
    "planned": "planned-notes/",
    "graph": "graph/",
    "tags": "tags/",
}


@pytest.fixture(scope="module")
def home(real: Any, serve_folder: Callable[..., str]) -> str:
    return serve_folder(real.layout.site)


SETTLED = """() => [...document.querySelectorAll('main :is(pre, code, table, .katex-display)')].every((e) =>
  e.tabIndex >= 0 || e.scrollWidth <= e.clientWidth || !/auto|scroll/.test(getComputedStyle(e).overflowX))"""


def settled(page: Any) -> None:
    """What is too wide is made to scroll by keyboard in the browser's spare time, after the page has come."""
    page.wait_for_function("document.fonts.status === 'loaded'")
    page.wait_for_function(SETTLED)


def faults(page: Any) -> list[str]:
    """What axe-core objects to on the page as it stands."""
    page.evaluate(AXE.read_text("utf-8"))
    options = json.dumps({"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": RULES}})
    found = page.evaluate(f"axe.run(document, {options})")["violations"]
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]]


BADGE = """{
  const head = document.querySelector('.k-head');
  const date = '<span class="k-badge-date">2026-01-01</span>';
  const pill = `<span class="k-pill k-pill-verified">✓ verified ${date}</span>`;
  if (!head.querySelector('.k-badge-date')) head.insertAdjacentHTML('beforeend', pill);
}"""  # which the pages of notes that have been run here have


@pytest.mark.slow
@pytest.mark.parametrize(("side", "dark", "width"), [("", False, 1280), ("zh/", True, 390)])
def test_axe_finds_nothing_on_any_kind_of_page(
    open_page: Any, home: str, real: Any, side: str, dark: bool, width: int
) -> None:
    page = open_page(home + side, width=width, dark=dark)
    found = {}
    for kind, path in PAGES.items():
        page.goto(home + side + path, wait_until="load")
        settled(page)
        if kind == "concept":
            page.evaluate(BADGE)
        found[kind] = faults(page)
    page.keyboard.press("/")
    page.locator("dialog[open] input").fill("cache")
    page.wait_for_selector("dialog[data-answered=cache] .k-hit")
    found["search"] = faults(page)
    root = home.removesuffix("some/base/")  # where the page for what is not there expects the site
    there = real.layout.site
    page.route(
        lambda url: not url.startswith(home),
        lambda route: route.fulfill(path=there / urlsplit(route.request.url).path.lstrip("/")),
    )
    page.goto(root + "404.html")
    found["not found"] = faults(page)
    assert {kind: what for kind, what in found.items() if what} == {}


def test_axe_would_find_something(open_page: Any, home: str) -> None:
    page = open_page(home)
    page.evaluate("document.querySelector('h1').style.color = '#ddd'; document.images.length")
    page.evaluate("document.querySelector('[data-k-scheme]').removeAttribute('aria-label')")
    page.evaluate("document.querySelector('[data-k-scheme]').removeAttribute('title')")
    assert {fault.partition(":")[0] for fault in faults(page)} >= {"color-contrast", "button-name"}


FOCUS = "document.activeElement"
SEEN = f"getComputedStyle({FOCUS}).outlineStyle !== 'none' && {FOCUS}.getBoundingClientRect().width > 0"


def test_the_keyboard_goes_past_the_frame_and_sees_where_it_is(open_page: Any, home: str) -> None:
    page = open_page(f"{home}concepts/kv-cache/")
    page.keyboard.press("Tab")
    assert page.evaluate(f"{FOCUS}.className") == "k-skip" and page.evaluate(SEEN)
    assert page.evaluate(f"{FOCUS}.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate(f"{FOCUS}.id") == "k-content"
    marks = page.locator("h2 > .headerlink").evaluate_all("all => all.map((a) => a.ariaLabel)")
    assert marks and all(mark.startswith("Link to this section: ") for mark in marks)
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(SEEN), page.evaluate(f"{FOCUS}.outerHTML.slice(0, 200)")
        assert page.evaluate(f"document.querySelector('main').contains({FOCUS})")


def test_the_search_keeps_the_focus_and_gives_it_back(open_page: Any, home: str) -> None:
    page = open_page(home)
    page.focus("[data-k-search]")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    for _ in range(8):
        page.keyboard.press("Tab")
        inside = f"document.querySelector('dialog[open]').contains({FOCUS}) || {FOCUS} === document.body"
        assert page.evaluate(inside)
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    assert page.evaluate(f"{FOCUS}.matches('[data-k-search]')")


def test_what_is_too_wide_scrolls_by_keyboard(open_page: Any, home: str) -> None:
    page = open_page(f"{home}concepts/kv-cache/", width=390)
    wide = page.wait_for_selector("pre > code[tabindex='0']")
    wide.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")  # as the keyboard reaches it: then it is seen
    assert page.evaluate(f"{FOCUS}.matches('pre > code') && {SEEN}")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")


def test_who_wants_no_motion_gets_none(open_page: Any, home: str) -> None:
    page = open_page(f"{home}concepts/kv-cache/")
    page.emulate_media(reduced_motion="reduce")
    moving = """[...document.querySelectorAll('*')].filter((element) =>
      ['', '::before', '::after'].some((part) => {
        const style = getComputedStyle(element, part || null);
        const moves = style.transitionProperty !== 'none' && parseFloat(style.transitionDuration) > 0;
        return moves || style.animationName !== 'none';
      })).length"""
    assert page.evaluate(moving) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) > 0
