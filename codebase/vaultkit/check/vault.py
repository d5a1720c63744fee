"""All rules over one vault."""

from vaultkit.check.code import check_code
from vaultkit.check.links import check_links
from vaultkit.check.lists import check_lists
from vaultkit.check.names import check_aliases, check_names
from vaultkit.check.parity import check_parity
from vaultkit.check.prerequisites import check_prerequisites
from vaultkit.check.properties import check_properties
from vaultkit.check.skeleton import check_skeleton
from vaultkit.check.stale import check_stale
from vaultkit.check.tracker import check_tracker
from vaultkit.errors import Problem
from vaultkit.vault import Vault

RULES = (
    check_names,
    check_aliases,
    check_properties,
    check_links,
    check_code,
    check_skeleton,
    check_parity,
    check_stale,
    check_lists,
    check_prerequisites,
    check_tracker,
)


def check_vault(vault: Vault) -> list[Problem]:
    """Everything wrong in the vault, by path and line; paths are relative to the vault."""
    found = list(vault.problems)
    for note in vault.notes.values():
        found += note.problems
    for rule in RULES:
        found += rule(vault)
    return sorted(set(found), key=lambda problem: (problem.path, problem.line, problem.code, problem.message))
