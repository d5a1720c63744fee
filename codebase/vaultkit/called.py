"""The note that a person means by a name on the command line."""

from vaultkit.resolve import resolve
from vaultkit.vault import Vault


def path_called(vault: Vault, name: str) -> str:
    """Path of the file that `name` leads to as a link would, else of the note with that alias; "" if none."""
    return resolve(vault, name, "").path or vault.by_alias.get(name.lower(), "")
