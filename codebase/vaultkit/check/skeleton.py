"""The fixed headings of concept notes, and the one claim on top."""

from collections.abc import Iterator

from vaultkit.errors import Problem
from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.skeleton import HEADINGS
from vaultkit.vault import Vault


def check_skeleton(vault: Vault) -> Iterator[Problem]:
    for note in vault.notes.values():
        english = vault.notes.get(canonical(note.path))
        if english and english.properties.get("kind") == "concept" and not english.is_stub:
            yield from _check(note)


def _check(note: Note) -> Iterator[Problem]:
    wanted = [zh if note.lang == "zh" else en for en, zh in HEADINGS]
    found = {heading.text.lower(): heading for heading in reversed(note.headings) if heading.level == 2}
    position = 0
    for name in wanted:
        heading = found.get(name.lower())
        if heading is None:
            message = f"`## {name}` is missing"
            yield Problem(note.path, 0, "skeleton", message, f"a concept note has: {', '.join(wanted)}")
        elif heading.line < position:
            message = f"`## {name}` is out of order"
            yield Problem(note.path, heading.line, "skeleton", message, f"the order is: {', '.join(wanted)}")
        else:
            position = heading.line
    first = next((heading.line for heading in note.headings if heading.level == 2), len(note.scan.lines) + 1)
    if not any("[!abstract]" in line.lower() for line in note.scan.lines[: first - 1]):
        hint = "put one claim with a number on top: > [!abstract] …"
        yield Problem(
            note.path, note.body_line, "skeleton", "no `> [!abstract]` before the first heading", hint
        )
