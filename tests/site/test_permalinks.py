"""Guards the addresses of code blocks, of their lines, and of blocks with an id."""

import re
from typing import Any

import pytest

from vaultkit.site.permalinks import name_blocks


def block(code: str, classes: str = "language-python highlight") -> str:
    top = f'<div class="{classes}"><span class="filename">t</span><pre><span></span>'
    return f"{top}<code>{code}</code></pre></div>"


def test_an_address_is_of_the_code_alone() -> None:
    one = re.findall('id="([^"]*)"', name_blocks(block("a &lt; b") + block("c")))
    other = re.findall('id="([^"]*)"', name_blocks(block("c", "highlight") + block("<i>a</i> &lt; b\n")))
    assert len(set(one)) == 2 and one == other[::-1]
    assert all(re.fullmatch("code-[0-9a-f]{8}", name) for name in one)


def test_twice_the_same_code() -> None:
    first, second = re.findall('id="([^"]*)"', name_blocks(block("x") * 2))
    assert second == f"{first}-2"


def test_only_code() -> None:
    for classes in ("language-text k-output no-copy highlight", "language-python k-lines highlight"):
        assert name_blocks(block("x", classes)) == block("x", classes)


@pytest.mark.slow
def test_the_same_in_both_languages(real: Any) -> None:
    pages = [real.html(f"{side}concepts/kv-cache") for side in ("", "zh/")]
    english, chinese = (re.findall('<div id="(code-[^"]*)"', page) for page in pages)
    assert len(english) >= 3 and english == chinese


@pytest.mark.browser
def test_lines_of_a_block_can_be_linked(open_page: Any, real: Any, serve_folder: Any) -> None:
    home = serve_folder(real.layout.site)
    page = open_page(f"{home}concepts/kv-cache/")
    page.wait_for_selector(".k-copy-link")
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    select = """() => {
      const full = (code) => code.textContent.split('\\n').slice(0, 3).every(Boolean);
      const code = [...document.querySelectorAll('.highlight[id^=code-] pre > code')].find(full);
      const nodes = document.createTreeWalker(code, NodeFilter.SHOW_TEXT), range = document.createRange();
      let at = 0;
      const place = (offset, set) => {
        for (nodes.currentNode = code, at = 0; nodes.nextNode(); at += nodes.currentNode.data.length)
          if (offset <= at + nodes.currentNode.data.length) return set(nodes.currentNode, offset - at);
      };
      const rows = code.textContent.split('\\n');
      place(rows[0].length + 2, (node, offset) => range.setStart(node, offset));
      place(rows.slice(0, 3).join('\\n').length - 1, (node, offset) => range.setEnd(node, offset));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    }"""
    page.evaluate(select)
    page.evaluate(
        "getSelection().anchorNode.parentElement.closest('.highlight').querySelector('.k-copy-link').click()"
    )
    page.wait_for_function("window.copied")
    address = page.evaluate("window.copied")
    assert re.search(r"/concepts/kv-cache/#code-[0-9a-f]{8}-L2-L3$", address)
    page = open_page(address.replace("/concepts", "/zh/concepts"))
    page.wait_for_selector(".k-lit")
    look = """() => {
      const lit = document.querySelector('.k-lit'), code = lit.parentElement.querySelector('code');
      const [at, around] = [lit.getBoundingClientRect(), code.getBoundingClientRect()];
      const style = getComputedStyle(code);
      return [at.height, at.y - around.y, parseFloat(style.lineHeight), parseFloat(style.paddingTop)];
    }"""
    lit, below, height, padding = page.evaluate(look)  # in one look: what is drawn later may move the block
    assert lit == pytest.approx(2 * height, abs=1)
    assert below == pytest.approx(padding + height, abs=1)
    page.locator("[data-k-switch]").first.click()
    page.wait_for_url("**/some/base/concepts/kv-cache/#code-*-L2-L3")
