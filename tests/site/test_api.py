"""The API reference: a page per room, an entry per public name, who runs it, and links from code to it."""

import gzip
import html
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vaultkit.api.coverage import Coverage, coverage, engine_of
from vaultkit.site.build import build
from vaultkit.site.names import link_names, number_lines
from vaultkit.site.pages.docstring import docstring
from vaultkit.site.paths import LANGUAGES, Layout
from vaultkit.site.reference import addresses
from vaultkit.site.stage import stage_all
from vaultkit.vault import Vault

ADDRESSES = {"twig.ops": "api/ops/", "twig.ops.total": "api/ops/#twig.ops.total"}
TOTAL = '<a class="k-api" href="../api/ops/#twig.ops.total"'
ENGINE = {
    "__init__.py": "raise RuntimeError('imported')\n",
    "ops/__init__.py": '"""Operators: $x^2$ and <b>."""\nfrom .sums import total\n',
    "ops/sums.py": (
        'def total(a_b: list[int] = []) -> int:\n    """Add `a_b`, a[0] *first*.\n\n    - one\n      two"""\n'
    ),
    "cache.py": 'class Tree:\n    """Grows."""\n\n    def __call__(self) -> int:\n        """Call it."""\n',
}


@pytest.fixture
def with_engine(project: Layout) -> Layout:
    """The sample project with a small engine, which raises when it is imported, and notes that use it."""
    for path, text in ENGINE.items():
        file = project.root / "codebase" / "kvist" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    code = "\n```python\nfrom kvist.ops import total\n\nprint(total([1]))\n```\n"
    for name in ("KV cache.md", "KV cache.zh.md", "Attention.md"):
        note = project.vault / "concepts" / name
        note.write_text(note.read_text("utf-8") + code, "utf-8")
    return project


def staged(layout: Layout, path: str, language: str = "en") -> str:
    return (layout.cache / "stage" / language / path).read_text("utf-8")


def test_a_room_has_a_page_in_both_languages(with_engine: Layout) -> None:
    stage_all(with_engine, LANGUAGES)
    for language, run_by in (("en", "Run by [Attention]"), ("zh", "运行它的笔记：[注意力]")):
        page = staged(with_engine, "api/ops.md", language)
        assert "## `total` { #kvist.ops.total }" in page
        assert "def total(a_b: list[int] = []) -> int\n" in page
        assert "Add `a_b`, a\\[0\\] \\*first\\*.\n" in page and "\n- one two\n" in page
        assert "<code>codebase/kvist/ops/sums.py:1</code>" in page
        assert run_by in page and "](../concepts/kv-cache.md)" in page
        assert ('class="k-doc" markdown="1" lang="en"' in page) == (language == "zh")
    assert "尚无笔记运行它" in staged(with_engine, "api/cache.md", "zh")
    assert "### `__call__` { #kvist.cache.Tree.call }" in staged(with_engine, "api/cache.md")


def test_the_index_names_every_room_and_name(with_engine: Layout) -> None:
    stage_all(with_engine, LANGUAGES)
    for language in LANGUAGES:
        page = staged(with_engine, "api/index.md", language)
        assert "[`kvist.ops`](ops.md)" in page and "[`Tree`](cache.md#kvist.cache.Tree)" in page
    assert "2 names; 1 of them are run by a note" in staged(with_engine, "api/index.md")


def test_names_are_in_the_title_table(with_engine: Layout) -> None:
    stage_all(with_engine, LANGUAGES)
    for language in LANGUAGES:
        table = json.loads(staged(with_engine, "assets/titles.json", language))
        entry = {"u": "api/cache/#kvist.cache.Tree", "t": "Tree", "a": ["kvist.cache.Tree"], "c": 1}
        assert entry | {"d": "Grows."} in table


@pytest.mark.slow
def test_the_site_with_an_engine_builds_and_links_to_its_sources(with_engine: Layout) -> None:
    report = build(with_engine)
    assert report.ok, report.problems
    for side in ("", "zh/"):
        page = (with_engine.site / side / "api" / "ops" / "index.html").read_text("utf-8")
        assert 'href="../../source/kvist/ops/sums/#L1"' in page
        source = (with_engine.site / side / "source/kvist/ops/sums/index.html").read_text("utf-8")
        assert '<span class="k-line" id="L1">' in source and "data-searched" not in source
        note = (with_engine.site / side / "concepts" / "attention" / "index.html").read_text("utf-8")
        assert note.count('class="k-api" href="../../api/ops/#kvist.ops.total"') == 2


def test_an_engine_that_cannot_be_read_stops_the_build(with_engine: Layout) -> None:
    (with_engine.root / "codebase" / "kvist" / "cache.py").write_text("class :\n")
    _, problems = stage_all(with_engine, LANGUAGES)
    assert [p.path for p in problems if p.code == "engine-source"] == ["[engine] codebase/kvist/cache.py"]


def test_a_project_without_engine_has_no_reference(sample: Any) -> None:
    assert not (sample.layout.site / "api").exists()
    assert ">API<" not in sample.html("concepts/kv-cache")


def test_staging_imports_no_engine(with_engine: Layout) -> None:
    code = (
        "import sys; from pathlib import Path; from vaultkit.site.stage import stage_all; "
        "from vaultkit.site.paths import LANGUAGES, Layout; "
        "stage_all(Layout(Path(sys.argv[1])), LANGUAGES); "
        "assert not {'kvist', 'mlx'} & set(sys.modules)"
    )
    command = [sys.executable, "-c", code, str(with_engine.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("One *line* [[buffer(n)]]", ["One \\*line\\* \\[\\[buffer(n)\\]\\]", ""]),
        ("A\nB\n\nC `x_y`", ["A B", "", "C `x_y`", ""]),
        ("For:\n- a\n  b\n- c\nd", ["For:", "", "- a b", "- c d", ""]),
        ("So:\n\n    x = 1\n    [y]", ["So:", "", "```text", "x = 1", "[y]", "```", ""]),
    ],
)
def test_a_docstring_becomes_markdown(text: str, lines: list[str]) -> None:
    assert docstring(text) == lines


def block(code: str, language: str = "python") -> str:
    """A highlighted block as Pygments writes it, each word in a span."""
    parts = (html.escape(part) for part in re.split(r"([A-Za-z_][\w.]*)", code))
    spans = "".join(f'<span class="n">{part}</span>' if i % 2 else part for i, part in enumerate(parts))
    return f'<div class="language-{language} highlight"><pre><span></span><code>{spans}\n</code></pre></div>'


def plain(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def test_imported_names_in_a_block_lead_to_their_entry() -> None:
    code = 'from twig.ops import total, nothing\nif 1 < 2:\n    total("total", x)'
    before = block(code)
    after = link_names(before, ADDRESSES, "../", "twig")
    assert after.count(TOTAL) == 2  # the import and the call, not the string
    assert after.count('tabindex="-1"') == 1  # one stop for the keyboard
    assert plain(after) == plain(before)  # what the copy button copies
    assert re.sub(r"</?a\b[^>]*>", "", after) == before


def test_a_later_block_knows_what_an_earlier_one_imported() -> None:
    first, second = block("from twig import ops as o"), block("o.total(1)\ntotal(2)")
    after = link_names(first + "<p>total</p>" + second, ADDRESSES, "../", "twig")
    assert after.count(TOTAL) == 1 and "<p>total</p>" in after
    assert link_names(second, ADDRESSES, "../", "twig") == second
    assert "k-api" not in link_names(block("from twig.ops import total", "text"), ADDRESSES, "", "twig")
    assert "k-api" not in link_names(block("from twig.ops import total\ntotal("), ADDRESSES, "", "twig")


def test_each_line_of_a_source_has_an_anchor() -> None:
    code = block("a = 1\n\nb = 2").replace("language-python", "language-python k-lines")
    after = number_lines(code)
    assert [after.count(f'id="L{n}"') for n in (1, 2, 3, 4)] == [1, 1, 1, 0] and plain(after) == plain(code)
    assert number_lines(block("a = 1")) == block("a = 1")


def test_types_in_a_signature_lead_to_their_class() -> None:
    types, addresses = {"Tree": "twig.cache.Tree"}, {"twig.cache.Tree": "api/cache/#twig.cache.Tree"}
    text = block("def grow(Tree: list[Tree] | None = Tree) -> int") + block("class Wood(x: Tree)")
    text = text.replace("language-python", "language-python k-signature")
    after = link_names(text + "twig", addresses, "../", "twig", types)
    assert after.count('href="../api/cache/#twig.cache.Tree"') == 2 and plain(after) == plain(text + "twig")


@pytest.fixture(scope="module")
def found(real: Any) -> Coverage:
    return coverage(Vault.load(real.layout.vault), engine_of(real.layout.vault))


@pytest.mark.slow
@pytest.mark.parametrize("side", ["", "zh/"])
def test_every_public_name_has_its_entry(real: Any, found: Coverage, side: str) -> None:
    missing = []
    for path, address in addresses(found.engine).items():
        page, _, anchor = address.partition("#")
        if anchor and f'id="{anchor}"' not in real.html(side + page):
            missing.append(path)
    assert len(found.engine.names) > 60 and not missing


@pytest.mark.slow
@pytest.mark.parametrize("side", ["", "zh/"])
def test_run_by_links_lead_to_notes_that_link_back(real: Any, found: Coverage, side: str) -> None:
    """Both ends: the entry lists the note, and the name in the note's code leads to the entry."""
    for path, notes in found.runs.items():
        address = addresses(found.engine)[path]
        page, _, anchor = address.partition("#")
        entry = real.html(side + page).split(f'id="{anchor}"')[1].split("<h2")[0]
        for note in notes:
            if note.endswith(".zh.md") != bool(side) or note.startswith("Home"):
                continue
            slug = note.rpartition(".")[0].removesuffix(".zh").lower().replace(" ", "-")
            assert f'href="../../{slug}/"' in entry, (path, note)
            assert f'href="../../{address}"' in real.html(side + slug), (path, note)


@pytest.mark.slow
def test_pages_of_notes_stay_light(real: Any) -> None:
    """Links in code must not weigh: less than 3 kB of a note's page, compressed."""
    for file in (real.layout.site / "concepts").glob("*/index.html"):
        text = file.read_text("utf-8")
        without = re.sub(r'<a class="k-api"[^>]*>([^<]*)</a>', r"\1", text)
        assert len(gzip.compress(text.encode())) - len(gzip.compress(without.encode())) < 3000, file


@pytest.fixture(scope="module")
def home(real: Any, serve_folder: Callable[[Path], str]) -> str:
    return serve_folder(real.layout.site)


def first_hits(page: Any, query: str) -> list[str]:
    page.fill("dialog.k-search input", query)
    page.wait_for_function("q => document.querySelector('.k-search').dataset.answered === q", arg=query)
    return [option.get_attribute("href") for option in page.query_selector_all("[role=option]")]


@pytest.mark.browser
@pytest.mark.parametrize("side", ["", "zh/"])
def test_search_finds_names_but_notes_first(open_page: Any, home: str, side: str) -> None:
    page = open_page(home + side)
    page.keyboard.press("/")
    api = f"{home}{side}api/"
    assert (
        f"{api}cache/#kvist.cache.RadixCache" in first_hits(page, "RadixCache")[:2]
    )  # a note has it as alias
    assert first_hits(page, "kvist.ops.attention")[0] == f"{api}ops/#kvist.ops.attention"
    assert first_hits(page, "RadixAttention")[0] == f"{home}{side}concepts/radixattention/"
    assert "/concepts/" in first_hits(page, "KV cache")[0]
    attention = first_hits(page, "attention")
    assert "/concepts/" in attention[0] and f"{api}ops/#kvist.ops.attention" in attention[:6]


@pytest.mark.browser
def test_a_name_in_code_is_quiet_and_leads_to_its_entry(open_page: Any, home: str) -> None:
    page = open_page(f"{home}concepts/radixattention/")
    link = page.locator("a.k-api", has_text="RadixCache").first
    line = "e => getComputedStyle(e).textDecorationLine"
    assert link.evaluate(line) == "none"
    link.hover()
    assert link.evaluate(line) == "underline"
    block = page.locator(".highlight", has=link).first
    code = block.locator("code").inner_text()
    block.locator(".k-copy:not(.k-copy-link)").click()
    block.locator(".k-copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == code.removesuffix("\n")
    link.click()
    page.wait_for_url("**/api/cache/#kvist.cache.RadixCache")
    page.click("[data-k-switch]")
    page.wait_for_url("**/zh/api/cache/#kvist.cache.RadixCache")
    assert "运行它的笔记" in page.inner_text("article")


@pytest.mark.browser
@pytest.mark.parametrize("path", ["api/", "api/cache/", "zh/api/metal/", "zh/api/figures/", "api/decode/"])
def test_a_phone_shows_the_reference_without_scrolling_sideways(open_page: Any, home: str, path: str) -> None:
    page = open_page(home + path, width=360)
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(width) == 0
    overflow = (
        "[...document.querySelectorAll('.k-signature code')].filter(e => e.scrollWidth > e.clientWidth)"
    )
    assert page.evaluate(f"{overflow}.length") == 0
