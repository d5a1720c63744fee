"""The expression language, case by case: each line is an expression, answered by a type and a text."""

from datetime import date
from pathlib import Path

import pytest

from vaultkit.bases.evaluate import Evaluator, Session
from vaultkit.bases.index import Index
from vaultkit.bases.parse import parse
from vaultkit.bases.tokens import ExpressionError
from vaultkit.bases.values import text, type_name
from vaultkit.vault import Vault

CASES = "bases/expressions.md"

REPEATS = "regular expression /(a+)+b/: a repeat within a repeat is not supported"
ALPHA = """---
status: done
price: 4
due: 2026-02-01
due-date: soon
author: "[[Beta]]"
authors: ["[[Beta|B]]", "[[Nowhere]]"]
nested: {inner: deep, list: [1, 2]}
tags: [book/novel]
---
Text with [[Beta]] and #list.
"""


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    root: Path = tmp_path_factory.mktemp("vault")
    (root / "Books").mkdir()
    (root / "Books" / "Alpha.md").write_text(ALPHA)
    (root / "Beta.md").write_text("See [[Alpha]].\n")
    (root / "Gamma.md").write_text("x\n")
    return Index.of(Vault.load(root))


def session_of(index: Index, **formulas: str) -> Session:
    nodes = {name: parse(source) for name, source in formulas.items()}
    return Session(index, nodes, date(2026, 11, 22), this="Beta.md")


def evaluate(index: Index, source: str, session: Session | None = None) -> object:
    session = session or session_of(index)
    entry = index.entries["Books/Alpha.md"]
    return Evaluator(session, entry).evaluate(parse(source))


def test_expression(case: tuple[str, str, str], index: Index) -> None:
    _, source, expected = case
    session = session_of(index, double="price * 2", around="formula.back + 1", back="formula.around")
    found = []
    for line in source.splitlines():
        value = evaluate(index, line, session)
        found.append(f"{type_name(value)} {text(value)}".strip())
    assert found == expected.splitlines()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 +", "need a value, got the end"),
        ("(1", "need `)`, got the end"),
        ("a b", "unexpected `b`"),
        ("'open", "text without its closing quote at character 1"),
        ("a.", "need a name after `.`, got the end"),
        ("1 = 2", "unexpected `=` at character 3"),
        ("(" * 200, "nested too deeply"),
        ("1" * 20_000, "longer than 10000 characters"),
    ],
)
def test_what_is_no_expression_is_said(source: str, message: str) -> None:
    with pytest.raises(ExpressionError) as found:
        parse(source)
    assert str(found.value) == message


@pytest.mark.parametrize(
    ("source", "remark"),
    [
        ("frob(1)", "unknown function `frob()`"),
        ("price.frob()", "unknown function `frob()`"),
        ("formula.none", "there is no formula `none`"),
        ("formula.around", "a formula refers to itself: around → back → around"),
        ('html("<b>")', "`html()` is shown as its text here"),
        ("/(a+)+b/.matches(status)", REPEATS),
        ("/(/.matches(status)", "regular expression /(/: missing ), unterminated subpattern at position 0"),
        ("/a*b*c*d*e*/.matches('x'.repeat(9999))", "a text is too long for its regular expression"),
        ("'x'.repeat(99999) + 'y'.repeat(99999)", "a text is too long"),
        ("1" + "+1" * 300, "an expression is nested too deeply"),
        # doubling lists and texts, and loops in loops, end by their bounds
        ("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20].reduce([acc, acc], 1)",
         "an expression was stopped: it takes too long"),
        ("'x'.repeat(200).split('').map('x'.repeat(200).split('').map(value))",
         "an expression was stopped: it takes too long"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_remarked_and_null(source: str, remark: str, index: Index) -> None:
    session = session_of(index, around="formula.back + 1", back="formula.around")
    value = evaluate(index, source, session)
    assert list(session.remarks) == [remark]
    assert type_name(value) in ("null", "shown")


def test_a_type_of_the_vault_decides_what_a_property_is(tmp_path: Path) -> None:
    (tmp_path / ".obsidian").mkdir()
    (tmp_path / ".obsidian" / "types.json").write_text('{"types": {"code": "text", "when": "date"}}')
    (tmp_path / "A.md").write_text("---\ncode: 2026-01-02\nwhen: '2026-01-02'\nfree: '2026-01-02'\n---\n")
    properties = Index.of(Vault.load(tmp_path)).entries["A.md"].properties
    assert [type_name(properties[key]) for key in ("code", "when", "free")] == ["string", "date", "date"]
