"""Guards where subpaths point, by the cases of fixtures/subpath.md: the note, a blank line, then subpaths."""

from vaultkit.note import parse_note
from vaultkit.resolve import resolve_subpath

CASES = "subpath.md"


def test_subpath(case: tuple[str, str, str]) -> None:
    _, source, expected = case
    answers = expected.split()
    lines = source.splitlines()
    text, subpaths = lines[: -len(answers)], lines[-len(answers) :]
    note = parse_note("Note.md", "\n".join(text))
    found = [resolve_subpath(note, subpath) for subpath in subpaths]
    assert [str(getattr(place, "line", place) or "-") for place in found] == answers
