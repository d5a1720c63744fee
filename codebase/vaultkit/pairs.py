"""Language pairs: `X.md` is English and canonical, `X.zh.md` beside it is its Chinese translation."""

from vaultkit.note import ZH_SUFFIXES
from vaultkit.vault import Vault


def is_zh(path: str) -> bool:
    return path.lower().endswith(ZH_SUFFIXES)


def canonical(path: str) -> str:
    """Path of the English note of this path's pair, whether it exists or not."""
    if not is_zh(path):
        return path
    stem, _, ending = path.rpartition(".")
    return f"{stem[: -len('.zh')]}.{ending.lower()}"


def translated(path: str) -> str:
    """Path of the Chinese note of this path's pair, whether it exists or not."""
    stem, _, ending = path.rpartition(".")
    return path if is_zh(path) else f"{stem}.zh.{ending}"


def pair_of(vault: Vault, path: str) -> str | None:
    """Path of the same note in the other language, None if there is no such note."""
    other = canonical(path) if is_zh(path) else translated(path)
    return other if other in vault.notes else None
