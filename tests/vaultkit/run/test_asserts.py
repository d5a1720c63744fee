"""Guards the values shown for an assert that fails, and that keeping them changes nothing else."""

import sys

import pytest

from vaultkit.run.asserts import explain, forget, rewritten
from vaultkit.run.compiled import compiled


def failing(code: str) -> tuple[str, list[str]]:
    space: dict[str, object] = {"__name__": "note"}
    try:
        exec(compiled(code, "note.md").code, space)
    except AssertionError as error:
        trace = error.__traceback__
        while trace.tb_next:
            trace = trace.tb_next
        assert trace.tb_frame.f_code.co_filename == "note.md"
        return explain(code, trace.tb_lineno, trace.tb_frame)
    raise RuntimeError("no assert failed")


@pytest.mark.parametrize(
    ("code", "headline", "lines"),
    [
        ("assert sum([1, 2]) == 4", "assert 3 == 4", ["where sum([1, 2]) = 3"]),
        ("a, b = 1, 2\nassert a == b, 'no'", "assert 1 == 2", ["where a = 1", "where b = 2"]),
        ("a = 3\nassert 1 < a < 2", "assert 1 < 3 < 2", ["where a = 3"]),
        ("assert 1 in [2]", "assert 1 in [2]", []),
        ("a, b = 1, 2\nassert a == b", "assert 1 == 2", ["where a = 1", "where b = 2"]),
        ("总数 = 0.5\nassert 总数 > 1", "assert 0.5 > 1", ["where 总数 = 0.5"]),
        ("def f(n):\n    assert n <= limit\nlimit = 3\nf(4)", "assert 4 <= 3",
         ["where n = 4", "where limit = 3"]),
        ("def g():\n    global n\n    n = 9\n    return 2\nn = 1\nassert n == g()", "assert 1 == 2",
         ["where n = 1", "where g() = 2"]),
        ("x = []\nassert x", "assert x", ["where x = []"]),
        ("x = [1]\nassert not x", "assert not x", ["where x = [1]"]),
        ("x = 0\nassert x or x > 1", "assert x or x > 1", ["where x = 0"]),
        ("a = [1]\nassert all(a) and isinstance(a, str)", "assert all(a) and isinstance(a, str)",
         ["where a = [1]"]),
        ("def f(n):\n    k = n * 2\n    assert k == n\nf(2)",
         "assert 4 == 2", ["where k = 4", "where n = 2"]),
        ("assert [1, 2, 3] == [1, 5, 3]", "assert [1, 2, 3] == [1, 5, 3]",
         ["first difference at [1]: 2 and 5"]),
        ("assert (1,) == (1, 2)", "assert (1,) == (1, 2)", ["1 items on the left, 2 on the right"]),
        ("assert 'a\\nb' == 'a\\nc'", "assert 'a\\nb' == 'a\\nc'",
         ["- the right side, + the left side", "  a", "- c", "+ b"]),
        ("assert (\n    1 +\n    1\n) == 3", "assert 2 == 3", ["where 1 + 1 = 2"]),
        ("class C:\n    assert len('a') == 2", "assert len('a') == 2", []),
        ("缓存 = '中文'\nassert 缓存 == len('中') + 1, (\n    '不等'\n)", "assert '中文' == 2",
         ["where 缓存 = '中文'", "where len('中') + 1 = 2"]),
        ("for i in [1]:\n\tassert [\n\t    i, # one\n\t] == [\n\t    i + 1\n\t] ; x = 1", "assert [1] == [2]",
         ["where [i] = [1]", "where [i + 1] = [2]", "first difference at [0]: 1 and 2"]),
        ("assert (1, 2) == (lambda: (1, 3))()", "assert (1, 2) == (1, 3)",
         ["where (lambda: (1, 3))() = (1, 3)", "first difference at [1]: 2 and 3"]),
    ],
)  # fmt: skip
def test_values(code: str, headline: str, lines: list[str]) -> None:
    assert failing(code) == (headline, lines)


def test_operands_are_evaluated_once_in_order_and_forgotten() -> None:
    code = (
        "seen = []\ndef f(x):\n    seen.append(x)\n    return x\n"
        "assert f(1) < f(2) and f(3) == f(3)\nassert f(0) or f(4), f(5)\n"
        "class C:\n    y = 1\n    assert y == 1\n"
        "kept = []\n"
    )
    space: dict[str, object] = {}
    exec(compiled(code, "note.md").code, space)
    forget(space)
    assert space["seen"] == [1, 2, 3, 3, 0, 4] and not any(n.startswith("_kept_") for n in space)
    assert not [name for name in vars(space["C"]) if name.startswith("_kept_")]


def test_texts_are_left_alone_and_lines_stay() -> None:
    text = "s = '''\nassert a == b\n'''\nassert s"
    assert rewritten(text) == text
    code = "x = 1\nassert (\n    x ==\n    1\n)\nassertion = 2\nassert x, 'a; b'\n"
    assert rewritten(code).count("\n") == code.count("\n") and rewritten("assert True") == "assert True"


def test_an_error_in_an_operand_and_a_broken_repr() -> None:
    with pytest.raises(ZeroDivisionError):
        exec(compiled("assert 1 / 0 == 1", "note.md").code, {})
    code = "class B:\n    def __repr__(self): raise ValueError\nb = B()\nassert b == 1"
    assert failing(code)[1] == ["where b = <no repr: ValueError>"]
    with pytest.raises(SyntaxError):
        compiled("assert (", "note.md")
    assert sys.exc_info() == (None, None, None)
