"""A hostile note in a real browser executes nothing, and the site keeps its own Content-Security-Policy."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

_WATCH = """
window.ran = (what) => (window.executed ??= []).push(what);
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sourceFile}`);
});
"""
_WAIT = "new Promise((done) => setTimeout(done, 60))"
PATIENCE = 60_000  # milliseconds: a bound for a machine under load, not an expectation


@pytest.fixture
def watched(browser: Any, serve_folder: Callable[[Path], str]) -> Any:
    """Opens a page of a site: (page, its requests); the page keeps what ran and what was refused."""
    contexts = []

    def start(site: Any, path: str) -> tuple[Any, list[Any]]:
        context = browser.new_context()
        contexts.append(context)
        context.add_init_script(_WATCH)
        requests: list[Any] = []
        context.on("request", lambda request: requests.append(request))
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(serve_folder(site.layout.site) + path)
        return page, requests

    yield start
    for context in contexts:
        context.close()


def violations(page: Any) -> list[str]:
    return page.evaluate("window.violations")


def foreign(requests: list[Any]) -> list[Any]:
    return [
        request for request in requests if not request.url.startswith(("http://127.0.0.1:", "data:image/"))
    ]


HOSTILE = [
    "ideas/hostile/",
    "zh/ideas/hostile/",
    "ideas/quotes/",
    "ideas/garden-gate/",
    "ideas/",
    "graph/",
    "labs/hostile-lab/",
]


@pytest.mark.parametrize("path", HOSTILE)
def test_nothing_of_a_hostile_note_runs(watched: Any, published: Any, path: str) -> None:
    page, requests = watched(published, path)
    for element in page.query_selector_all("main *"):
        element.dispatch_event("mouseover")
    page.evaluate(_WAIT)
    assert page.evaluate("window.executed ?? []") == []
    assert violations(page) == []  # what could run was taken out, not only refused
    assert foreign(requests) == []
    assert {*page.evaluate("[...document.links].map((link) => link.protocol)")} <= {
        "http:",
        "https:",
        "obsidian:",
    }
    alive = (
        "main :is(script, iframe, embed, base, meta, link, form), main [srcdoc], article :not(svg) > style"
    )
    assert page.evaluate(f"document.querySelectorAll(`{alive}`).length") == 0
    names = "[...document.querySelectorAll('main *')].flatMap((element) => element.getAttributeNames())"
    assert not [name for name in page.evaluate(names) if name.startswith("on")]


def test_a_hostile_note_still_shows_its_words(watched: Any, published: Any) -> None:
    page, _ = watched(published, "ideas/hostile/")
    text = page.inner_text("main")
    words = ("covers", "A frame", "send", "bold", "pixel", "<script>ran('code')</script>")
    assert not [word for word in words if word not in text]
    own = "[...document.querySelectorAll('main div')].find((element) => element.textContent === 'covers')"
    assert page.evaluate(f"{own}.getBoundingClientRect().height") < 100  # it stays where it stands
    assert "root:" not in text  # nothing from outside the vault


def test_a_script_that_got_through_would_be_refused(watched: Any, published: Any) -> None:
    page, requests = watched(published, "ideas/garden-gate/")
    page.evaluate("""() => {
      const make = (name, values) => Object.assign(document.createElement(name), values);
      const add = (name, values) => document.body.appendChild(make(name, values));
      add("div", { innerHTML: `<img src=x onerror="ran('handler')">` });
      add("script", { textContent: "ran('script')" });
      add("script", { src: "https://evil.example/x.js" });
      add("iframe", { src: "https://evil.example/" });
      add("a", { href: "javascript:ran('link')" }).click();
    }""")
    page.wait_for_function("() => window.violations.length >= 4")  # each is told when the browser gets to it
    page.evaluate(_WAIT)
    assert page.evaluate("window.executed ?? []") == []
    for request in foreign(requests):
        if request.failure is None:
            page.wait_for_event("requestfailed", lambda failed, request=request: failed == request)
        assert request.failure == "csp"


def settle(page: Any, requests: list[Any]) -> None:
    page.wait_for_load_state("networkidle")
    assert violations(page) == [] and foreign(requests) == [], page.url


KINDS = {
    "front page": "",
    "note with code": "concepts/kv-cache/",
    "Chinese note": "zh/concepts/radixattention/",
    "untranslated or planned note": "zh/planned-notes/",
    "reading list": "reading-lists/llm101/",
    "lab": "labs/train-the-tiny-model/",
    "section": "concepts/",
    "API": "api/",
    "base": "notes-by-area/",
    "graph": "graph/",
    "review": "review/",
    "progress": "progress-tracker/",
    "not found": "404.html",
}


@pytest.mark.parametrize("path", KINDS.values(), ids=KINDS.keys())
def test_the_site_keeps_its_own_policy(watched: Any, real: Any, path: str) -> None:
    page, requests = watched(real, path)
    assert "script-src 'self'" in page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
    settle(page, requests)
    page.click("[data-k-scheme]")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.keyboard.press("/")
    page.fill("dialog.k-search input", "缓存" if path.startswith("zh/") else "cache")
    page.wait_for_selector("dialog[data-answered] [role=option]")
    settle(page, requests)


def test_diagrams_lists_and_cards_keep_the_policy(watched: Any, published: Any, real: Any) -> None:
    for note in ("quotes", "hostile"):
        page, requests = watched(published, f"ideas/{note}/")
        page.evaluate("document.querySelector('.k-diagram, pre.k-mermaid').scrollIntoView()")
        page.wait_for_selector(".k-diagram svg")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.executed ?? []") == [] and foreign(requests) == []
        assert violations(page) == []  # nothing is left for the policy to refuse
    page, requests = watched(real, "reading-lists/llm101/")
    page.wait_for_selector(".k-item", state="attached")
    page.click("main li:has(.k-item) input[type=checkbox] >> nth=0", force=True)
    settle(page, requests)
    page, requests = watched(real, "review/")
    page.click(".k-review button >> nth=0", force=True)
    settle(page, requests)


def test_one_not_found_page_serves_any_depth_and_base(
    watched: Any, published: Any, serve_folder: Any
) -> None:
    """As a static host answers: the same 404.html wherever nothing is; it was built for another folder."""
    html = (published.layout.site / "404.html").read_text("utf-8")
    for wrong, first in (("ideas/no/such/", "Page not found"), ("zh/nothing/", "找不到页面")):
        page, requests = watched(published, "")
        page.route(
            "**/" + wrong, lambda route: route.fulfill(status=404, body=html, content_type="text/html")
        )
        page.goto(serve_folder(published.layout.site) + wrong)
        page.wait_for_function("() => document.querySelector('.k-404 a').pathname.startsWith('/some/base/')")
        assert re.match(first, page.inner_text(".k-404"))
        assert {"Page not found", "找不到页面"} <= set(page.inner_text(".k-404").split("\n"))
        style = "() => getComputedStyle(document.documentElement).getPropertyValue('--k-paper')"
        page.wait_for_function(style)
        assert page.locator(".k-404 section:lang(en) [data-k-search]").is_visible()
        page.click(".k-404 section:first-child a")
        page.wait_for_url("**/some/base/zh/" if first != "Page not found" else "**/some/base/")
        page.go_back()
        page.wait_for_function("() => document.querySelector('.k-404 a').pathname.startsWith('/some/base/')")
        page.click(".k-404 section:lang(zh) a >> nth=1")  # to search in the other language
        page.wait_for_selector("dialog.k-search[data-answered]")
        assert page.url.endswith("/some/base/zh/") and page.locator("html").get_attribute("lang") == "zh"
        assert foreign(requests) == []
