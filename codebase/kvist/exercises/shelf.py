"""Where the exercises stand: one folder each beside this file."""

from pathlib import Path

_SHELF = Path(__file__).parent


def names() -> list[str]:
    """The exercises there are, by name."""
    return sorted(folder.name for folder in _SHELF.iterdir() if (folder / "check.py").is_file())


def starter_of(name: str) -> Path:
    return _SHELF / name / "starter.py"


def checks_of(name: str) -> Path:
    return _SHELF / name / "check.py"
