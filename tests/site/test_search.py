"""Search in a real browser: what comes first for a list of queries, and the dialog in a reader's hands."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from vaultkit.site.search.site import SiteIndex
from vaultkit.site.search.terms import terms
from vaultkit.site.search.variants import simplified

pytestmark = pytest.mark.browser
QUERIES = Path(__file__).parent / "search_queries.csv"
MOST = 160_000  # bytes for a first search

ASK = """async ([queries, language, roots]) => {
  const urls = { en: new URL(roots.en), zh: new URL(roots.zh) };
  const site = { language, other: language === "en" ? "zh" : "en", roots: urls };
  const { find } = await import(urls[language].href + "assets/search/find.js");
  const answers = [];
  for (const query of queries) {
    const { rows } = await find(query, site);
    answers.push(rows.slice(0, 3).map((row) => row.href.slice(urls[language].href.length)));
  }
  return answers;
}"""


@pytest.fixture(scope="module")
def home(real: Any, serve_folder: Callable[..., str]) -> str:
    return serve_folder(real.layout.site)


@pytest.fixture(scope="module")
def sample_home(sample: Any, serve_folder: Callable[..., str]) -> str:
    return serve_folder(sample.layout.site)


def ask(page: Any, query: str) -> list[str]:
    """Titles in the search dialog once everything has answered."""
    page.fill("dialog.k-search input", query)
    page.wait_for_function("q => document.querySelector('.k-search').dataset.answered === q", arg=query)
    return page.locator("[role=option] .k-hit-title").all_inner_texts()


def firsts(page: Any, home: str, side: str, queries: list[str]) -> list[list[str]]:
    """For each query the first three places, as paths below the root of the side."""
    answers = page.evaluate(ASK, [queries, side, {"en": home, "zh": home + "zh/"}])
    return [[unquote(path) for path in answer] for answer in answers]


@pytest.mark.parametrize("side", ["en", "zh"])
def test_what_a_query_names_comes_first(open_page: Any, home: str, side: str) -> None:
    with QUERIES.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["side"] == side]
    assert len(rows) >= 30
    page = open_page(home + ("zh/" if side == "zh" else ""))
    wrong = []
    for row, found in zip(rows, firsts(page, home, side, [row["query"] for row in rows]), strict=True):
        at = found[0] if found and "#" in row["first"] else (found or ["nothing"])[0].split("#")[0]
        if not found or at != row["first"]:
            wrong.append(f"{side} {row['query']!r} ({row['why']}): need {row['first']!r}, got {found}")
    assert not wrong, f"{len(wrong)} of {len(rows)} queries:\n" + "\n".join(wrong)


EXCERPT = """async ([root, text, units]) => {
  const { excerpt, beginning } = await import(root + "assets/search/excerpt.js");
  const parts = excerpt(text, units);
  return [parts.map((part) => (part.mark ? `[${part.text}]` : part.text)).join(""), beginning(text)];
}"""
LONG = "Tokens are read one by one and their keys stay where they are. " * 3


@pytest.mark.parametrize(
    ("text", "units", "excerpt"),
    [
        ("Self-check\nWhy is the cache exact?\nIt is.", ["cache"], "Why is the [cache] exact? It is."),
        (f"Claim\n{LONG}The cache\nx", ["cache"], "… their keys stay where they are. The [cache] · x"),
        ("A list\none cache\ntwo\nthree", ["cache"], "one [cache] · two · three"),
        (f"{LONG}\n一句话\n缓存很大。\n完", ["缓存"], "[缓存]很大。 完"),
        ("It is π_θ(o|q), never below ε", ["theta", "epsilon"], "It is π_[θ](o|q), never below [ε]"),
        ("The price is 819,200 bytes", ["819200"], "The price is [819,200] bytes"),
        ("The cache\nis here", ["cache", "here"], "The [cache] · is [here]"),
    ],
)
def test_an_excerpt_begins_with_the_block_that_was_asked_for(
    open_page: Any, sample_home: str, text: str, units: list[str], excerpt: str
) -> None:
    page = open_page(f"{sample_home}concepts/attention/")
    shown, _ = page.evaluate(EXCERPT, [sample_home, text, units])
    if excerpt.startswith("… "):
        assert shown.startswith("… ") and shown.endswith(excerpt[2:])
    else:
        assert shown == excerpt
    assert page.evaluate(EXCERPT, [sample_home, f"Claim\n{LONG}", ["x"]])[1].startswith("Tokens are read")


def test_a_first_search_is_light(open_page: Any, home: str) -> None:
    """All that is sent from opening the dialog to the answer, as it lies on the server: it is compressed."""
    for side, query in (("", "paged attention memory"), ("zh/", "键值缓存占多少显存")):
        page = open_page("about:blank")
        page.goto(home + side)
        page.wait_for_load_state("networkidle")
        answers: list[Any] = []
        page.on("response", lambda answer, answers=answers: answers.append(answer))
        page.keyboard.press("/")
        page.wait_for_selector("dialog.k-search[open]")
        assert ask(page, query)
        sizes = {answer.url: len(answer.body()) for answer in answers}
        assert 5_000 < sum(sizes.values()) <= MOST, sizes


def test_search_by_keyboard(open_page: Any, sample_home: str) -> None:
    page = open_page(f"{sample_home}concepts/attention/")
    page.keyboard.press("Control+k")
    assert ask(page, "KV cache")[0].startswith("KV cache")
    selected = "[role=option][aria-selected=true]"
    first = page.get_attribute(selected, "id")
    assert page.get_attribute("dialog input", "aria-activedescendant") == first
    page.keyboard.press("ArrowDown")
    second = page.get_attribute(selected, "id")
    assert second != first and page.get_attribute("dialog input", "aria-activedescendant") == second
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/concepts/kv-cache/**")
    page.keyboard.press("/")
    page.wait_for_selector("dialog.k-search[data-answered]")  # the box is open before its script has come
    assert page.locator(".k-hit-title").all_inner_texts() == ["KV cache"]  # opened lately
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog.k-search:not([open])", state="attached")


def test_enter_before_the_answer_opens_the_first_hit(open_page: Any, sample_home: str) -> None:
    page = open_page(sample_home)
    page.keyboard.press("/")
    page.wait_for_selector("dialog.k-search[open]")
    page.keyboard.type("attention")
    page.keyboard.press("Enter")
    page.wait_for_url("**/concepts/attention/**")


def opened_without_script(open_page: Any, home: str, hold: Any) -> tuple[Any, Any]:
    """A page on which search was asked for, and what lets its script arrive."""
    page = open_page("about:blank")
    let_go = hold(page, "**/assets/search/dialog.js")
    page.goto(home)
    with page.expect_request("**/assets/search/dialog.js"):
        page.keyboard.press("/")
    return page, let_go


def test_enter_before_the_script_opens_the_first_hit(open_page: Any, sample_home: str, hold: Any) -> None:
    page, let_go = opened_without_script(open_page, sample_home, hold)
    page.keyboard.type("attention")
    page.keyboard.press("Enter")
    let_go()
    page.wait_for_url("**/concepts/attention/**")


def test_what_is_typed_before_the_script_is_there_is_searched(
    open_page: Any, sample_home: str, hold: Any
) -> None:
    page, let_go = opened_without_script(open_page, sample_home, hold)
    page.keyboard.type("prefix ")
    page.keyboard.press("Enter")  # closes nothing
    page.keyboard.type("tre")
    let_go()
    page.wait_for_function("document.querySelector('.k-search').dataset.answered === 'prefix tre'")
    assert page.locator("[role=option] .k-hit-title").first.inner_text().startswith("Prefix tree")
    page.keyboard.type("e")  # goes on where the reader was
    assert page.input_value("dialog.k-search input") == "prefix tree"


def test_a_search_that_was_closed_before_its_script_came_stays_closed(
    open_page: Any, sample_home: str, hold: Any
) -> None:
    page, let_go = opened_without_script(open_page, sample_home, hold)
    page.keyboard.press("Escape")
    with page.expect_response("**/assets/search/dialog.js"):
        let_go()
    page.evaluate("new Promise(done => setTimeout(done, 50))")
    assert not page.locator("dialog.k-search").is_visible()


def test_enter_never_opens_what_an_earlier_text_has_found(
    open_page: Any, sample_home: str, hold: Any
) -> None:
    page = open_page(sample_home)
    page.keyboard.press("/")
    page.wait_for_selector("dialog.k-search[data-answered]")
    page.clock.install()
    page.clock.pause_at(4102444800)  # timers wait: the page asks when the test says so
    let_go = hold(page, "**/search/words/*")
    page.fill("dialog.k-search input", "prefix")
    with page.expect_request("**/search/words/*"):
        page.clock.run_for(100)
    page.fill("dialog.k-search input", "attention")
    page.keyboard.press("Enter")
    let_go()
    page.wait_for_selector(".k-hit-title:has-text('Prefix tree')")
    page.clock.resume()
    page.wait_for_url("**/concepts/attention/**")


def test_a_screen_reader_is_told_what_there_is(open_page: Any, sample_home: str) -> None:
    page = open_page(f"{sample_home}zh/")
    page.keyboard.press("/")
    titles = ask(page, "缓存")
    field = page.locator("dialog input")
    assert field.get_attribute("role") == "combobox" and field.get_attribute("aria-expanded") == "true"
    assert field.get_attribute("aria-controls") == page.get_attribute("dialog [role=listbox]", "id")
    assert page.inner_text("dialog [role=status]") == f"{len(titles)} 条结果"
    assert page.locator("dialog mark").first.inner_text() == "缓存"
    assert ask(page, "zzzzqqqq") == []
    assert "zzzzqqqq" in page.inner_text("dialog [role=status]")
    assert field.get_attribute("aria-expanded") == "false" and not field.get_attribute(
        "aria-activedescendant"
    )
    assert page.inner_text(".k-search-note")


def test_a_page_found_in_the_other_language_opens_in_the_readers(open_page: Any, sample_home: str) -> None:
    page = open_page(sample_home)
    page.keyboard.press("/")
    assert ask(page, "缓存")[0].startswith("KV cache")
    assert "in Chinese" in " ".join(ask(page, "什么都有"))
    for link in page.query_selector_all("a[role=option]"):
        assert "/zh/" not in link.get_attribute("href")


def test_a_typo_is_mended_and_said_so(open_page: Any, sample_home: str) -> None:
    page = open_page(sample_home)
    page.keyboard.press("/")
    assert ask(page, "atention")[0].startswith("Attention")
    assert "attention" in page.inner_text("dialog [role=status]")


WORDS = """async ([root, pairs]) => {
  const { distance } = await import(root + "assets/search/words.js");
  return pairs.map(([one, other]) => distance(one, other, 2));
}"""


def test_a_number_is_never_mended_to_another(open_page: Any, sample_home: str) -> None:
    page = open_page(sample_home)
    pairs = [["819200", "81920"], ["llama2", "llama3"], ["wrod2vec", "word2vec"], ["fp8", "fp16"]]
    assert page.evaluate(WORDS, [sample_home, pairs]) == [3, 3, 1, 3]


@pytest.fixture
def traditional(tmp_path: Path, sample: Any, serve_folder: Callable[..., str]) -> str:
    """The scripts of a site whose one page is in traditional characters."""
    shutil.copytree(sample.layout.site / "assets", tmp_path / "assets")
    page = '<article data-searched><h1 id="a">緩存</h1><p>鍵與值留在記憶體裡。</p></article>'
    for url in ("", "a/"):
        (tmp_path / url).mkdir(exist_ok=True)
        (tmp_path / url / "index.html").write_text(page if url else "<title>x</title>", "utf-8")
    (tmp_path / "assets" / "titles.json").write_text('[{"u": "a/", "t": "緩存"}]', "utf-8")
    SiteIndex(tmp_path).refresh()
    return serve_folder(tmp_path)


def test_text_in_traditional_characters_is_found_by_both_writings(open_page: Any, traditional: str) -> None:
    page = open_page(traditional)
    code = """async ([root, queries]) => {
      const { find } = await import(root + "assets/search/find.js");
      const site = { language: "zh", other: "en", roots: { zh: new URL(root), en: new URL(root) } };
      const told = [];
      for (const query of queries) {
        const { rows } = await find(query, site);
        const parts = rows[0]?.excerpt ?? [];
        const spelt = parts.map((part) => (part.mark ? `[${part.text}]` : part.text)).join("");
        told.push([rows[0]?.title, rows[0]?.named, spelt]);
      }
      return told;
    }"""
    told = page.evaluate(code, [traditional, ["缓存", "緩存", "留在记忆", "留在記憶", "紙"]])
    text = "鍵與值[留在記憶]體裡。"
    assert [title for title, *_ in told] == ["緩存"] * 4 + [None]
    assert told[0][1] and told[1][1] and not told[2][1]  # as its name, by either writing
    assert told[2][2] == told[3][2] == text


REMARKS = """async ([queries, root]) => {
  const site = { language: "en", other: "zh", roots: { en: new URL(root), zh: new URL(root + "zh/") } };
  const { find } = await import(root + "assets/search/find.js");
  const answers = [];
  for (const query of queries) {
    const { rows, mended, partly } = await find(query, site);
    answers.push([rows.length, [...mended.values()], partly]);
  }
  return answers;
}"""


def test_a_word_that_some_title_or_text_has_is_not_mended(open_page: Any, home: str) -> None:
    page = open_page(home)
    for query, (rows, mended, partly) in zip(
        queries := ["labs", "tags", "laws", "819200", "819,200", "128,256", "关系图"],
        page.evaluate(REMARKS, [queries, home]),
        strict=True,
    ):
        assert rows and not mended and not partly, query
    assert page.evaluate(REMARKS, [["819201"], home]) == [[0, [], False]]
    assert page.evaluate(REMARKS, [["atention"], home])[0][1] == ["attention"]


def test_the_dialog_fits_a_phone(open_page: Any, home: str) -> None:
    page = open_page(f"{home}zh/", width=390)
    page.click("[data-k-search]")
    assert len(ask(page, "注意力")) == 10
    box = page.locator("dialog.k-search").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] + box["height"] <= 900
    page.keyboard.press("ArrowUp")  # from the first to the last row, which shows more
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('a[role=option]').length > 10")


def test_browser_and_build_cut_text_alike(open_page: Any, sample_home: str) -> None:
    texts = [
        "The KV cache of QuantizedWeight, paged_attention and __init__; kvist.ops.softmax(x) in HTTPServer2",
        "在KV缓存里，每个token占819,200字节。多头潜在注意力（MLA）、ＧＱＡ与ﬁve",
        "819,200 819 200 819_200 1'000'000, 12,3456 0,100 1,2,300 4.100,200 x1,000 £2,000 1,234.5 9,999,9",
        "ρ_{i,t}=π_θ(o)/π_old, ε Σ σ ς ϵ √d ∑_i µ 1/Ω",
        "緩存與鍵值，最後關於乾坤",
        "naïve Ångström Ωmega ß İstanbul γ-ray 中 日本語のテスト 한국어 𠀀𠀁 x1y2 LLaMA3 fp16 e4m3 a_b_ _x",
    ]
    page = open_page(sample_home)
    table = simplified()
    code = """([texts, table]) => import(document.baseURI + 'assets/search/words.js').then((m) => {
      m.learn(table);
      return [texts.map(m.termsOf), [...table[0]].filter((letter) => !m.isTraditional(letter))];
    })"""
    told, unseen = page.evaluate(code, [texts, ["".join(table), "".join(table.values())]])
    assert not unseen  # a browser knows by itself for what it needs the table
    assert told == [sorted(terms(text), key=_utf16) for text in texts]


def _utf16(term: str) -> bytes:
    """JavaScript's order of strings."""
    return term.encode("utf-16-be")
