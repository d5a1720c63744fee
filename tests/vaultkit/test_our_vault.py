"""Guards our own notes: no problem of any kind in `vault/`, and every Python fence runs or is declared."""

from pathlib import Path

import pytest

from vaultkit.check import check_vault
from vaultkit.run.census import census
from vaultkit.vault import Vault

ROOT = Path(__file__).parents[2] / "vault"


@pytest.fixture(scope="module")
def vault() -> Vault:
    return Vault.load(ROOT)


def test_no_problems(vault: Vault) -> None:
    problems = [str(problem) for problem in check_vault(vault)]
    assert not problems, "\n".join(problems)


def test_census(vault: Vault) -> None:
    counts = census(vault)
    assert counts and [count for count in counts if not count.ok] == []
