"""Language pairs: `X.md` is English and canonical, `X.zh.md` beside it is its Chinese translation."""

from vaultkit.languages import canonical, is_zh, translated
from vaultkit.vault import Vault

__all__ = ["canonical", "is_zh", "pair_of", "translated"]


def pair_of(vault: Vault, path: str) -> str | None:
    """Path of the same note in the other language, None if there is no such note."""
    other = canonical(path) if is_zh(path) else translated(path)
    return other if other in vault.notes else None
