"""Guards the tokenizer of a folder: text round trips, end-of-sequence ids are found, bad files are named."""

import json
from pathlib import Path

import pytest

from kvist.errors import KvistError
from kvist.text import Tokenizer


def test_round_trip(byte_tokenizer: Tokenizer) -> None:
    for text in ["hello", "KV 缓存", "a\n b\t", "🌿 kvist", "é"]:
        tokens = byte_tokenizer.encode(text)
        assert len(tokens) == len(text.encode())
        assert byte_tokenizer.decode(tokens) == text
    assert byte_tokenizer.vocab_size == 256


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, set()),
        ({"config.json": {"eos_token_id": 7}}, {7}),
        ({"config.json": {"eos_token_id": None}}, set()),
        ({"config.json": {"eos_token_id": 7}, "generation_config.json": {"eos_token_id": [8, 9]}}, {8, 9}),
        ({"config.json": {"eos_token_id": 7}, "generation_config.json": {}}, {7}),
    ],
)
def test_end_of_sequence_ids(
    byte_tokenizer: Tokenizer, tmp_path: Path, files: dict[str, dict], expected: set[int]
) -> None:
    for name, values in files.items():
        (tmp_path / name).write_text(json.dumps(values))
    assert Tokenizer.from_folder(tmp_path).eos_ids == expected


def test_bad_end_of_sequence_id(byte_tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"eos_token_id": "</s>"}')
    with pytest.raises(KvistError, match=r"config.json.*need \"eos_token_id\" as a number.*got '</s>'"):
        Tokenizer.from_folder(tmp_path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(KvistError, match=r"tokenizer.json.* need a tokenizer, got no such file"):
        Tokenizer.from_folder(tmp_path)


def test_text_that_is_not_unicode(byte_tokenizer: Tokenizer) -> None:
    with pytest.raises(KvistError, match="valid Unicode"):
        byte_tokenizer.encode("caf\udce9")
