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
