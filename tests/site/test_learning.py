"""Guards what a learner does on the site: ticks, filters, the way on, and cards that come again."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vaultkit.lists.items import short_id
from vaultkit.lists.milestones import identities
from vaultkit.review.cards import cards
from vaultkit.review.schedule import Schedule, read
from vaultkit.site.pages.course_map import wrapped
from vaultkit.vault import Vault


@pytest.fixture(scope="module")
def home(real: Any, serve_folder: Callable[..., str]) -> str:
    return serve_folder(real.layout.site)


@pytest.fixture(scope="module")
def sample_home(sample: Any, serve_folder: Callable[..., str]) -> str:
    return serve_folder(sample.layout.site)


def test_a_title_on_the_map_is_not_cut_between_a_bracket_and_its_words() -> None:
    assert wrapped("Metal 核函数（kernel）编程") == ["Metal 核函数", "（kernel）编程"]
    assert wrapped("在线 softmax（Online Softmax）") == ["在线 softmax（Online", "Softmax）"]
    assert wrapped("（") == ["（"]


@pytest.mark.slow
@pytest.mark.parametrize("side", ["", "zh/"])
def test_the_map_leads_to_every_note_of_the_course(real: Any, side: str) -> None:
    html = real.html(f"{side}reading-lists/tiny-llm-in-three-weeks")
    start = html.index('<details class="k-map">')
    figure = html[start : html.index("</svg>", start)]
    assert figure.count("<a href=") == figure.count("<rect") == 39
    assert 'class="k-map-written"' in figure and 'href="../../concepts/kv-cache/"' in figure


@pytest.mark.browser
def test_the_map_shows_the_way_to_a_note_by_mouse_and_keyboard(open_page: Any, home: str) -> None:
    page = open_page(f"{home}zh/reading-lists/tiny-llm-in-three-weeks/")
    page.click(".k-map summary")
    names = "map(a => a.getAttribute('href').split('/').at(-2))"
    lit = f"[...document.querySelectorAll('.k-map .k-map-lit a.k-map-on')].{names}"
    page.hover(".k-map a[href$='concepts/pagedattention/']")
    page.wait_for_selector(".k-map svg.k-map-lit")
    way = set(page.evaluate(lit))
    assert {"kv-cache", "autoregressive-generation", "pagedattention"} <= way
    assert "tool-calling" not in way
    page.mouse.move(2, 2)
    assert page.evaluate(lit) == []
    page.focus(".k-map a[href$='concepts/kv-cache/']")
    assert {"kv-cache", "autoregressive-generation"} <= set(page.evaluate(lit))
    assert page.locator(".k-map .k-map-lit path.k-map-on").count() >= 5
    assert page.locator(".k-map").bounding_box()["height"] > 400


@pytest.mark.browser
def test_the_map_knows_what_was_pointed_at_before_its_script_came(
    open_page: Any, home: str, hold: Any
) -> None:
    page = open_page("about:blank")
    let_go = hold(page, "**/course-map.js")
    with page.expect_request("**/course-map.js"):
        page.goto(f"{home}zh/reading-lists/tiny-llm-in-three-weeks/")
    page.click(".k-map summary")
    page.hover(".k-map a[href$='concepts/pagedattention/']")
    let_go()
    page.wait_for_selector(".k-map .k-map-lit a.k-map-on[href$='concepts/kv-cache/']")


@pytest.mark.browser
def test_a_visitors_ticks_stay_and_count(open_page: Any, home: str) -> None:
    page = open_page(f"{home}reading-lists/llm101/")
    page.wait_for_selector(".k-tickable")
    bar = page.locator(".k-progress")
    assert bar.inner_text().startswith("0 of 32 read · 0 of 864 minutes")
    box = page.locator(".k-tickable").nth(1)
    box.click()
    assert bar.inner_text().startswith("1 of 32 read · 20 of 864 minutes")
    page.goto(f"{home}zh/reading-lists/llm101/")
    page.wait_for_selector(".k-tickable")
    assert page.locator(".k-progress").inner_text().startswith("已读 1 / 32 项 · 20 / 864 分钟")
    assert page.locator("input[type=checkbox]:checked").count() == 1
    page.goto(f"{home}reading-lists/")
    page.wait_for_function("document.body.innerText.includes('1 of 32 read')")
    page.goto(f"{home}reading-lists/llm101/")
    page.locator(".k-tickable").nth(1).click()
    assert page.locator(".k-progress").inner_text().startswith("0 of 32")


@pytest.mark.browser
def test_a_section_of_a_post_and_the_whole_post_have_a_tick_each(open_page: Any, home: str) -> None:
    """Both lead to one address; a tick of old, which was kept by the address alone, still counts for both."""
    section, post = f"{home}reading-lists/llm101/", f"{home}reading-lists/weeks-36-and-37/"
    count = "document.querySelectorAll('input[type=checkbox]:checked').length"
    page = open_page(section)
    page.wait_for_selector(".k-tickable")
    page.locator(".k-tickable").first.click()
    page.goto(post)
    page.wait_for_selector(".k-tickable")
    assert page.evaluate(count) == 0
    old = short_id("https://huggingface.co/blog/paresh2806/sglang-efficient-llm-workflows")
    page.evaluate("id => localStorage.setItem('kvist.ticks', JSON.stringify({[id]: '2026-11-22'}))", old)
    for address in (section, post):
        page.goto(address)
        page.wait_for_selector(".k-tickable")
        assert page.evaluate(count) == 1
        assert " 1 of" in f" {page.locator('.k-progress').first.inner_text()}"
    page.locator(".k-tickable").first.click()
    page.goto(section)
    page.wait_for_selector(".k-tickable")
    assert page.evaluate(count) == 1


@pytest.mark.browser
def test_the_same_item_twice_on_a_page_is_ticked_at_once(open_page: Any, home: str) -> None:
    page = open_page("about:blank")
    twin = "li.after(li.cloneNode(true))"
    page.add_init_script(
        "new MutationObserver((_, all) => { const li = document.querySelector('li:has(.k-item)');"
        f" if (document.readyState !== 'loading' && li) {{ all.disconnect(); {twin}; }} }})"
        ".observe(document, {childList: true, subtree: true, attributes: true});"
        "document.addEventListener('readystatechange', () => document.body.toggleAttribute('data-x'));"
    )
    page.goto(f"{home}reading-lists/llm101/")
    page.wait_for_selector(".k-tickable")
    if page.locator(".k-item").count() != 33:
        pytest.fail("the item does not stand twice")
    page.locator(".k-tickable").first.click()
    assert page.locator("input[type=checkbox]:checked").count() == 2


@pytest.mark.browser
def test_ticks_go_out_and_come_in(open_page: Any, home: str, tmp_path: Any) -> None:
    page = open_page(f"{home}reading-lists/llm101/")
    page.wait_for_selector(".k-tickable")
    page.locator(".k-tickable").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export ticks").click()
    file = tmp_path / "ticks.json"
    download.value.save_as(file)
    saved = json.loads(file.read_text())
    assert saved["version"] == 1 and len(saved["ticks"]) == 1
    for name, text, told in (
        ("bad", "{}", "That file holds no ticks."),
        ("good", file.read_text(), "Ticks imported."),
    ):
        page.evaluate("localStorage.clear()")
        page.reload()
        page.wait_for_selector(".k-tickable")
        given = tmp_path / f"{name}.json"
        given.write_text(text)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Import ticks").click()
        chooser.value.set_files(given)
        page.get_by_text(told).wait_for()
    assert page.locator(".k-progress").inner_text().startswith("1 of 32")


@pytest.mark.browser
def test_milestones_are_ticked_in_the_list_and_in_the_tracker(open_page: Any, home: str, real: Any) -> None:
    page = open_page(f"{home}reading-lists/tiny-llm-in-three-weeks/")
    page.wait_for_selector(".k-tickable")
    page.locator("li:has(.k-todo)", has_text="KV cache implemented").locator(".k-tickable").click()
    page.goto(f"{home}zh/progress-tracker/")
    page.wait_for_selector(".k-tickable")
    bar = page.locator(".k-kind-tracker .k-progress")
    assert bar.inner_text().startswith("已达成 1 / 9")
    page.locator(".k-kind-tracker .k-tickable").first.click()
    assert bar.inner_text().startswith("已达成 2 / 9")
    with page.expect_download() as download:
        page.get_by_role("button", name="导出勾选").click()
    saved = json.loads(download.value.path().read_text("utf-8"))["ticks"]
    named = identities(Vault.load(real.layout.vault).notes["reading-lists/tiny-llm in three weeks.md"])
    assert set(saved) < {short_id(name) for name in named.values()} and len(saved) == 2
    page.goto(f"{home}reading-lists/tiny-llm-in-three-weeks/")
    page.wait_for_selector(".k-tickable")
    assert page.locator(".k-todo").count() == len(named)
    assert page.locator("li:has(.k-todo) input:checked").count() == 2


@pytest.mark.browser
def test_filters(open_page: Any, home: str) -> None:
    page = open_page(f"{home}reading-lists/llm101/")
    shown = (
        "document.querySelectorAll('.k-item').length - document.querySelectorAll('li[hidden] .k-item').length"
    )
    page.wait_for_selector(".k-list-tools select")
    priority, time = page.locator(".k-list-tools select").all()
    priority.select_option("P1")
    assert page.evaluate(shown) == 3
    time.select_option("30")
    assert page.evaluate(shown) == 2 and page.locator(".k-list-tools output").inner_text() == "2 shown"
    page.locator(".k-list-tools input").check()
    page.locator("li:not([hidden]) .k-tickable").first.click()
    assert page.evaluate(shown) == 1
    priority.select_option("*")
    time.select_option("")
    assert page.evaluate(shown) == 31


@pytest.mark.browser
def test_the_list_one_came_from_leads_on(open_page: Any, home: str) -> None:
    page = open_page(f"{home}concepts/kv-cache/")
    assert page.locator(".k-place:visible").count() == 3
    page.goto(f"{home}reading-lists/tiny-llm-in-three-weeks/")
    page.wait_for_selector(".k-tickable")
    page.locator("li a", has_text="KV cache").first.click()
    page.wait_for_url("**/concepts/kv-cache/")
    page.wait_for_function("document.querySelectorAll('.k-place[hidden]').length === 2")
    place = page.locator(".k-place:visible")
    assert "13 / 39" in place.inner_text()
    place.locator(".k-after a").click()
    page.wait_for_url("**/concepts/prefill-and-decode/")


@pytest.mark.browser
def test_cards_are_asked_and_come_again_as_in_the_terminal(
    open_page: Any, home: str, real: Any, tmp_path: Any
) -> None:
    page = open_page(f"{home}review/")
    page.wait_for_selector(".k-main-button")
    total = page.locator(".k-flash").count()
    assert page.locator(".k-review").inner_text().startswith(f"{total} cards are due, {total} of them new")
    page.locator(".k-main-button").click()
    question = page.locator(".k-question").inner_text()
    assert not page.locator(".k-answer").is_visible()
    page.keyboard.press("Enter")
    assert page.locator(".k-answer").is_visible()
    page.keyboard.press("3")
    page.wait_for_function("q => document.querySelector('.k-question').innerText !== q", arg=question)
    page.locator(".k-quiz .k-main-button").click()
    page.keyboard.press("4")
    page.get_by_role("button", name="Stop").click()
    assert page.locator(".k-review").inner_text().startswith(f"{total - 2} cards are due")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export reviews").click()
    file = tmp_path / "reviews.json"
    download.value.save_as(file)
    theirs = read(file)
    ours = Schedule(tmp_path / "ours.json", {})
    order = [card.id for card in cards(Vault.load(real.layout.vault))][:2]
    assert list(theirs) == order
    for card, grade in zip(order, ("good", "easy"), strict=True):
        ours.grade(card, grade, datetime.fromisoformat(theirs[card]["last_review"]))
        for key, value in ours.cards[card].items():
            same = pytest.approx(value, rel=1e-6) if isinstance(value, float) else value
            assert theirs[card][key] == same or key == "due", key
        gap = datetime.fromisoformat(theirs[card]["due"]) - datetime.fromisoformat(ours.cards[card]["due"])
        assert abs(gap) < timedelta(days=1, seconds=1) if grade == "easy" else abs(gap) < timedelta(seconds=1)


@pytest.mark.browser
def test_reviews_of_the_terminal_come_in(open_page: Any, home: str, real: Any, tmp_path: Any) -> None:
    page = open_page(f"{home}zh/review/")
    page.wait_for_selector(".k-main-button")
    total = page.locator(".k-flash").count()
    schedule = Schedule(tmp_path / "r.json", {})
    for card in cards(Vault.load(real.layout.vault)):
        schedule.grade(card.id, "easy", datetime.now(UTC))
    schedule.save()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="导入复习记录").click()
    chooser.value.set_files(schedule.file)
    page.get_by_text(f"已导入 {total} 条").wait_for()
    assert page.locator(".k-review").inner_text().startswith("没有到期的卡片")


@pytest.mark.browser
def test_a_note_asks_its_own_cards_by_keyboard_and_the_page_of_cards_knows(
    open_page: Any, sample_home: str, sample: Any
) -> None:
    ids = [card.id for card in cards(Vault.load(sample.layout.vault), "zh", "concepts/KV cache.md")]
    page = open_page(f"{sample_home}zh/concepts/kv-cache/")
    page.get_by_role("button", name=f"考考我：{len(ids)} 张卡片").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".k-quiz-place .k-question")
    for key in "13":
        assert not page.locator(".k-quiz-place .k-answer").is_visible()
        page.keyboard.press("Enter")
        assert page.locator(".k-quiz-place .k-answer").inner_text().strip()
        page.keyboard.press(key)
    assert page.locator(".k-quiz-place [role=status]").inner_text() == "答对 1 / 2 张"
    page.keyboard.press("Enter")  # what was missed, again
    page.wait_for_selector(".k-quiz-place .k-answer", state="attached")
    page.keyboard.press("Enter")
    page.keyboard.press("4")
    assert page.locator(".k-quiz-place [role=status]").inner_text() == "答对 1 / 1 张"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent").startswith("考考我")
    kept = page.evaluate("JSON.parse(localStorage.getItem('kvist.reviews'))")
    assert set(kept) == set(ids)
    page.goto(f"{sample_home}concepts/kv-cache/")
    shown = "[...document.querySelectorAll('details [data-k-card]')].map(c => c.dataset.kCard)"
    assert page.evaluate(shown) == ids
    page.click(".k-quiz-place button")
    page.wait_for_selector(".k-quiz-place .k-question")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == f"Quiz me: {len(ids)} cards"
    assert page.evaluate("JSON.parse(localStorage.getItem('kvist.reviews'))") == kept
