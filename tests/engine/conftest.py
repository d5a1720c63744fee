"""Fixtures of the engine's tests: the frozen checkpoints and a tokenizer whose tokens are the 256 bytes."""

import shutil
from pathlib import Path

import pytest

from kvist.text import Tokenizer
from kvist.text.bpe import BytePairEncoding

ORACLE = Path(__file__).with_name("oracle")


@pytest.fixture
def oracle() -> Path:
    """The folder of frozen checkpoints, not to be written to."""
    return ORACLE


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A copy of a small Qwen3 checkpoint (random weights, one token per byte), to be damaged."""
    folder = shutil.copytree(ORACLE / "qwen3-tied", tmp_path / "model")
    BytePairEncoding([]).write_tokenizer_json(folder / "tokenizer.json")
    return folder


@pytest.fixture
def byte_tokenizer(tmp_path: Path) -> Tokenizer:
    """One token per byte: every Chinese character is cut."""
    BytePairEncoding([]).write_tokenizer_json(tmp_path / "tokenizer.json")
    return Tokenizer.from_folder(tmp_path)
