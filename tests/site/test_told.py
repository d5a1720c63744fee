"""What an author is told in the pages while they are served: failures at their blocks, in the bar, runs."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vaultkit.site.server import Listeners, open_server
from vaultkit.site.verify import without_badge
from vaultkit.site.wrong import Wrong, urls_of, wrong

NOTE = "concepts/KV cache.md"
PAGES = ("concepts/kv-cache/", "zh/concepts/kv-cache/")
EVIL = "<img src=x onerror=alert(1)>"
DIFFERS = {
    "line": 57, "kind": "output-differs", "message": "printed something else than the note shows", "block": 1,
    "hint": "look at it", "expected": ["shape (1, 8, 3, 128)", "bytes 24576"], "actual": [EVIL],
    "details": ["--- vault/n.md (the note shows)", "+++ the block printed", "@@ -57,2 +1,2 @@",
                "-shape (1, 8, 3, 128)", f"+{EVIL}", " bytes 24576"],
}  # fmt: skip
RAISED = {
    "line": 66, "kind": "block-error", "message": "TypeError: no", "block": 2, "hint": "", "expected": [],
    "actual": [], "details": ["codebase/kvist/ops/x.py:7, in f: return 1"],
}  # fmt: skip
FOLLOWS = {
    "line": 70,
    "kind": "block-not-run",
    "message": "not run, because block 2 on line 65 failed",
    "block": 3,
}


class Served:
    def __init__(self, address: str, listeners: Listeners, vault: Path) -> None:
        self.address, self.listeners, self.vault = address, listeners, vault

    def wrong(self, *failures: dict[str, Any], path: str = NOTE) -> list[Wrong]:
        return wrong(self.vault, path, list(failures))


@pytest.fixture
def served(sample: Any) -> Iterator[Served]:
    listeners = Listeners()
    with open_server(sample.layout.site, "127.0.0.1", 0, listeners) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield Served(f"http://127.0.0.1:{running.server_port}/", listeners, sample.layout.vault)
        running.shutdown()


def test_a_failure_knows_its_page_its_block_and_its_difference(sample: Any) -> None:
    differs, raised, follows, early = wrong(
        sample.layout.vault,
        NOTE,
        [DIFFERS, RAISED, FOLLOWS, {"line": 0, "kind": "was not judged:", "message": "x"}],
    )
    assert differs.urls == PAGES[:1] and differs.text.startswith(
        "vault/concepts/KV cache.md:57: output-differs "
    )
    assert differs.rows == ("-shape (1, 8, 3, 128)", f"+{EVIL}", " bytes 24576")
    assert differs.code.startswith("import numpy as np\n") and (differs.block, differs.blocks) == (1, 4)
    assert raised.rows == ("codebase/kvist/ops/x.py:7, in f: return 1",) and raised.block == 2
    assert follows.rows == () and (early.block, early.code) == (0, "")
    assert early.text == "vault/concepts/KV cache.md: was not judged: x"


def test_blocks_with_the_same_code_and_outputs_of_one_side(tmp_path: Path) -> None:
    (tmp_path / "A.md").write_text("```python\nx\n```\n\n```python\ny\n```\n\n```python\nx \n```\n")
    row = {"line": 9, "message": "m", "block": 3, "details": [], "expected": ["a"], "actual": ["@@", "…"]}
    missing, stale = wrong(
        tmp_path, "A.md", [row | {"kind": "output-missing"}, row | {"kind": "output-stale"}]
    )
    assert missing.before == 1 and missing.rows == ("+@@", "+…") and stale.rows == ("-a",)
    assert urls_of(tmp_path, "A.md") == ("a/", "zh/a/") and urls_of(tmp_path, "A.zh.md") == ("zh/a/",)


def test_pages_without_a_badge_are_those_of_notes_with_code(sample: Any, tmp_path: Path) -> None:
    vault, site = sample.layout.vault, sample.layout.site
    written = [f"{page}index.html" for page in (*PAGES, "concepts/attention/", "concepts/prefix-tree/")]
    assert set(without_badge(vault, site, written)) == {NOTE, "concepts/KV cache.zh.md"}
    assert without_badge(vault, site, [*written[:1], "kvist.css"]) == [NOTE]
    assert without_badge(vault, site, written * 30 + [f"{n}/index.html" for n in range(200)]) == []
    page = tmp_path / written[0]
    page.parent.mkdir(parents=True)
    page.write_text('<span class="k-pill k-pill-verified"></span><div class="language-python highlight">')
    assert without_badge(vault, tmp_path, written) == []


@pytest.mark.browser
def test_a_block_says_what_it_did_wrong_and_the_bar_leads_there(served: Served, open_page: Any) -> None:
    other = served.wrong(DIFFERS | {"message": "elsewhere"}, path="concepts/KV cache.zh.md")
    served.listeners.tell(["vault/a.md:3: unresolved-link [[x]] leads nowhere"])
    served.listeners.run(([*served.wrong(DIFFERS, RAISED, FOLLOWS), *other], []))
    page = open_page(f"{served.address}{PAGES[0]}")
    page.wait_for_selector("#k-problems")
    assert page.inner_text("#k-problems summary") == "To mend: 4"
    boxes = page.locator(".k-wrong")
    assert boxes.count() == 3
    first = boxes.nth(0)
    assert first.evaluate("box => box.previousElementSibling.matches('.k-output')")
    assert first.locator(".k-row").all_inner_texts() == ["-shape (1, 8, 3, 128)", f"+{EVIL}", " bytes 24576"]
    assert first.locator("img").count() == 0 and "line 57" in first.inner_text()
    where = "box => box.closest('.k-wrong').previousElementSibling.previousElementSibling.textContent"
    assert boxes.nth(1).locator(".k-row").inner_text() == RAISED["details"][0]
    assert "not here" in boxes.nth(1).evaluate(where)
    assert boxes.nth(2).evaluate("box => box.classList.contains('k-follows')")
    rows = page.locator("#k-problems div > *").all_inner_texts()
    assert [row.split(":")[0] for row in rows] == [f"vault/{NOTE}"] * 2 + [
        "vault/concepts/KV cache.zh.md",
        "vault/a.md",
    ]
    page.locator("#k-problems a").nth(2).click()
    page.wait_for_url(f"**/{PAGES[1]}#k-wrong-1-57")
    page.wait_for_selector(".k-wrong")
    page.wait_for_function(
        "() => { const { top } = document.querySelector('.k-wrong').getBoundingClientRect();"
        " return top > 0 && top < innerHeight; }"
    )
    assert page.inner_text("#k-problems summary") == "待修正：4" and "第 57 行" in page.inner_text(".k-wrong")
    served.listeners.tell([])
    served.listeners.run((served.wrong(RAISED), []))
    page.wait_for_function("() => !document.querySelector('.k-wrong')")
    assert page.inner_text("#k-problems summary") == "待修正：1"
    served.listeners.run(([], []))
    page.wait_for_function("() => !document.querySelector('#k-problems, .k-live')")


@pytest.mark.browser
@pytest.mark.parametrize(("url", "words"), [(PAGES[0], "running"), (PAGES[1], "运行中")])
def test_a_run_is_told_where_the_badge_will_be_and_nothing_moves(
    served: Served, open_page: Any, url: str, words: str
) -> None:
    served.listeners.tell([], [], runs=([], [url]))
    page = open_page(f"{served.address}{url}")
    pill = page.locator(".k-head .k-live")
    assert pill.locator(".k-live-word").inner_text() == words and pill.get_attribute("role") == "status"
    places = """() => [...document.querySelectorAll('.k-head a, .k-head + *')].map((part) => {
      const { x, y } = part.getBoundingClientRect();
      return [x, y + scrollY];
    })"""
    before = page.evaluate(places)
    served.listeners.run(
        (served.wrong(DIFFERS, path=NOTE if url == PAGES[0] else "concepts/KV cache.zh.md"), [])
    )
    page.wait_for_selector("a.k-live-wrong")
    assert page.locator("a.k-live-wrong").get_attribute("href") == "#k-wrong-1-57"
    after = page.evaluate(places.replace(".k-head a,", ".k-head a:not(.k-live),"))
    assert after == before and len(after) > 2
    page.evaluate("""() => {
      const badge = document.createElement('span');
      badge.className = 'k-pill k-pill-verified';
      const words = document.documentElement.lang === 'en' ? 'verified' : '已验证';
      badge.innerHTML = `✓ ${words} <span class="k-badge-date">2026-11-22</span>`;
      document.querySelector('.k-live').replaceWith(badge);
    }""")
    badge = page.evaluate(places)
    assert all(abs(x - u) < 1.5 and abs(y - v) < 0.1 for (x, y), (u, v) in zip(badge, before, strict=True))
    served.listeners.run(([], [url]))
    served.listeners.tell(["last"], [])
    page.wait_for_selector("#k-problems")
    assert page.locator(".k-live").count() == 0  # the badge is true or absent


@pytest.mark.browser
def test_no_motion_for_who_wants_none(served: Served, open_page: Any) -> None:
    served.listeners.run(([], [PAGES[0]]))
    page = open_page(f"{served.address}{PAGES[0]}")
    moving = "() => getComputedStyle(document.querySelector('.k-live-word'), '::before').animationName"
    assert page.evaluate(moving) == "k-breathe"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == "none"
