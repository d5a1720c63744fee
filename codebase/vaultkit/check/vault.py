"""All rules over one vault."""

from collections.abc import Iterator

from vaultkit.check.code import check_code
from vaultkit.check.files import check_files
from vaultkit.check.imports import check_imports
from vaultkit.check.labs import check_labs
from vaultkit.check.links import check_links
from vaultkit.check.lists import check_lists
from vaultkit.check.names import check_aliases, check_names
from vaultkit.check.pairs import check_pairs
from vaultkit.check.parity import check_parity
from vaultkit.check.prerequisites import check_prerequisites
from vaultkit.check.properties import check_properties, is_house
from vaultkit.check.skeleton import check_skeleton
from vaultkit.check.stale import check_stale
from vaultkit.check.tracker import check_tracker
from vaultkit.errors import Problem
from vaultkit.ignored import ignored
from vaultkit.labs.notebook import is_notebook
from vaultkit.labs.view import file_lines, in_file
from vaultkit.vault import Vault

RULES = (check_names, check_aliases, check_lists, check_prerequisites, check_tracker, check_files)
# What they say of a note follows from it, its translation, what its links name, and the names of files.
LOCAL_RULES = (check_links, check_code, check_parity, check_stale)
# For vaults that follow Kvist's properties; all but one of them local too.
HOUSE_RULES = (check_pairs,)
LOCAL_HOUSE_RULES = (check_properties, check_skeleton, check_imports)
# What Obsidian itself lets pass: elsewhere a warning.
HOUSE_CODES = frozenset({
    "duplicate-name", "illegal-name", "duplicate-alias", "no-english", "comment-unclosed", "output-place",
})  # fmt: skip


def in_files(vault: Vault, found: list[Problem]) -> Iterator[Problem]:
    """The problems with the lines of the files: notebooks are read as Markdown, which has other lines."""
    lines: dict[str, list[int]] = {}
    for problem in found:
        if problem.line and problem.path in vault.notes and is_notebook(problem.path):
            if problem.path not in lines:
                text = vault.on_disk(problem.path).read_bytes().decode("utf-8-sig", "replace")
                lines[problem.path] = file_lines(text)
            problem = problem._replace(line=in_file(lines[problem.path], problem.line))
        yield problem


def check_vault(vault: Vault) -> list[Problem]:
    """Everything wrong in the vault, by path and line; paths are relative to the vault.

    Links, names and front matter are checked in any vault, the house's own rules in a Kvist vault only. Of
    files that Obsidian's setting `userIgnoreFilters` excludes nothing is said.
    """
    return finished(vault, [*local(vault), *whole(vault)])


def local(vault: Vault) -> list[Problem]:
    """What the rules say that look at one note at a time."""
    rules = (*LOCAL_RULES, *LOCAL_HOUSE_RULES) if is_house(vault) else LOCAL_RULES
    return [problem for rule in rules for problem in rule(vault)]


def whole(vault: Vault) -> list[Problem]:
    """What the other rules say, and what was wrong when the vault was read."""
    found = [*vault.problems, *(problem for note in vault.notes.values() for problem in note.problems)]
    rules = (*RULES, *HOUSE_RULES) if is_house(vault) else RULES
    return [*found, *(problem for rule in rules for problem in rule(vault))]


def finished(vault: Vault, found: list[Problem]) -> list[Problem]:
    """The problems as they are told, with those of labs."""
    found = [*in_files(vault, found), *check_labs(vault)]
    if not is_house(vault):
        found = [p._replace(severity="warning") if p.code in HOUSE_CODES else p for p in found]
    excluded = ignored(vault.root)
    found = [problem for problem in found if not excluded(problem.path)]
    return sorted(set(found), key=lambda problem: (problem.path, problem.line, problem.code, problem.message))
