"""On paper: the text alone on white, answers and folded callouts open, code wrapped; and a PDF comes out."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser
CHROME = ".k-header, .k-explorer, .k-contents, .k-footer, .k-tools, .k-copy, .k-skip, .k-backlinks"


@pytest.mark.parametrize("side", ["", "zh/"])
def test_what_is_printed(open_page: Any, sample: Any, serve_folder: Callable[..., str], side: str) -> None:
    page = open_page(f"{serve_folder(sample.layout.site)}{side}concepts/kv-cache/", dark=True)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)" != dark
    shown = "all => all.filter((element) => element.checkVisibility()).map((element) => element.className)"
    assert page.locator(CHROME).evaluate_all(shown) == []
    marks = "all => all.filter((e) => getComputedStyle(e, '::after').display !== 'none').length"
    assert page.locator("article summary").evaluate_all(marks) == 0  # of folds, as all is open
    folded = page.locator("article details:not([open], .k-contents-inline)")
    assert folded.count() > 0
    for box in folded.all():
        last = box.locator(":scope > :not(summary)").last
        assert last.evaluate("element => element.getBoundingClientRect().height") > 0
    assert (
        page.locator("article pre").first.evaluate("e => getComputedStyle(e).whiteSpaceCollapse")
        == "preserve"
    )
    ink = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--k-ink')")
    assert ink.startswith("#1")  # dark letters in every place, though the reader's screen is dark
    if not side:
        assert page.pdf(print_background=True).startswith(b"%PDF-")
