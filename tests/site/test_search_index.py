"""The search index without a browser: what of a page is searched, and that a change comes through."""

import gzip
import html
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaultkit.site.search.formulas import readable
from vaultkit.site.search.index import HEADING, NAME, Index
from vaultkit.site.search.passages import Passage, is_listing, passages
from vaultkit.site.search.site import SiteIndex
from vaultkit.site.search.terms import terms

HEAD = '<html><nav>outside</nav><article class="k-body" data-searched>'


def page(body: str) -> str:
    return f"{HEAD}{body}</article><footer>outside</footer></html>"


def unpacked(file: Path) -> Any:
    return json.loads(gzip.decompress(file.read_bytes()))


def written(folder: Path) -> dict[str, dict[tuple[str, int], int]]:
    """What the files say: for each term its weight by (URL, number of the passage in the page)."""
    root = unpacked(folder / "search" / "index.bin")
    owners = {}
    for url, _, _, _, first, count, _ in root["pages"]:
        owners |= {first + number: (url, number) for number in range(count)}
    found: dict[str, dict[tuple[str, int], int]] = {}
    for number, (first_term, name) in enumerate(zip(root["words"], root["chunks"], strict=True)):
        chunk = unpacked(folder / "search" / "words" / f"{name}.bin")
        after = root["words"][number + 1] if number + 1 < len(root["words"]) else "\U0010ffff"
        assert all(first_term <= term < after or (number == 0 and term < after) for term in chunk)
        for term, steps in chunk.items():
            found[term] = {owners[place >> 3]: place & 7 for place in accumulate(steps)}
    return found


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str], None]:
    def write(url: str, body: str) -> None:
        file = tmp_path / url / "index.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(body), "utf-8")

    return write


def test_text_is_taken_by_section_without_furniture() -> None:
    body = """<p>Lead <em>wo</em>rd</p><div data-unsearched="x"><div>no</div><p>no</p></div>
    <h2 id="a-b"><span id="also"></span>A &amp; B<a class="headerlink" href="#a-b">&para;</a></h2>
    <p>one</p><p>two<a class="footnote-ref" href="#f">1</a></p><script>no()</script>
    <ul><li>x<ul><li>y</li></ul></ul><p>data-unsearched</p>
    <pre><span></span><code><span class="k">def</span><span class="w"> </span>f_1()</code></pre>"""
    assert passages(page(body)) == [
        Passage("", "", "Lead word"),
        Passage("a-b", "A & B", "one\ntwo\nx\ny\ndata-unsearched\ndef f_1()"),
    ]


def test_the_name_of_a_callouts_type_is_no_text_and_its_own_title_is_a_line() -> None:
    body = """<div class="admonition note">\n<p class="admonition-title">Note</p>\n<p>one
    line</p></div><details class="tip"><summary>提示</summary><p>two</p></details>
    <div class="admonition tip"><p class="admonition-title">Note this</p><p>three</p></div>"""
    assert passages(page(body)) == [Passage("", "", "one line\ntwo\nNote this\nthree")]
    table = "<table><thead><tr><th>a</th><th>b</th></tr></thead><tr><td>1</td>\n<td>2</td></tr></table>"
    assert passages(page(table)) == [Passage("", "", "a b\n1 2")]


def formula(tex: str) -> str:
    """As KaTeX sets it."""
    return (
        '<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>no</mi></mrow>'
        f'<annotation encoding="application/x-tex">{html.escape(tex)}</annotation></semantics></math></span>'
        '<span class="katex-html"><span>no</span><span>no</span></span></span>'
    )


def test_of_a_formula_its_words_are_text() -> None:
    math = formula(r"\operatorname{softmax}(\frac{QK^\top}{\sqrt d}) < \alpha")
    text = passages(page(f"<p>with {math} after</p>"))[0].text
    found = set(terms(text))
    assert text == "with softmax(QK^T/√d) < α after"
    assert {"softmax", "qk", "sqrt", "alpha"} <= found and not {"frac", "operatorname", "no"} & found
    text = passages(page("<p>变化超过 " + formula(r"\varepsilon") + " 之后</p>"))[0].text
    assert text == "变化超过 ε 之后" and "epsilon" in terms(text)


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (
            r"\rho_{i,t}=\frac{\pi_\theta(o_{i,t}\mid q,o_{i,<t})}{\pi_{\mathrm{old}}(o_{i,t}\mid q)}",
            "ρ_{i,t}=π_θ(o_{i,t}|q,o_{i,<t})/π_old(o_{i,t}|q)",
        ),
        (r"\frac1G\sum_{i=1}^{G}\frac1{|o_i|}", "1/G∑_{i=1}^G 1/|o_i|"),
        (r"W^{UK}c^{KV}_t \tag{1}", "W^UK c^KV_t tag 1"),
        (r"\left.\frac{a+b}{2}\right|_{x=0}", "(a+b)/2|_{x=0}"),
        (r"2\log x+\max_{j\in P}s_j", "2 log x+max_{j∈P} s_j"),
        (r"819{,}200\ \text{bytes per token}", "819,200 bytes per token"),
        (r"\begin{aligned}a&=b\\c&=d\end{aligned}", "a =b c =d"),
        (r"D_{\mathrm{KL}}(\pi\,\|\,\pi_{\mathrm{ref}})", "D_KL(π ‖ π_ref)"),
        (r"\newlymade{x}", "newlymade x"),
        (r"2\sqrt[3]{x} + \frac{\sqrt [n]2}{2}", "2 ³√x + ⁿ√2/2"),
        (r"\sqrt[d+1]{ab}\sqrt[\text{d]}]{a b}", "ab^{1/(d+1)}(a b)^{1/(d])}"),
        (r"\sqrt[3 a", "√([)3 a"),
        ("}{", ""),
        ("\\", "\\"),
    ],
)
def test_a_formula_is_readable_as_text(tex: str, text: str) -> None:
    assert readable(tex) == text


@given(st.text("\\{}^_&~ ab1+|(\n", max_size=30) | st.text(max_size=20))
def test_a_formula_loses_no_letter(tex: str) -> None:
    """Whatever is typed: each letter and digit of it that is no command still stands there, in one line."""
    text = readable(tex)
    assert "\n" not in text and "\0" not in text.replace("\0" if "\0" in tex else "", "")
    bare = re.sub(r"\\([A-Za-z]+\*?|.)", " ", tex, flags=re.DOTALL)
    assert not Counter(re.findall("[ab1]", bare)) - Counter(re.findall("[ab1]", text))


def test_a_formula_however_deep_is_text() -> None:
    for tex in ("{" * 5000, r"\frac" * 5000, "_" * 5000, r"\sqrt{" * 5000 + "x", r"\sqrt[" * 999 + "]" * 999):
        assert "\n" not in readable(tex)


def test_a_page_may_say_that_it_is_not_searched_or_a_listing() -> None:
    assert passages("<article class='k-body'><p>x</p></article>") == []
    assert is_listing('<article data-searched="listing"><p>x</p></article>')
    assert not is_listing(page("<p>x</p>"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KV缓存", {"kv", "缓存", "存"}),
        ("注意力", {"注意", "意力", "力"}),
        ("QuantizedWeight", {"quantizedweight", "quantized", "weight"}),
        ("paged_attention", {"paged_attention", "paged", "attention"}),
        ("the cache of ＧＱＡ", {"cache", "gqa"}),
        ("x" * 41, set()),
        ("緩存乾", {"缓存", "存乾", "乾"}),
        ("占819,200。", {"819200", "819", "200", "占"}),
        ("1_000_000 1 000", {"1_000_000", "1000000", "1000", "000", "1"}),
        (
            "819,20 1,2345 12,345,6 0,100 1.234,567",
            {"819", "20", "2345", "0", "1", "6", "12", "345", "100", "234", "567"},
        ),
    ],
)
def test_terms(text: str, expected: set[str]) -> None:
    assert set(terms(text)) == expected


def test_traditional_characters_are_those_of_what_the_index_holds(
    tmp_path: Path, put: Callable[[str, str], None]
) -> None:
    put("a/", "<p>缓存后</p>")
    SiteIndex(tmp_path).refresh()
    name, at_once = unpacked(tmp_path / "search" / "index.bin")["variants"]
    traditional, simplified, _ = unpacked(tmp_path / "search" / "words" / f"{name}.bin")
    assert dict(zip(traditional, simplified, strict=True)) == {"緩": "缓", "後": "后"} and not at_once
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "titles.json").write_text(json.dumps([{"u": "a/", "t": "緩存"}]), "utf-8")
    SiteIndex(tmp_path).refresh()
    root = unpacked(tmp_path / "search" / "index.bin")
    assert root["variants"] == [name, 1] and root["pages"][0][1] == "緩存"
    put("a/", "<p>cache</p>")
    (tmp_path / "assets" / "titles.json").write_text("[]", "utf-8")
    SiteIndex(tmp_path).refresh()
    assert unpacked(tmp_path / "search" / "index.bin")["variants"] == ["", 0]


def test_weights_tell_name_heading_and_text_apart() -> None:
    index = Index()
    index.put(
        "a/", page("<p>word rare</p><h2 id='h'>word</h2><p>" + "word " * 50 + "rare " + "x " * 50), ("Named",)
    )
    weight = {term: [place & 7 for place in places] for term, places in index.places.items()}
    assert weight["named"] == [NAME] and weight["word"][1] == HEADING
    assert 1 <= weight["rare"][1] < weight["rare"][0] <= 5


WORDS = st.lists(
    st.sampled_from(["cache", "token", "注意力", "缓存", "KVCache", "<h2 id='s'>part</h2>"]), max_size=8
)
CHANGES = st.lists(st.tuples(st.sampled_from(["", "a/", "b/", "c/d/"]), st.none() | WORDS), max_size=8)


@settings(max_examples=40)
@given(CHANGES)
def test_changes_one_by_one_end_where_a_build_from_nothing_does(
    changes: list[tuple[str, list[str] | None]],
) -> None:
    step, whole, last = Index(), Index(), {}
    for url, words in changes:
        if words is None:
            step.remove(url)
            last.pop(url, None)
        else:
            last[url] = page(" ".join(words))
            step.put(url, last[url], (f"name {url}",))
    for url, text in last.items():
        whole.put(url, text, (f"name {url}",))
    assert spelt(step) == spelt(whole)


def spelt(index: Index) -> dict[str, set[tuple[str, int, int]]]:
    owners = {e.start + n: (url, n) for url, e in index.pages.items() for n in range(max(len(e.passages), 1))}
    return {term: {(*owners[p >> 3], p & 7) for p in places} for term, places in index.places.items()}


def test_a_served_site_is_indexed_page_by_page(tmp_path: Path, put: Callable[[str, str], None]) -> None:
    (tmp_path / "assets").mkdir()
    titles = [
        {"u": "a/", "t": "Alpha", "a": ["阿尔法"], "d": "A claim."},
        {"u": "a/#x", "t": "x", "a": ["k.x"], "c": 1},
    ]
    (tmp_path / "assets" / "titles.json").write_text(json.dumps(titles), "utf-8")
    for number in range(40):
        put(f"p{number}/", f"<p>page number{number} " + " ".join(f"w{number}x{n}" for n in range(60)))
    put("a/", "<h1 id='a'>Alpha</h1><p>first</p>")
    put("zh/b/", "<p>of the other half</p>")
    index = SiteIndex(tmp_path)
    assert len(index.refresh()) == 41
    assert written(tmp_path)["first"] == {("a/", 0): 4} and "half" not in written(tmp_path)
    before = {f.name: f.stat().st_mtime_ns for f in (tmp_path / "search").rglob("*.bin")}
    assert index.refresh() == [] and index.refresh(["a/"]) == []
    put("a/", "<h1 id='a'>Alpha</h1><p>second</p>")
    put("new/", "<p>freshly made</p>")
    (tmp_path / "p3" / "index.html").unlink()
    assert sorted(index.refresh(["a/", "new/", "p3/"])) == ["a/", "new/", "p3/"]
    after = {f.name: f.stat().st_mtime_ns for f in (tmp_path / "search").rglob("*.bin")}
    kept = [name for name in before if before[name] == after.get(name)]
    assert len(kept) > len(after) / 2  # most files are as they were
    found = written(tmp_path)
    assert "first" not in found and "number3" not in found and ("new/", 0) in found["freshly"]
    from_nothing = SiteIndex(tmp_path)
    from_nothing.refresh()
    assert written(tmp_path) == found
    root = unpacked(tmp_path / "search" / "index.bin")
    entry = next(entry for entry in root["pages"] if entry[0] == "a/")
    assert entry[1:4] == ["Alpha", ["阿尔法"], 0] and root["parts"] == [
        [root["pages"].index(entry), "x", "x", ["k.x"]]
    ]
    assert unpacked(tmp_path / "search" / "pages" / f"{entry[6]}.bin")["s"] == [["a", "Alpha", "second"]]
    assert not list((tmp_path / "search").rglob("*.part"))


@settings(max_examples=15)
@given(CHANGES, st.integers(1, 3))
def test_the_files_depend_on_the_pages_alone(
    changes: list[tuple[str, list[str] | None]], at_once: int
) -> None:
    """Byte for byte, whatever stood there before, and whichever pages came first."""
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        served, site = SiteIndex(Path(one)), Path(one)
        (site / "assets").mkdir()
        for number, (url, words) in enumerate(changes):
            (site / url).mkdir(parents=True, exist_ok=True)
            if words is None:
                (site / url / "index.html").unlink(missing_ok=True)
            else:
                (site / url / "index.html").write_text(page(" ".join(words)), "utf-8")
            names = [{"u": url, "t": f"name {number}"}]
            (site / "assets" / "titles.json").write_text(json.dumps(names), "utf-8")
            if number % at_once == 0:
                served.refresh([url for url, _ in changes[max(0, number - at_once) : number + 1]])
        served.refresh([url for url, _ in changes])
        shutil.copytree(one, other, dirs_exist_ok=True, ignore=lambda *_: ["search"])
        SiteIndex(Path(other)).refresh()
        ours, theirs = (
            {file.name: file.read_bytes() for file in (Path(place) / "search").rglob("*.bin")}
            for place in (one, other)
        )
        assert ours == theirs


def test_a_build_is_the_same_each_time(tmp_path: Path, put: Callable[[str, str], None]) -> None:
    put("a/", "<h2 id='a'>A</h2><p>注意力 attention")
    contents = []
    for _ in range(2):
        SiteIndex(tmp_path).refresh()
        files = sorted((tmp_path / "search").rglob("*.bin"))
        contents.append({file.name: file.read_bytes() for file in files})
    assert contents[0] == contents[1] and len(contents[0]) == 4  # the root, words, a text, writings
