"""The fixed headings of concept notes, and the one claim on top."""

from collections.abc import Iterator
from itertools import pairwise

from vaultkit.errors import Problem
from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.skeleton import HEADINGS, PLACEHOLDERS, PLACEHOLDERS_OF_TEXT
from vaultkit.vault import Vault


def check_skeleton(vault: Vault) -> Iterator[Problem]:
    for note in vault.notes.values():
        english = vault.notes.get(canonical(note.path))
        if english and english.properties.get("kind") == "concept" and not english.is_stub:
            yield from _check(note)


def _check(note: Note) -> Iterator[Problem]:
    wanted = [zh if note.lang == "zh" else en for en, zh in HEADINGS]
    found = {heading.text.lower(): heading for heading in reversed(note.headings) if heading.level == 2}
    missing = [name for name in wanted if name.lower() not in found]
    if missing:
        names = ", ".join(f"`## {name}`" for name in missing)
        verb = "is missing" if len(missing) == 1 else "are missing"
        hint = f"a concept note has: {', '.join(wanted)}"
        yield Problem(note.path, 0, "skeleton", f"{names} {verb}", hint)
    position = 0
    for heading in (found[name.lower()] for name in wanted if name not in missing):
        if heading.line < position:
            message = f"`## {heading.text}` is out of order"
            yield Problem(note.path, heading.line, "skeleton", message, f"the order is: {', '.join(wanted)}")
        position = max(position, heading.line)
    first = next((heading.line for heading in note.headings if heading.level == 2), len(note.scan.lines) + 1)
    if not any("[!abstract]" in line.lower() for line in note.scan.lines[: first - 1]):
        hint = "put one claim with a number on top: > [!abstract] …"
        yield Problem(
            note.path, note.body_line, "skeleton", "no `> [!abstract]` before the first heading", hint
        )
    if not missing:
        yield from _unwritten(note, len(wanted))


def _unwritten(note: Note, sections: int) -> Iterator[Problem]:
    """A warning while sections hold nothing but what the skeleton put there."""
    lines = [line.strip() for line in note.scan.lines]
    starts = [heading.line for heading in note.headings if heading.level == 2] + [len(lines) + 1]
    empty = sum(
        all(not line or line in PLACEHOLDERS for line in lines[start : end - 1])
        for start, end in pairwise(starts)
    )
    placeholder = next((number for number, line in enumerate(lines, 1) if line in PLACEHOLDERS_OF_TEXT), 0)
    if empty:
        message = f"is not written yet: {empty} of {sections} sections are still the skeleton's"
    elif placeholder:
        message = f"is not written yet: `{lines[placeholder - 1]}` still stands there"
    else:
        return
    yield Problem(
        note.path, placeholder, "draft", message, "write it, or give the note `status: stub`", "warning"
    )
