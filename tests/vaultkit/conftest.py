"""A small vault in a temporary folder, made from a dict of texts."""

from collections.abc import Callable
from pathlib import Path

import pytest

collect_ignore_glob = ["*.md"]

MakeVault = Callable[[dict[str, str]], Path]


@pytest.fixture
def make_vault(tmp_path: Path) -> MakeVault:
    """`make_vault({"a/Note.md": text})` writes files and `.obsidian` below a folder with pyproject.toml."""

    def make(files: dict[str, str]) -> Path:
        root = tmp_path / "vault"
        (root / ".obsidian").mkdir(parents=True, exist_ok=True)
        (tmp_path / "pyproject.toml").write_text(
            '[tool.pytest.ini_options]\naddopts = "--markdown-docs -p vaultkit.run.plugin -ra"\n'
        )
        for path, text in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8", newline="")
        return root

    return make


FIXTURES = Path(__file__).with_name("fixtures")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with an argument `case` runs on each case of the file that its module names in CASES."""
    if "case" in metafunc.fixturenames:
        cases = read_cases((FIXTURES / metafunc.module.CASES).read_text("utf-8"))
        metafunc.parametrize("case", cases, ids=[title for title, _, _ in cases])


def read_cases(text: str) -> list[tuple[str, str, str]]:
    """(title, input, expected) of each case; the parts end with a line that is a single dot."""
    cases, parts = [], [""]
    for line in text.splitlines():
        if line != ".":
            parts[-1] += line + "\n"
        elif len(parts) < 3:
            parts.append("")
        else:
            title, source, expected = parts
            cases.append((" ".join(title.split()), source, expected))
            parts = [""]
    assert not "".join(parts).strip(), f"unfinished case {parts[0]!r}"
    return cases
