"""Chinese notes whose English text has changed since they were translated."""

from collections.abc import Iterator

from vaultkit.errors import Problem
from vaultkit.frontmatter import key_line
from vaultkit.pairs import canonical
from vaultkit.translations import PROPERTY, is_stale
from vaultkit.vault import Vault


def check_stale(vault: Vault) -> Iterator[Problem]:
    """A warning each: only a reader of both languages can mend it."""
    for path, note in vault.notes.items():
        if is_stale(vault, path):
            message = f"{canonical(path)} has changed since this was translated"
            hint = "bring the text up to date, then run vaultkit translated"
            line = key_line(note.scan, PROPERTY)
            yield Problem(path, line, "stale-translation", message, hint, "warning")
