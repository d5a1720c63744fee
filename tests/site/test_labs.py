"""Guards labs on the site: pages like those of notes, in both languages, and never a notebook's JSON."""

import json
import re
from typing import Any

import pytest

from vaultkit.labs.notebook import read_notebook
from vaultkit.site.build import build
from vaultkit.site.notebooks import MissingCells, is_raw, lab_text, put_cells
from vaultkit.site.paths import Layout

FRONT = {"en": "---\nkind: lab\n---", "zh": "---\ntitle: 小实验\nlang: zh\n---"}


def notebook(language: str, title: str) -> str:
    text = f"# {title}\n\n> [!abstract] Claim\n> One [[KV cache]] and $x^2$.\n\n## Part\n\nWords."
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["<b>3</b>\n", "\x1b[31mred\x1b[0m\n"]},
        {"output_type": "display_data", "data": {"image/svg+xml": ["<svg/>"]}, "metadata": {}},
        {"output_type": "display_data", "data": {"text/html": "<script>1</script><i>h</i>"}, "metadata": {}},
    ]
    own = {"kvist": {"run": 'skip "no time"'}}
    cells = [
        {"cell_type": "raw", "id": "f", "metadata": {}, "source": FRONT[language]},
        {"cell_type": "markdown", "id": "m", "metadata": {}, "source": text},
        {
            "cell_type": "code",
            "id": "c",
            "metadata": own,
            "source": "print(1 < 2)\nx = {}",
            "outputs": outputs,
        },
    ]
    cells[2]["execution_count"] = None
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def put_lab(project: Layout) -> None:
    folder = project.vault / "labs"
    folder.mkdir()
    (folder / "A lab.ipynb").write_text(notebook("en", "A lab"))
    (folder / "A lab.zh.ipynb").write_text(notebook("zh", "小实验"))
    (folder / "English only.ipynb").write_text(notebook("en", "English only"))
    home = project.vault / "Home.md"
    home.write_text(home.read_text("utf-8") + "\nSee [[A lab.ipynb|this lab]].\n", "utf-8")


@pytest.mark.slow
def test_labs_become_pages_of_both_languages(project: Layout) -> None:
    put_lab(project)
    report = build(project, mode="draft")
    assert report.ok, report.problems
    for path, title in (("labs/a-lab", "A lab"), ("zh/labs/a-lab", "小实验"), ("zh/labs/english-only", "")):
        page = (project.site / path / "index.html").read_text("utf-8")
        body = page[page.index("<article") : page.index("</article>")]
        assert title in body and 'class="katex' in body and 'href="../../concepts/kv-cache/"' in body
        assert re.search('<div id="code-[0-9a-f]{8}" class="language-python highlight">', body)
        assert "&lt;b&gt;3&lt;/b&gt;\nred" in body
        assert 'src="data:image/svg+xml' in body or "<svg" in body
        assert "<i>h</i>" in body and "<script>1" not in body and "no time" in body
        assert not re.search(r'(?:src|href)="(?:https?:)?//(?!arxiv)', page), "asks another host"
        assert len(page) < 40_000
    assert 'href="labs/a-lab/">this lab</a>' in (project.site / "index.html").read_text("utf-8")
    assert "小实验" in (project.site / "zh/labs/index.html").read_text("utf-8")
    assert json.loads((project.site / "labs/a-lab/a-lab.ipynb").read_text("utf-8"))["nbformat"] == 4


@pytest.mark.slow
def test_a_notebook_that_nobody_renders_stops_the_build(project: Layout) -> None:
    put_lab(project)
    for name in ("mkdocs.yml", "mkdocs.zh.yml"):
        text = (project.root / name).read_text("utf-8")
        (project.root / name).write_text(
            re.sub(r"(?m)^plugins:.*\n(?:  .*\n)+", "plugins: []\n", text), "utf-8"
        )
    report = build(project, mode="draft")
    assert not report.ok and not (project.site / "index.html").exists()


def test_raw_json_is_seen_and_code_about_it_is_not() -> None:
    assert is_raw('<p>{"cell_type": "code"}</p>') and is_raw("<p>{&quot;cell_type&quot;: 1}</p>")
    assert not is_raw('<pre><span>x</span><code>"cell_type"</code></pre> <code>&quot;cell_type&quot;</code>')


def test_a_slot_without_its_cell_is_an_error() -> None:
    lab = read_notebook(notebook("en", "A lab"))
    assert 'data-remark="Not run here: no time"' in lab_text(lab, "en")
    with pytest.raises(MissingCells):
        put_cells('<div class="k-cell" data-cell="1"></div>', "<p>{}</p>", "en")


@pytest.mark.browser
@pytest.mark.parametrize("side", ["", "zh/"])
def test_what_is_said_below_a_title_is_flush_with_it_on_a_phone(
    open_page: Any, real: Any, serve_folder: Any, side: str
) -> None:
    """Also where it takes several lines."""
    page = open_page(f"{serve_folder(real.layout.site)}{side}labs/train-the-tiny-model/", width=320)
    starts = """all => { const lines = new Map();
      for (const e of all) {
        const [{ x, y }] = e.getClientRects(), pad = parseFloat(getComputedStyle(e).paddingLeft);
        const plain = !e.matches(".k-tag, .k-pill-verified"), at = Math.round(y / 8);
        lines.set(at, Math.min(lines.get(at) ?? Infinity, x + (plain ? pad : 0)));
      }
      return [...lines.values()]; }"""
    found = page.locator(".k-head p > *").evaluate_all(starts)
    edge = page.locator("h1").evaluate("e => e.getBoundingClientRect().x")
    assert len(found) > 1 and all(abs(x - edge) <= 1 for x in found), (found, edge)
