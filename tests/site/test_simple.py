"""What is not parsed, or parsed in a quicker way, comes out as if it had been."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

from vaultkit.site.plain import write
from vaultkit.site.plain.quick_lines import QuickState
from vaultkit.site.plain.simple import put_away
from vaultkit.site.plain.write import to_plain, written

WORDS = [
    "word",
    "Ein Wort",
    "词，元。",
    " ",
    "  ",
    "a (b), c.",
    ": ",
    "100%",
    "a@b.cd",
    "'q'",
    '"q"',
    "AB",
    "{x}",
]
BLOCKS = [
    "1. ",
    "- ",
    "> ",
    "> [!note] T",
    "# ",
    "```",
    "~~~",
    "|",
    "|-|",
    "---",
    "===",
    "    ",
    "\t",
    "!!! note",
]
LINKS = [
    "[text](a-note.md)",
    "[two words](a.md)",
    "[don't](b.md)",
    "[1. x](c/#d)",
    "[x]: ",
    "\\[l](m)",
    "[t > u](../x/y.md#z)",
    "[t](x y)",
    "[t](javascript:x)",
    "![i](a.png)",
    "[ref]",
]
MARKS = [
    "`code`",
    "`a b`",
    "`` ` ``",
    "*em*",
    "_em_",
    "==m==",
    "~~s~~",
    "$",
    "\\",
    "[^1]",
    "[^1]: ",
    "*[AB]: x",
]
HTML = ["<b>", "</b>", "<div>", "</div>", "<pre>", "<!-- ", "-->", "&amp;", "https://x.yz", "www.example.com"]
OURS = ["\ue0001\ue001", "\ue0100\ue011", "\ue0120\ue013"]  # marks that the site itself puts into a text
PIECES = [*WORDS, *BLOCKS, *LINKS, *MARKS, *HTML, *OURS, *["\n", "\n\n"] * 6]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=14), st.booleans())
def test_what_is_put_away_is_written_as_the_parser_would(pieces: list[str], strict: bool) -> None:
    text = "".join(pieces)
    assert to_plain(text, strict_breaks=strict) == written(text, strict_breaks=strict, hosts=False)


def test_other_words_for_links_need_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "# A list\n\n- [ ] [{}](../a/kv-cache.md#b) — *first*[^1]\n- **[Two](two.md)**\n\n"
    text += "[^1]: see [{}](c.md)\n"
    assert to_plain(text.format("Old", "one"))
    monkeypatch.setattr(write, "parse", None)
    plain = to_plain(text.format("新 标题", "two or three"))
    assert "[新 标题](../a/kv-cache.md#b)" in plain and "[two or three](c.md)" in plain and "Old" not in plain


@pytest.mark.parametrize(
    ("line", "simple"),
    [
        ("Some words, and [a link](../concepts/kv-cache.md#bytes) with `code`.", True),
        ("注意力（attention）的 [KV 缓存](kv-cache.md)。", True),
        ("words with *emphasis*", False),
        ("- a list", False),
        ("see www.example.com", False),
        ("a [note][ref]", False),
        ("ends in a break  ", False),
    ],
)
def test_simple_lines(line: str, simple: bool) -> None:
    assert put_away(f"# T\n\n{line}\n\nx")[1] == ([line, "x"] if simple else ["x"])


@settings(max_examples=300)
@given(st.text(alphabet=" \t\na>-b", max_size=12))
def test_lines_are_marked_as_by_the_parser(text: str) -> None:
    parser = MarkdownIt()
    ours, theirs = QuickState(text, parser, {}, []), StateBlock(text, parser, {}, [])
    assert shown(ours) == shown(theirs)


def shown(state: StateBlock) -> dict[str, Any]:
    names = ("src", "bMarks", "eMarks", "tShift", "sCount", "bsCount", "lineMax", "line", "blkIndent")
    return {name: getattr(state, name) for name in names}
