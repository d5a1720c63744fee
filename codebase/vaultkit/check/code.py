"""Fences, control comments and comments that cannot mean what they say."""

from collections.abc import Iterator

from vaultkit.errors import Problem
from vaultkit.run.program import program_of
from vaultkit.vault import Vault


def check_code(vault: Vault) -> Iterator[Problem]:
    for path, note in vault.notes.items():
        yield from program_of(path, note.scan).problems
        if note.scan.unclosed_comment:
            message = "a comment that is never closed hides the rest of the note"
            line = note.scan.unclosed_comment
            yield Problem(path, line, "comment-unclosed", message, "close it with --> or %%")
