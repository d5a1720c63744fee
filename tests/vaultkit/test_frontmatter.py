"""Guards front matter: Obsidian's rules, and one problem with its line for anything that is not valid."""

from datetime import date

import pytest

from vaultkit.note import parse_note


def test_properties() -> None:
    note = parse_note("Note.md", "---\ntags: [a, b/c]\ncreated: 2026-11-22\ntier: 1\n---  \ntext\n")
    assert note.properties == {"tags": ["a", "b/c"], "created": date(2026, 11, 22), "tier": 1}
    assert (note.body_line, note.tags, note.problems) == (6, ["a", "b/c"], [])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("---\na: 1\nb: [\n---\n", 4),
        ("---\na: 1\na: 2\n---\n", 3),
        ("---\n- a\n---\n", 1),
        ("---\njust text\n---\n", 1),
        ("---\na: {{date}}\n---\n", 2),
        ("---\na: \tb: c: d\n---\n", 2),
        ("---\nd: 2026-13-45\n---\n", 1),
        ("---\na: !!python/object/apply:os.system [x]\n---\n", 2),
        ("---\n[a, b]: c\n---\n", 2),
        ("---\na: 1\ntext without an end\n", 1),
        ("---\na: " + "[" * 5000 + "\n---\n", 2),
    ],
)
def test_invalid_front_matter_is_one_problem(text: str, line: int) -> None:
    note = parse_note("Note.md", text)
    assert note.properties == {}
    assert [(problem.code, problem.line) for problem in note.problems] == [("front-matter", line)]


def test_the_rest_of_a_note_with_invalid_front_matter_is_read() -> None:
    note = parse_note("Note.md", "---\na: [\n---\n# Title\n[[Link]]\n")
    assert note.headings and note.links


@pytest.mark.parametrize(
    "text", ["---\n---\n", "---\n# only a comment\n---\n", "", "---", "text\n---\na: 1\n---\n"]
)
def test_no_properties_is_no_problem(text: str) -> None:
    note = parse_note("Note.md", text)
    assert note.properties == {} and note.problems == []


@pytest.mark.parametrize(
    ("value", "tags"),
    [("[a, b]", ["a", "b"]), ("one", ["one"]), ("a, b", []), ("a b", []), ("", []), ("['#a']", ["a"])],
)
def test_tags_property(value: str, tags: list[str]) -> None:
    assert parse_note("Note.md", f"---\ntags: {value}\n---\n").tags == tags


def test_tags_in_text() -> None:
    text = "#a x #b/c y#no #1984 #y1984 `#no` #中文/标签, \\#no <!-- #no --> %% #hidden %%\n#A\n"
    assert parse_note("Note.md", text).tags == ["a", "b/c", "y1984", "中文/标签", "hidden"]


def test_titles_and_languages() -> None:
    zh = parse_note("a/KV cache.zh.md", "---\ntitle: KV 缓存\nlang: zh\n---\n")
    assert (zh.lang, zh.title, zh.stem) == ("zh", "KV 缓存", "KV cache")
    en = parse_note("a/KV cache.md", "---\ntitle: other\nstatus: stub\naliases: x\n---\n")
    assert (en.lang, en.title, en.is_stub, en.aliases) == ("en", "KV cache", True, ["x"])
