"""Python-Markdown must see the blocks that CommonMark sees: counted on random lists and on real notes."""

import re
from collections import Counter
from pathlib import Path

import markdown
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from vaultkit.site.transforms.structure import structure
from vaultkit.vault import Vault

COMMONMARK = MarkdownIt("commonmark").enable("table")
EXTENSIONS = ["tables", "pymdownx.superfences", "pymdownx.quotes", "pymdownx.highlight"]
TAGS = ("li", "ul", "ol", "table", "blockquote", "pre")
NOTES = Vault.load(Path(__file__).parent / "sample" / "vault").notes
REAL = Vault.load(Path(__file__).parents[2] / "vault").notes


def blocks(html: str) -> Counter[str]:
    return Counter(tag for tag in re.findall(r"<(\w+)[ >]", html) if tag in TAGS)


def by_site(text: str) -> Counter[str]:
    return blocks(markdown.markdown(text, extensions=EXTENSIONS))


def nested_lists(depth: int = 0) -> st.SearchStrategy[list[str]]:
    """Lines of a list with markers and indents of every kind."""
    marker = st.sampled_from(["- ", "* ", "1. ", "1) ", "-   "])
    item = st.tuples(marker, st.sampled_from(["a", "b c", "[ ] d"]))
    below = (
        st.just([]) if depth == 3 else st.one_of(st.just([]), st.deferred(lambda: nested_lists(depth + 1)))
    )

    def lay_out(parts: tuple[str, list[tuple[tuple[str, str], list[str]]]]) -> list[str]:
        mark, items = parts
        lines = []
        for (_, text), inner in items:
            lines.append(mark + text)
            lines += (
                [" " * len(mark.rstrip() + " ") + line for line in inner]
                if mark != "-   "
                else ["    " + line for line in inner]
            )
        return lines

    return st.tuples(marker, st.lists(st.tuples(item, below), min_size=1, max_size=3)).map(lay_out)


@settings(max_examples=60, deadline=None)
@given(nested_lists(), st.sampled_from(["", "text"]), st.sampled_from(["", "> "]))
def test_nested_lists_keep_their_shape(lines: list[str], before: str, quote: str) -> None:
    text = "".join(f"{quote}{line}\n" for line in ([before, *lines] if before else lines))
    assert by_site(structure(text)) == blocks(COMMONMARK.render(text))


def test_the_gap_is_real() -> None:
    """Without the normaliser the two differ, or the tests here would guard nothing."""
    text = "text\n- a\n  - b\n"
    assert by_site(text) != blocks(COMMONMARK.render(text))


@pytest.mark.parametrize("path", sorted(REAL) + sorted(f"sample/{path}" for path in NOTES))
def test_notes_have_the_same_blocks_in_obsidian_and_on_the_site(path: str) -> None:
    note = NOTES[path.removeprefix("sample/")] if path.startswith("sample/") else REAL[path]
    body = "\n".join(note.scan.lines[note.scan.front_end :])
    body = re.sub(r"<!--.*?-->|\$\$.*?\$\$", "", body, flags=re.DOTALL)  # comments and formulas are no blocks
    assert by_site(structure(body)) == blocks(COMMONMARK.render(body))


@settings(max_examples=30, deadline=None)
@given(nested_lists())
def test_laying_out_twice_changes_nothing(lines: list[str]) -> None:
    once = structure("\n".join(lines) + "\n")
    assert structure(once) == once
