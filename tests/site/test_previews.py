"""Guards previews: by mouse and keyboard, not by touch, of what is linked; and nothing of it runs."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser
SHOWN = "#k-preview:not([hidden])"
NASTY = """<!doctype html><html lang="en"><head><script>window.ran = "head"</script></head><body>
<article class="k-body"><h1>Target <a class="headerlink" href="#x">&para;</a></h1>
<p id="k-content" onmouseover="window.ran = 'handler'">Harmless words
<script>window.ran = "script"</script><img src="../picture.png" onerror="window.ran = 'image'">
<svg><script>window.ran = "svg"</script><animate onbegin="window.ran = 'animate'"/></svg>
<a href="javascript:window.ran = 'link'">a</a> <a href="../kv-cache/#sizes">b</a>
<ul><li>1</li><li>2</li><li>3</li><li>4</li><li>5</li><li>6</li><li>7</li><li>8</li><li>9</li><li>10</li></ul>
<iframe srcdoc="&lt;script>parent.ran = 'frame'&lt;/script>"></iframe><input autofocus></p>
</article></body></html>"""


@pytest.fixture
def note(open_page: Callable[..., Any], sample: Any, serve_folder: Callable[..., str]) -> Callable[..., Any]:
    def start(path: str = "concepts/kv-cache/", width: int = 1280) -> Any:
        return open_page(serve_folder(sample.layout.site) + path, width)

    return start


def preview(page: Any, link: str) -> str:
    page.mouse.move(2, 2)
    page.wait_for_selector(SHOWN, state="detached")
    page.hover(link)
    page.wait_for_selector(SHOWN)
    return page.inner_text(SHOWN)


def test_a_page_a_section_and_a_block(note: Callable[..., Any]) -> None:
    page = note()
    whole = preview(page, "main p a[href='../attention/']")
    assert whole.startswith("Attention\n") and "reads every key once per query" in whole
    section = preview(page, "main a[href='../attention/#scores-are-scaled']")
    assert section.startswith("Attention › Scores are scaled") and "variance stays one" in section
    assert "reads every key" not in section
    assert page.locator(f"{SHOWN} .katex .sqrt").count() == 1
    block = preview(page, "main a[href='#bytes-per-token']")
    assert block.startswith("KV cache\n") and "114,688" in block and "Decoding asks" not in block
    assert page.evaluate("document.querySelectorAll('#bytes-per-token').length") == 1


def test_formulas_look_right_on_a_page_without_any(note: Callable[..., Any]) -> None:
    page = note("")
    assert page.locator("link[href*=katex]").count() == 0
    page.hover("main a[href='concepts/kv-cache/']")
    page.wait_for_selector(f"{SHOWN} .katex")
    assert page.locator("link[href*=katex]").count() == 1
    assert page.evaluate("getComputedStyle(document.querySelector('#k-preview .katex-mathml')).position") == (
        "absolute"
    )


def test_it_goes_when_the_mouse_leaves_and_stays_while_it_is_read(note: Callable[..., Any]) -> None:
    page = note("zh/concepts/kv-cache/")
    text = preview(page, "main p a[href='../attention/']")
    assert text.startswith("注意力") or text.startswith("Attention")
    assert page.get_attribute("main p a[aria-describedby]", "aria-describedby") == "k-preview"
    box = page.locator(SHOWN).bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 20)
    page.hover(f"{SHOWN} .k-preview-title")
    assert page.locator(SHOWN).count() == 1
    page.mouse.move(2, 2)
    page.wait_for_selector(SHOWN, state="detached")
    assert page.locator("[aria-describedby=k-preview]").count() == 0
    preview(page, "main p a[href='../attention/']")
    page.mouse.wheel(0, 300)
    page.wait_for_selector(SHOWN, state="detached")


@pytest.mark.parametrize("width", [1280, 390])
def test_by_keyboard_inside_the_window_and_closed_by_escape(note: Callable[..., Any], width: int) -> None:
    page = note(width=width)
    for link in ("main .k-head a", "main .k-backlinks a"):
        page.focus(link)
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        page.wait_for_selector(SHOWN)
        box = page.locator(SHOWN).bounding_box()
        assert box["x"] >= 0 and box["y"] >= 0
        assert box["x"] + box["width"] <= width and box["y"] + box["height"] <= 900
        page.keyboard.press("Escape")
        assert page.locator(SHOWN).count() == 0
        assert page.evaluate("document.activeElement.tagName") == "A"


def test_nothing_of_the_target_runs_or_loads_from_the_wrong_place(note: Callable[..., Any]) -> None:
    page = note()
    page.expects_refusals = True  # the policy refuses the handlers before they are taken out
    asked: list[str] = []
    page.route("**/concepts/attention/", lambda r: r.fulfill(body=NASTY, content_type="text/html"))
    page.route("**/picture.png", lambda r: (asked.append(r.request.url), r.fulfill(body="no image"))[-1])
    text = preview(page, "main p a[href='../attention/']")
    page.hover(f"{SHOWN} p:last-of-type")
    assert text.startswith("Target\n") and "Harmless words" in text
    assert "8\n… (+2)" in text and "10" not in text
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.ran") is None
    inside = page.locator(SHOWN)
    assert inside.locator("script, iframe, input, animate, [onmouseover], [onerror], [id]").count() == 0
    assert inside.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href'))") == [
        None,
        page.url + "#sizes",
    ]
    assert all(url.endswith("/concepts/picture.png") for url in asked)
    assert inside.locator("img").get_attribute("loading") == "lazy"


def test_fetched_once_and_not_for_every_link(note: Callable[..., Any]) -> None:
    page = note()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    preview(page, "main p a[href='../attention/']")
    preview(page, "main a[href='../attention/#scores-are-scaled']")
    assert sum(url.endswith("/concepts/attention/") for url in asked) == 1
    page.mouse.move(2, 2)
    page.wait_for_selector(SHOWN, state="detached")
    page.clock.install()
    for link in ("h2 .headerlink >> nth=0", ".k-path a"):
        page.hover(link)
        page.clock.run_for(5000)
        assert page.locator(SHOWN).count() == 0
    page.hover("main p a[href='../attention/']")
    page.clock.run_for(5000)
    page.wait_for_selector(SHOWN)


def test_what_was_left_before_the_script_came_shows_nothing(note: Callable[..., Any], hold: Any) -> None:
    page = note()
    page.clock.install()
    let_go = hold(page, "**/preview.js")
    with page.expect_request("**/preview.js"):
        page.hover("main p a[href='../attention/']")
    page.mouse.move(2, 2)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    let_go()
    page.evaluate("import(new URL('../../assets/preview.js', location))")
    page.clock.run_for(5000)
    assert page.locator(SHOWN).count() == 0
    assert not any(url.endswith("/concepts/attention/") for url in asked)
    preview(page, "main p a[href='../attention/']")


def test_not_by_touch(browser: Any, sample: Any, serve_folder: Callable[..., str]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.install()
    page.goto(serve_folder(sample.layout.site) + "concepts/kv-cache/")
    page.evaluate("document.addEventListener('click', event => event.preventDefault())")
    page.tap("main p a[href='../attention/']")
    page.tap("main a[href='../attention/#scores-are-scaled']")
    page.clock.run_for(5000)
    assert page.locator("#k-preview").count() == 0
    assert not any("preview" in url and url.split("?")[0].endswith(".js") for url in asked)
    context.close()
