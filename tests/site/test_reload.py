"""Guards what a reload of the served page may not take away: an open search, and the way to what it found."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from vaultkit.site.server import EVENTS, SCRIPT, Listeners, open_server

pytestmark = pytest.mark.browser
MENDED = ([], ["index.html"])  # what a save of the front page tells


@pytest.fixture
def listeners() -> Listeners:
    return Listeners()


@pytest.fixture
def home(sample: Any, listeners: Listeners) -> Iterator[str]:
    with open_server(sample.layout.site, "127.0.0.1", 0, listeners) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


@pytest.fixture
def page(open_page: Any, home: str) -> Iterator[Any]:
    """The front page, listening, with a mark that a reload takes away."""
    page = open_page("about:blank")
    with page.expect_response(f"**{EVENTS}?*"):
        page.goto(home)
    page.evaluate("window.marked = true")
    yield page
    page.goto("about:blank")  # before the server stops, which the page would complain of


def searching(page: Any) -> None:
    page.keyboard.press("/")
    page.wait_for_selector("dialog.k-search[data-answered]")
    page.keyboard.type("attention")
    page.wait_for_selector("dialog.k-search[data-answered=attention]")


def held_back(page: Any, listeners: Listeners) -> None:
    """The page has heard of the change, for it shows what it was told after it."""
    listeners.tell(*MENDED)
    listeners.tell(["a.md:1: broken"], [])
    page.wait_for_selector("#k-problems")
    assert page.evaluate("window.marked") is True


def test_a_page_is_loaded_again_at_once(page: Any, listeners: Listeners) -> None:
    listeners.tell(*MENDED)
    page.wait_for_function("window.marked === undefined")


def test_a_page_that_changes_on_its_way_is_loaded_again(
    open_page: Any, home: str, listeners: Listeners
) -> None:
    """The page was read, its script not yet: it hears of what came between."""
    page, loaded = open_page("about:blank"), []

    def late(route: Any) -> None:
        loaded.append(route.request.url)
        if len(loaded) == 1:
            listeners.tell(*MENDED)
            listeners.tell([], ["other/index.html"])
        route.continue_()

    page.route(f"**{SCRIPT}", late)
    with page.expect_response(f"**{EVENTS}?since=2"):
        page.goto(home, wait_until="commit")
    assert len(loaded) == 2
    page.goto("about:blank")


def test_an_open_search_holds_the_reload_back_until_it_is_closed(page: Any, listeners: Listeners) -> None:
    searching(page)
    held_back(page, listeners)
    assert page.input_value("dialog.k-search[open] input") == "attention"
    assert page.evaluate("document.activeElement.type") == "search"
    page.click(".k-search-close")
    page.wait_for_function("window.marked === undefined")


def test_what_was_found_is_opened_and_not_the_old_page_again(page: Any, listeners: Listeners) -> None:
    searching(page)
    held_back(page, listeners)
    page.keyboard.press("Enter")
    page.wait_for_url("**/concepts/attention/**")
    assert "/concepts/attention/" in page.url
