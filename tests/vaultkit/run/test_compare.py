"""Guards what counts as the same output: words and integers exactly, floats to 1e-5, `...` any lines."""

import pytest

from vaultkit.cli import main
from vaultkit.run.compare import (
    first_difference,
    output_lines,
    same_line,
    same_output,
    same_words,
    shortened,
    unified,
)


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("1.33333333", "1.3333335", True),
        ("1.333", "1.335", False),
        ("(4, 4)", "(4, 5)", False),
        ("1", "1.0", False),
        ("100000", "100001", False),
        ("1e-3", "0.001", True),
        ("1000000.5", "1000000.6", True),
        ("[ 0.5  1.25]", "[0.5   1.25000001]", True),
        ("loss 2.5 after 3 steps", "loss 2.50001 after 3 steps", True),
        ("loss 2.5 after 3 steps", "loss 2.50001 after 4 steps", False),
        ("bf16 2.0", "fp16 2.0", False),
        ("0.32.4", "0.32.5", False),
        ("3e8f01", "3e8f02", False),
        ("nan", "nan", True),
        ("a  b", "a b", False),
        ("1.5e400", "1.6e400", False),
    ],
)
def test_same_line(shown: str, printed: str, same: bool) -> None:
    assert same_line(shown, printed) is same


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\n...\nz", "a\nb\nc\nz", True),
        ("a\n...\nz", "a\nz", True),
        ("a\n...\nz", "a\nb", False),
        ("...", "", True),
        ("a", "a\nb", False),
        ("a\nb", "a", False),
        ("...\nb\n...\nb", "b\nb", True),
        ("...\nb\n...\nb", "b", False),
    ],
)
def test_same_output(shown: str, printed: str, same: bool) -> None:
    lines = output_lines(shown), output_lines(printed)
    assert same_output(*lines, ellipsis=True) is same
    if "..." in shown and shown != printed:
        assert not same_output(*lines), "dots are dots unless the fence declares them"


def test_the_first_difference() -> None:
    assert first_difference(["a", "b"], ["a", "c"]) == 1
    assert first_difference(["a"], ["a", "c"]) == 1
    assert first_difference(["a", "c"], ["a"]) == 1
    assert first_difference(["...", "b", "c"], ["a", "b", "d"], ellipsis=True) == 2


def test_unified_shows_what_agrees_within_tolerance_as_context() -> None:
    shown = ["1", "0.333333", "x", *"abcdefgh", "end"]
    printed = ["1", "0.33333301", "y", *"abcdefgh", "end"]
    assert unified(shown, printed, "N.md", 10) == [
        "--- N.md (the note shows)", "+++ the block printed", "@@ -10,6 +1,6 @@",
        " 1", " 0.333333", "-x", "+y", " a", " b", " c",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("10%\r50%\r100%\nend\n", ["100%", "end"]),
        ("\x1b[31mred\x1b[0m\n", ["red"]),
        ("a\0b\x0bc\n", ["a\\x00b\\x0bc"]),
        ("\ud800\n", ["\\ud800"]),
        ("tab\tand 中文\n", ["tab\tand 中文"]),
        ("dos\r\n", ["dos"]),
    ],
)
def test_what_is_printed_can_stand_in_a_note(text: str, lines: list[str]) -> None:
    assert output_lines(text) == lines


def test_twenty_planted_digits_are_all_seen() -> None:
    """One digit of one number changed, at each of twenty places in turn."""
    shown = [f"row {i} value {i / 7:.6f} shape ({i}, {i + 1})" for i in range(1, 21)]
    for place in range(20):
        printed = list(shown)
        printed[place] = printed[place].replace(f"({place + 1},", f"({place + 2},")
        assert not same_output(shown, printed)
        assert first_difference(shown, printed) == place
        rows = unified(shown, printed, "N.md", 1)[2:]
        assert [row[0] for row in rows].count("+") == [row[0] for row in rows].count("-") == 1


def test_output_lines_forget_trailing_space_only() -> None:
    assert output_lines("  a  \n\nb\n\n") == ["  a", "", "b"]
    assert output_lines("\n") == []


def test_long_outputs_are_compared_where_they_part() -> None:
    """All pairs of 20 000 lines would take minutes."""
    want = [f"{n % 7} x" for n in range(20_000)]
    got = [*want[:15_000], "new", *want[15_000:]]
    rows = unified(want, got, "N.md", 11)
    assert rows[1] == "+++ the block printed: 20001 lines, of which 500 are compared"
    assert rows[2].startswith("@@ -15008,") and "+new" in rows and rows[3] == " " + want[14_997]
    assert len(unified(["a"] * 9000, ["b"] * 9000, "N.md", 1)) < 1100


def test_what_is_shown_is_shortened() -> None:
    assert shortened(["a"] * 61) == ["a"] * 61
    rows = shortened(["+ x" * 1000, *["b"] * 99])
    assert len(rows) == 61 and rows[-1] == "… (40 more lines)"
    assert rows[0].endswith("… (3000 characters)") and len(rows[0]) < 330


def test_same_words() -> None:
    assert same_words(["{'a', 'b'}", "1"], ["{'b', 'a'}", "1"])
    assert not same_words(["{'a', 'b'}"], ["{'a', 'c'}"])


def test_a_sets_order_has_a_hint(make_vault, capsys, monkeypatch) -> None:
    root = make_vault({"A.md": "```python\nprint('b a')\n```\n```output\na b\n```\n"})
    monkeypatch.chdir(root)
    assert main(["run"]) == 1
    assert "(hint: the same in another order: if it is a set's, print it sorted; " in capsys.readouterr().out
