"""Guards that no text at all makes the readers of notes raise or hang."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaultkit.lists.items import read_items
from vaultkit.mdlink import find as find_markdown
from vaultkit.note import parse_note
from vaultkit.resolve import resolve_subpath
from vaultkit.run.program import program_of
from vaultkit.scan import scan
from vaultkit.sentences import sentence_of
from vaultkit.wikilink import find as find_wikilinks

PIECES = [
    "---\n", "```python\n", "```\n", "~~~", "> ", "- ", "1. ", "    ", "\t", "\n", "\n\n", "<!--", "-->",
    "%%",
    "$$", "$", "`", "``", "[[", "]]", "|", "#", "^id",
    "[^1]: ", '=== "T"\n', "!!! note\n", "??? x\n",
    "<pre>", "</pre>", "\\", "[a](b)", "](", "![",
    "a: 1\n", "a: [[x]]\n", "{", "}", "- [ ] ",
    "[priority:: P1]", "# H\n", "\0", "\r\n", "\r", "键值", "😀", "\u2028", "<!-- run: setup\n",
    "<!-- run: skip -->\n", "```output\n", "x", " ", ": ", "&a ", "*a ",
]  # fmt: skip
LEAVES = st.one_of(st.none(), st.integers(), st.text())
JSON = st.recursive(
    LEAVES, lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(), x, max_size=3), max_leaves=8
)
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=40).map("".join)


@settings(max_examples=settings().max_examples, deadline=None)
@given(TEXTS)
def test_any_text_is_a_note(text: str) -> None:
    note = parse_note("Note.md", text)
    assert len(note.scan.kinds) == len(note.scan.lines) == len(note.scan.prefixes)
    program_of("Note.md", note.scan)
    read_items(note)
    for link in note.links:
        line = note.scan.lines[link.line - 1]
        assert link.kind == "frontmatter" or line[link.column : link.column + len(link.raw)] == link.raw
        resolve_subpath(note, link.subpath)
        if link.kind != "frontmatter":
            sentence_of(note.scan, link)
    assert all(heading.line <= len(note.scan.lines) for heading in note.headings)
    assert all(note.scan.lines[line - 1].rstrip().endswith(name) for name, line in note.blocks.items())
    assert all(note.tags)
    for fence in note.scan.fences:
        assert 1 <= fence.line <= fence.end_line <= len(note.scan.lines)


@settings(max_examples=settings().max_examples * 3 // 5, deadline=None)
@given(st.text())
def test_any_line_has_links_inside_itself(line: str) -> None:
    for found in [*find_wikilinks(line), *find_markdown(line)]:
        assert line[found.column : found.column + len(found.raw)] == found.raw


@settings(max_examples=settings().max_examples * 3 // 5, deadline=None)
@given(JSON)
def test_any_json_front_matter(value: object) -> None:
    note = parse_note("Note.md", f"---\nkey: {json.dumps(value)}\n---\ntext\n")
    assert note.properties or note.problems


DOUBLING = "".join(f"k{n}: &k{n} [*k{n - 1}, *k{n - 1}]\n" for n in range(1, 60))
MERGING = "".join(f"k{n}: &k{n} {{<<: [*k{n - 1}, *k{n - 1}], j{n}: 1}}\n" for n in range(1, 60))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "front",
    [
        f"k0: &k0 ['[[a]]']\n{DOUBLING}tags: [*k59, b]\naliases: [*k59, c]\n",
        f"k0: &k0 {{j0: 1}}\n{MERGING}tags: [b]\naliases: c\n",
    ],
)
def test_anchors_that_double_at_every_step(front: str) -> None:
    note = parse_note("Note.md", f"---\n{front}---\n")
    assert (note.tags, note.aliases, note.problems) == (["b"], ["c"], [])
    assert len(note.links) <= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000, "[[" * 50_000, "`" * 100_000, "` `` " * 20_000, "$a " * 30_000, "<!--" * 25_000,
        "%% " * 30_000, "> " * 20_000 + "x", "- " * 5_000 + "x", "[a](" * 10_000, "![[a|b#c]]" * 10_000,
        "*_" * 50_000, "---\na: " + "[" * 50_000 + "\n---\n", "a. " * 30_000 + "[[x]]", "#a " * 30_000,
        "---\na: &a [b]\nc: [" + "*a, " * 10_000 + "]\n---\n", "|" * 100_000, "\\" * 100_001 + "[[x]]",
        "a <b c='" * 12_000, "[a](<b" * 16_000, "[a](b \"" * 12_000, "<!-->" * 10_000, "a <!-- b\n" * 10_000,
        "<div>\n" * 15_000, "[a\n" * 15_000 + "](b)", "> " * 1_000 + "x", "\u2028[[a]]" * 10_000,
        "\0[[a]]\r" * 5_000,
        "\n".join("  " * depth + "- [[a]]" for depth in range(250)), "[[x]](" * 6_000, "![](" * 8_000,
    ],
    ids=range(31),
)  # fmt: skip
def test_long_lines_take_no_long_time(text: str) -> None:
    started = time.process_time()
    note = parse_note("Note.md", text)
    program_of("Note.md", scan(text))
    assert note.headings is not None and note.blocks is not None and note.tags is not None
    for link in note.links[:5]:
        if link.kind != "frontmatter":
            sentence_of(note.scan, link)
    assert time.process_time() - started < 10, "quadratic"  # half a second where this was written
