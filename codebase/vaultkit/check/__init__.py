"""The lint of a vault: every rule in one file, each a function from a vault to problems."""

from vaultkit.check.vault import check_vault

__all__ = ["check_vault"]
