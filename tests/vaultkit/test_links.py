"""Guards the link grammar, rules L1 to L12 of Obsidian, by the cases of fixtures/links.md."""

from vaultkit.links import Link
from vaultkit.note import parse_note
from vaultkit.wikilink import default_display

CASES = "links.md"


def shown(link: Link) -> str:
    return f"{link.kind} | {link.target} | {link.subpath} | {link.display}"


def squeeze(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def test_links(case: tuple[str, str, str]) -> None:
    _, source, expected = case
    note = parse_note("Note.md", source)
    assert squeeze("\n".join(shown(link) for link in note.links)) == squeeze(expected)
    for link in note.links:
        line = note.scan.lines[link.line - 1]
        assert line[link.column : link.column + len(link.raw)] == link.raw


def test_default_display_text() -> None:
    """Rule L5."""
    assert default_display("wikilink", "heading#sub") == "wikilink > heading > sub"
    assert default_display("", "^block") == "^block"
    assert default_display("note", "^b") == "note > ^b"
    assert default_display("a/b/note", "") == "a/b/note"
