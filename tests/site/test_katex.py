"""Formulas are rendered once, at build; a bad one is a problem at its line."""

import pytest

from vaultkit.errors import VaultError
from vaultkit.site.draft import Formula
from vaultkit.site.formulas import MissingFormula, put_formulas
from vaultkit.site.katex import Renderer
from vaultkit.site.paths import Layout


@pytest.fixture(autouse=True)
def own_cache(project: Layout) -> None:
    project.math.unlink()


GOOD = Formula(r"\frac{a<b}{c}", True, 7)


def test_a_formula_is_rendered_once(project: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Renderer(project).render({GOOD: "a.md"}) == []
    html = Renderer(project).get(GOOD)
    assert html is not None and 'class="katex-display"' in html and "<math" in html
    monkeypatch.setattr(Renderer, "_run", lambda *_: pytest.fail("rendered again"))
    assert Renderer(project).render({GOOD: "a.md", Formula(GOOD.tex, True, 99): "b.md"}) == []


def test_a_bad_formula_names_its_note_and_line(project: Layout) -> None:
    problems = Renderer(project).render({Formula(r"\frac{a", False, 12): "concepts/X.md", GOOD: "a.md"})
    assert [(p.path, p.line, p.code) for p in problems] == [("concepts/X.md", 12, "formula")]
    assert r"\frac{a" in problems[0].message


def test_without_katex_the_set_up_is_named(project: Layout) -> None:
    (project.root / "node_modules").unlink()
    with pytest.raises(VaultError, match="make setup"):
        Renderer(project).render({GOOD: "a.md"})


def test_marks_of_the_markdown_are_replaced(project: Layout) -> None:
    renderer = Renderer(project)
    renderer.render({GOOD: "a.md"})
    html = put_formulas('<p>x</p><div class="arithmatex">\\[\\frac{a&lt;b}{c}\\]</div>', renderer)
    assert "arithmatex" not in html and "katex-display" in html
    with pytest.raises(MissingFormula):
        put_formulas('<span class="arithmatex">\\(never seen\\)</span>', renderer)


def test_a_line_never_begins_with_the_punctuation_after_a_formula(project: Layout) -> None:
    renderer = Renderer(project)
    renderer.render({Formula("u", False, 1): "a.md"})
    html = put_formulas('<p>每个 <span class="arithmatex">\\(u\\)</span>，其中</p>', renderer)
    assert html.startswith('<p>每个 <span class="k-nowrap"><span class="katex">')
    assert html.endswith("</span>，</span>其中</p>")
