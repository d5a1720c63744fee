"""Guards resolution, rules R1 to R12 of Obsidian, by the cases of fixtures/resolve.md.

Input: one path a line, a blank line, then `source -> target` lines; expected: the path or `-` of each.
"""

from vaultkit.resolve import resolve, shortest_link
from vaultkit.vault import Vault

CASES = "resolve.md"


def test_resolve(make_vault, case: tuple[str, str, str]) -> None:
    _, source, expected = case
    files, _, questions = source.partition("\n\n")
    text = {"": "", " aliases": "---\naliases: [KV 缓存]\ntitle: Title\n---\n# Title\n"}
    root = make_vault({line.partition(":")[0]: text[line.partition(":")[2]] for line in files.splitlines()})
    vault = Vault.load(root)
    answers = []
    for question in questions.splitlines():
        path, _, target = question.partition(" ->")
        found = resolve(vault, target.strip(), path)
        answers.append((found.path or "-") + (" ambiguous" if found.ambiguous else ""))
    assert answers == expected.splitlines()


def test_shortest_link(make_vault) -> None:
    """Rule R12: the name if it is unique, else the whole path."""
    vault = Vault.load(make_vault({"a/One.md": "", "a/Two.md": "", "b/Two.md": "", "fig.svg": ""}))
    assert shortest_link(vault, "a/One.md") == "One"
    assert shortest_link(vault, "b/Two.md") == "b/Two"
    assert shortest_link(vault, "fig.svg") == "fig.svg"


def test_decomposed_file_name_is_found(make_vault) -> None:
    vault = Vault.load(make_vault({"Cafe\u0301.md": "", "S.md": ""}))
    assert resolve(vault, "Café", "S.md").path == "Café.md"
    assert "Café.md" in vault.notes
