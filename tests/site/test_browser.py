"""The site in a real browser, on a plain file server; a foreign request or a console error fails."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(real: Any, serve_folder: Callable[..., str]) -> str:
    return serve_folder(real.layout.site)


@pytest.fixture(scope="module")
def sample_home(sample: Any, serve_folder: Callable[..., str]) -> str:
    return serve_folder(sample.layout.site)


def sideways(page: Any) -> int:
    """Pixels by which the page is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_the_language_switch_keeps_page_and_place(open_page: Any, home: str) -> None:
    page = open_page(f"{home}concepts/radixattention/#mathematical-details")
    assert page.inner_text("h1").startswith("RadixAttention")
    page.click("[data-k-switch]")
    page.wait_for_url("**/base/zh/concepts/radixattention/#mathematical-details")
    assert page.get_attribute("html", "lang") == "zh"
    heading = "document.getElementById('mathematical-details').closest('h2')"
    assert page.evaluate(f"{heading}.innerText").startswith("数学细节")
    page.wait_for_function(f"0 <= {heading}.getBoundingClientRect().top")
    assert page.evaluate(f"{heading}.getBoundingClientRect().top") < 300
    # At the top there is no anchor to keep; asked in the moment of scrolling, before the page is told of it.
    page.evaluate("scrollTo(0, 0); document.querySelector('[data-k-switch]').click()")
    page.wait_for_url("**/base/concepts/radixattention/")


def test_copy_takes_the_code_and_nothing_else(open_page: Any, sample_home: str) -> None:
    page = open_page(f"{sample_home}concepts/kv-cache/")
    block = page.locator(".highlight:has-text('np.concatenate')").first
    block.hover()
    block.locator(".k-copy:not(.k-copy-link)").click()
    block.locator(".k-copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("import numpy as np\n") and copied.endswith('print("bytes", keys.nbytes)')
    assert "24576" not in copied
    assert page.locator(".k-output .k-copy").count() == 0
    assert page.locator(".k-output").count() == 2


def test_dark_follows_the_system_until_the_reader_chooses(open_page: Any, sample_home: str) -> None:
    scheme = "document.documentElement.dataset.mdColorScheme"
    dark = open_page(sample_home, dark=True)
    assert dark.evaluate(scheme) == "slate"
    page = open_page(sample_home)
    assert page.evaluate(scheme) == "default"
    page.click("[data-k-scheme]")
    assert page.evaluate(scheme) == "slate"
    page.goto(f"{sample_home}zh/concepts/kv-cache/")
    assert page.evaluate(scheme) == "slate"
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, background.removeprefix("rgb(").removesuffix(")").split(","))) < 60


def test_a_phone_shows_everything_without_scrolling_sideways(open_page: Any, home: str) -> None:
    page = open_page(home, width=390)
    paths = [
        "",
        "zh/",
        "concepts/kv-cache/",
        "zh/concepts/kv-cache/",
        "concepts/radixattention/",
        "zh/concepts/",
    ]
    for path in [*paths, "planned-notes/", "reading-lists/llm101/"]:
        page.goto(home + path)
        assert sideways(page) == 0, path
    assert not page.locator(".k-explorer").is_visible()
    page.click(".k-menu")
    page.locator(".k-explorer").wait_for()
    page.keyboard.press("Escape")
    page.locator(".k-explorer").wait_for(state="hidden")


def test_formulas_and_diagrams_are_drawn_without_another_host(open_page: Any, sample_home: str) -> None:
    page = open_page(f"{sample_home}concepts/kv-cache/")
    page.locator(".k-diagram").scroll_into_view_if_needed()
    page.locator(".k-diagram svg", has_text="prefill").wait_for()
    fonts = page.evaluate(
        "document.fonts.ready.then(f => [...f].filter(x => x.status === 'loaded').map(x => x.family))"
    )
    assert any("KaTeX" in family for family in fonts)
    assert page.locator(".katex-display").count() == 1
    assert page.locator(".katex-error").count() == 0


def test_a_diagram_takes_the_colours_that_are_chosen_while_it_is_drawn(
    open_page: Any, sample_home: str, hold: Any
) -> None:
    page = open_page("about:blank")
    let_go = hold(page, "**/mermaid/chunks/**/flowDiagram-*")
    with page.expect_request("**/mermaid/chunks/**/flowDiagram-*"):
        page.goto(f"{sample_home}concepts/kv-cache/")
        page.locator("pre.k-mermaid").scroll_into_view_if_needed()
    page.click("[data-k-scheme]")
    ink = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--k-ink').trim()")
    let_go()
    page.locator(".k-diagram svg style", has_text=f"fill:{ink}").wait_for(state="attached")


@pytest.mark.parametrize("width", [1280, 390])
def test_what_an_address_leads_to_stays_where_it_is_while_a_diagram_above_is_drawn(
    open_page: Any, real: Any, serve_folder: Any, hold: Any, width: int
) -> None:
    page = open_page("about:blank")
    page.set_viewport_size({"width": width, "height": 800})
    let_go = hold(page, "**/mermaid/chunks/**/flowDiagram-*")
    with page.expect_request("**/mermaid/chunks/**/flowDiagram-*"):
        page.goto(f"{serve_folder(real.layout.site)}concepts/kv-cache/#mathematical-details")
    page.evaluate("document.fonts.ready")
    place = "document.querySelector('#mathematical-details').getBoundingClientRect().top"
    before = page.evaluate(place)
    assert 40 < before < 120
    assert page.locator(".k-diagram svg").count() == 0
    let_go()
    page.locator(".k-diagram svg").first.wait_for(state="attached")
    page.evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(r))))")
    assert abs(page.evaluate(place) - before) < 2


def test_folds_open_and_cards_hide_their_answer(open_page: Any, sample_home: str) -> None:
    page = open_page(f"{sample_home}concepts/kv-cache/")
    card = page.locator("details.card").first
    assert not card.locator("p").is_visible()
    card.locator("summary").click()
    card.locator("p").wait_for()


def test_the_explorer_names_the_notes_of_the_section(open_page: Any, sample_home: str) -> None:
    page = open_page(f"{sample_home}zh/concepts/kv-cache/")
    page.wait_for_selector(".k-explorer li li a")
    names = page.locator(".k-explorer li li a").all_inner_texts()
    assert names == ["KV 缓存", "注意力"] or sorted(names) == sorted(["KV 缓存", "注意力"])
    assert page.inner_text(".k-explorer li li a[aria-current]") == "KV 缓存"


def test_the_first_view_is_light(open_page: Any, home: str) -> None:
    """All that a note's first view transfers, as a server that compresses would send it: at most 150 kB."""
    page = open_page("about:blank")
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(f"{home}concepts/multi-head-latent-attention/")
    page.wait_for_load_state("networkidle")
    sizes = {answer.url: transfer_size(answer) for answer in answers}
    assert 20_000 < sum(sizes.values()) <= 150_000, sizes


def transfer_size(response: Any) -> int:
    """Size of a response's body after gzip, which fonts and images do not get."""
    body = response.body() if response.ok else b""
    compressible = response.url.split("?")[0].endswith(("/", ".html", ".css", ".js", ".json", ".svg"))
    return len(gzip.compress(body)) if compressible else len(body)
