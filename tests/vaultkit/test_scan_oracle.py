"""Guards what hides a link: on random texts the scanner finds the wikilinks that a CommonMark parser finds.

The parser is markdown-it with one more inline rule, for wikilinks. Left out is what it does not know (math,
`%% %%`), a quote that goes on without its mark, and where the scanner deliberately sees code that the site
shows and CommonMark does not (fences in HTML blocks, lists indented as Python-Markdown wants them).
"""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.html_block import html_block
from markdown_it.rules_inline import StateInline

from vaultkit.note import parse_note

_WIKILINK = re.compile(r"!?\[\[(?!\[)(?:(?!\[\[|\]\])[^\n])+\]\]")
_QUOTE = re.compile(r"^[ *\\]*>", re.MULTILINE)
LINKS = ["[[1]]", "[[2]]", "![[3]]", "[[4|a]]"]
WORDS = ["a ", " ", "\n", "\n\n", "# ", "\\", "*", "_b_ "]
FAMILIES = {
    "fences and code": ["`", "``", "```", "```\n", "````\n", "~~~\n", "\n```py\n", "\n```\n"],
    "quotes": ["> ", "\n> ", "\n> > ", "\n> ```\n> ", "\n> ~~~\n"],
    "comments": ["a <!-- b --> ", "\n\n<!-- b -->", "\n\n<!--\n", "\n-->\n\n", "<!-->", "a <!-- b\n-->"],
    "tags": ["<b>", "</b>", "<b c='", "'>", '<b c="', '">', "<https://a/", "<a@b.c>", "a>"],
    "blocks of HTML": ["<div>\n", "\n<div>", "</div>\n", "\n<b>\n", "<b>", "<pre>", "</pre>\n", "\n<table "],
}


def _wikilink(state: StateInline, silent: bool) -> bool:
    found = _WIKILINK.match(state.src, state.pos, state.posMax)
    if found and not silent:
        state.push("wikilink", "", 0).content = found.group()
    state.pos = found.end() if found else state.pos
    return found is not None


def _html_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """As CommonMark 0.31 says in 4.6: `</pre>` begins no block, which markdown-it does not heed."""
    at = state.bMarks[start] + state.tShift[start]
    return not state.src.startswith("</pre", at) and html_block(state, start, end, silent)


PARSER = MarkdownIt("commonmark", {"html": True})
PARSER.block.ruler.at("html_block", _html_block, {"alt": ["paragraph", "reference", "blockquote"]})
PARSER.inline.ruler.before("escape", "wikilink", _wikilink)


def expected(text: str) -> list[str]:
    inline = [token for token in PARSER.parse(text) if token.type == "inline"]
    return [child.content for token in inline for child in token.children or [] if child.type == "wikilink"]


@pytest.mark.parametrize("examples", [40, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("family", FAMILIES)
def test_links_are_those_of_a_markdown_parser(family: str, examples: int) -> None:
    pieces = st.lists(st.sampled_from([*LINKS, *LINKS, *WORDS, *FAMILIES[family]]), max_size=14).map("".join)

    @settings(max_examples=examples, deadline=None)
    @given(pieces)
    def compare(text: str) -> None:
        assume(family != "tags" or not _QUOTE.search(text))
        links = parse_note("Note.md", text).links
        assert [link.raw for link in links if link.is_wikilink] == expected(text)

    compare()
