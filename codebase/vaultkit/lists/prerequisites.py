"""What a note builds on: its property `prerequisites`, a list of quoted wikilinks."""

from vaultkit import wikilink
from vaultkit.pairs import canonical
from vaultkit.resolve import resolve
from vaultkit.vault import Vault


def prerequisites(vault: Vault, path: str) -> list[str]:
    """Canonical paths of the notes that the note at `path` builds on, those that exist, in order."""
    note = vault.notes.get(path)
    value = note.properties.get("prerequisites") if note else None
    listed = [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
    targets = [link.text.target for text in listed for link in wikilink.find(text)]
    found = (resolve(vault, target, path).path for target in targets)
    return list(dict.fromkeys(canonical(target) for target in found if target in vault.notes))
