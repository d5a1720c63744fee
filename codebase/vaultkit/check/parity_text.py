"""What the prose of both languages must share: kinds of callouts in order, and which notes it links."""

import re
from collections.abc import Iterator
from itertools import zip_longest

from vaultkit.errors import Problem
from vaultkit.note import Note
from vaultkit.pairs import canonical
from vaultkit.resolve import resolve
from vaultkit.vault import Vault

_HINT = "both languages link the same notes"
_CALLOUT = re.compile(r"\[!([^\]|]+)(?:\|[^\]]*)?\]")


def check_callouts(english: Note, chinese: Note) -> Iterator[Problem]:
    for a, b in zip_longest(callouts(english), callouts(chinese)):
        if a and b and a[0] == b[0]:
            continue
        if a is None:
            message = f"callout `{b[0]}` has no counterpart in {english.path}"
        elif b is None:
            message = f"no counterpart of the callout `{a[0]}` ({english.path}:{a[1]})"
        else:
            message = f"callout `{b[0]}` where {english.path}:{a[1]} has `{a[0]}`"
        hint = "same callouts in the same order; titles may be translated"
        yield Problem(chinese.path, b[1] if b else 0, "parity-callouts", message, hint)
        return


def callouts(note: Note) -> list[tuple[str, int]]:
    """(type, line) of each callout of a note."""
    found = []
    for number in note.scan.text_lines():
        prefix = note.scan.prefix(number)
        head = _CALLOUT.match(note.scan.lines[number - 1][len(prefix) :])
        above = note.scan.prefix(number - 1).count(">") if number > 1 else 0
        if head and prefix.count(">") > above:
            found.append((head[1].strip().lower(), number))
    return found


def check_linked(vault: Vault, english: Note, chinese: Note) -> Iterator[Problem]:
    ours, theirs = linked(vault, english), linked(vault, chinese)
    for path in sorted(ours.keys() - theirs.keys()):
        message = f"does not link {path}, as {english.path}:{ours[path]} does"
        yield Problem(chinese.path, 0, "parity-links", message, _HINT)
    for path in sorted(theirs.keys() - ours.keys()):
        message = f"links {path}, which {english.path} does not"
        yield Problem(
            chinese.path, theirs[path], "parity-links", message, "both languages link the same notes"
        )


def linked(vault: Vault, note: Note) -> dict[str, int]:
    """Files that the text of a note links or embeds, and the first line of each; its own pair left out."""
    found: dict[str, int] = {}
    for link in note.links:
        path = resolve(vault, link.target, note.path).path
        if path and link.line > note.scan.front_end and canonical(path) != canonical(note.path):
            found.setdefault(canonical(path), link.line)
    return found
