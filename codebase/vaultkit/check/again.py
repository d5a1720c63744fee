"""The lint after a change: notes that cannot be other than they were are not looked at again."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from vaultkit.check.properties import is_house
from vaultkit.check.vault import finished, local, whole
from vaultkit.errors import Problem
from vaultkit.naming import endings_of, may_name
from vaultkit.note import Note
from vaultkit.pairs import canonical, translated
from vaultkit.resolve import resolve
from vaultkit.vault import Vault

_OF_NAMES = frozenset({"unresolved-link", "unresolved-embed", "alias-target"})  # hints name other notes


class Some(dict[str, Note]):
    """All notes to whoever looks one up, and a few of them to whoever goes through them."""

    def __init__(self, notes: dict[str, Note], few: set[str]) -> None:
        super().__init__(notes)
        self._few = {path: note for path, note in notes.items() if path in few}

    def __iter__(self) -> Iterator[str]:
        return iter(self._few)

    def __len__(self) -> int:
        return len(self._few)

    def keys(self) -> Any:
        return self._few.keys()

    def values(self) -> Any:
        return self._few.values()

    def items(self) -> Any:
        return self._few.items()


class Lint:
    """`check_vault` for a vault that is checked again and again."""

    def __init__(self) -> None:
        self._before: Vault | None = None
        self._found: list[Problem] = []  # by the local rules
        self._house = False

    def check(self, vault: Vault) -> list[Problem]:
        """The same as `check_vault(vault)`."""
        before, self._before = self._before, None
        if before is None or before.root != vault.root or self._house != is_house(vault):
            self._found = local(vault)
            self._house = is_house(vault)
        else:
            few = _touched(before, vault) | {p.path for p in self._found if p.code in _OF_NAMES}
            known = [problem for problem in self._found if problem.path not in few]
            some = replace(vault, notes=Some(vault.notes, few))
            for name in ("by_name", "by_path", "by_alias"):
                some.__dict__[name] = getattr(vault, name)  # of all notes
            self._found = [*known, *(problem for problem in local(some) if problem.path in few)]
        self._before = vault
        return finished(vault, [*self._found, *whole(vault)])


def _touched(before: Vault, vault: Vault) -> set[str]:
    """Notes that have changed, those that link to them, and the translations of both."""
    old, new = before.notes, vault.notes
    changed = {path for path in old.keys() | new.keys() if old.get(path) is not new.get(path)}
    changed |= {other for path in changed for other in (canonical(path), translated(canonical(path)))}
    names = {path.rsplit("/", 1)[-1].rpartition(".")[0].lower() for path in changed}
    linking = {path for path, note in new.items() if _links(vault, note, names, changed)}
    if before.files != vault.files:
        endings = endings_of(before.files ^ vault.files)
        linking |= {path for path, note in new.items() if may_name(note, endings)}
    return changed | {other for path in linking for other in (canonical(path), translated(canonical(path)))}


def _links(vault: Vault, note: Note, names: set[str], changed: set[str]) -> bool:
    """True if the note links one of those that have changed; few links need to be resolved to tell."""
    for link in note.links:
        target = link.target.lower()
        likely = not target.isascii() or any(
            target.endswith((name, f"{name}.md", f"{name}.ipynb")) for name in names
        )
        if likely and resolve(vault, link.target, note.path).path in changed:
            return True
    return False
