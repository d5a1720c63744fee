"""Views, case by case: a base in YAML, answered by columns, groups, rows, summaries, remarks and problems."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaultkit.bases.compile import faults
from vaultkit.bases.evaluate import CELL_STEPS
from vaultkit.bases.index import Index
from vaultkit.bases.model import Base
from vaultkit.bases.query import Answer, answer
from vaultkit.bases.read import read_base
from vaultkit.bases.values import File, text
from vaultkit.vault import Vault

CASES = "bases/views.md"
TODAY = date(2026, 11, 22)
NOTES = {
    "Alpha.md": "---\nstatus: done\nprice: 1\nmade: 2026-01-01\nok: true\ntags: [book]\n---\n",
    "Beta.md": "---\nprice: 2\nmade: 2026-01-10\nok: false\n---\n[[Alpha]]\n",
    "Gamma.md": "---\nstatus: done\nprice: 3\n---\n",
    "Pairs.base": "views: []\n",
    "cover.png": "",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    root: Path = tmp_path_factory.mktemp("vault")
    for name, content in NOTES.items():
        (root / name).write_text(content)
    return Index.of(Vault.load(root))


def shown(found: Answer) -> Iterator[str]:
    """A view as lines of text."""
    yield (
        "["
        + "|".join(column.label if column.id != "file.name" else "file.name" for column in found.columns)
        + "]"
    )
    for group in found.groups:
        if found.view.group:
            yield f"# {text(group.key)}".strip()
        for row in group.rows:
            yield "|".join(f"file {text(c)}" if isinstance(c, File) else text(c) for c in row.cells)
        if group.summaries:
            parts = [f"{name}: {text(value)}" for name, value in group.summaries.values()]
            yield "= " + "|".join(parts)
    rows = sum(len(group.rows) for group in found.groups)
    if rows < found.total:
        yield f"{rows} of {found.total}"
    yield from (f"! {remark}" for remark in found.remarks)


def answered(base: Base, index: Index) -> list[str]:
    lines: list[str] = []
    for view in base.views:
        lines += shown(answer(base, view, index, TODAY, "Alpha.md"))
    return lines + [
        f"? {problem.line}: {problem.message}" for problem in sorted(base.problems, key=lambda p: p.line)
    ]


def test_view(case: tuple[str, str, str], index: Index) -> None:
    _, source, expected = case
    found = answered(read_base("Test.base", source), index)
    if not expected.startswith(("[", "?")):
        found = [line for line in found if line.startswith("=")]
    assert found == expected.splitlines()


def test_faults_are_found_without_a_file_to_show() -> None:
    source = """
formulas: {a: formula.b, b: formula.c + 1, c: formula.a, d: "1 +", e: frob(1).grob()}
filters: 'x ='
views: [{filters: ['y ==']}]
"""
    assert list(faults(read_base("T.base", source))) == [
        "formula d: need a value, got the end in `1 +`",
        "filters: unexpected `=` at character 3 in `x =`",
        "filters of the view: need a value, got the end in `y ==`",
        "unknown function `grob()`",
        "unknown function `frob()`",
        "a formula refers to itself: a → a",
        "a formula refers to itself: b → b",
        "a formula refers to itself: c → c",
    ]


def test_an_answer_knows_whether_it_depends_on_the_day(index: Index) -> None:
    for source, dated in (("made < today()", True), ("made < date('2026-01-05')", False)):
        base = read_base("T.base", f'filters: "{source}"')
        assert answer(base, base.views[0], index, TODAY).dated is dated


_WORDS = re.findall(
    r"\S+",
    """file note formula this . name price status made ( ) [ ] { } , : + - * / % == != < >= ! && ||
    1 2.5 'a' "1d" map filter reduce value acc join split replace repeat if list link contains hasTag format
    today() /a+/g null true
    99999999 toFixed slice tags links length unique() sort() a b""",
)
_expressions = st.lists(st.sampled_from(_WORDS), max_size=14).map("".join) | st.text(max_size=30)


@settings(deadline=None, max_examples=settings().max_examples * 3 // 5)
@given(st.lists(_expressions, min_size=4, max_size=4))
def test_no_expression_raises_or_hangs(index: Index, sources: list[str]) -> None:
    base = Base("T.base", filters={"or": sources[:2]}, formulas={"a": sources[2], "b": sources[3]})
    view = read_base("T.base", "views: [{order: [formula.a, formula.b], sort: [formula.b]}]").views[0]
    found = answer(base, view, index, TODAY)
    assert len(found.remarks) <= 20
    list(faults(base))


_KEYS = re.findall(
    r"\S+",
    """filters formulas views and or not order sort groupBy property direction limit summaries properties
    displayName type name a""",
)
_yaml = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _expressions,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(deadline=None, max_examples=settings().max_examples * 3 // 5)
@given(st.dictionaries(st.sampled_from(["filters", "formulas", "properties", "summaries", "views"]), _yaml))
def test_no_base_raises(index: Index, data: dict[str, object]) -> None:
    base = read_base("T.base", str(data).replace("None", "null"))
    answered(base, index)


@settings(deadline=None, max_examples=settings().max_examples * 3 // 5)
@given(st.text(max_size=200))
def test_no_text_raises(index: Index, source: str) -> None:
    answered(read_base("T.base", source), index)


def test_the_work_for_one_view_is_bounded(index: Index) -> None:
    loop = "'x'.repeat(90).split('').map('x'.repeat(90).split('').map(value)).length"
    base = read_base("T.base", "filters: 'file.ext == \"md\"'\nviews: [{order: [formula.x]}]")
    base.formulas["x"] = loop
    found = answer(base, base.views[0], index, TODAY)
    assert found.remarks == ["an expression was stopped: it takes too long"]
    assert CELL_STEPS <= 100_000
