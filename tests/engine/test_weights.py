"""Guards sharded checkpoints: shards are found through the index, and a wrong index or shard is named."""

import json
import shutil
from pathlib import Path

import pytest

from kvist.errors import KvistError
from kvist.models.weights import find_tensors, read_tensors

INDEX = "model.safetensors.index.json"
FIRST, SECOND = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


@pytest.fixture
def shards(oracle: Path, tmp_path: Path) -> Path:
    return shutil.copytree(oracle / "qwen3-sharded", tmp_path / "model")


def refusal(folder: Path) -> str:
    with pytest.raises(KvistError) as caught:
        find_tensors(folder)
    return str(caught.value)


def test_finds_and_reads_every_shard(shards: Path) -> None:
    tensors = find_tensors(shards)
    assert {info.file.name for info in tensors.values()} == {FIRST, SECOND}
    arrays = read_tensors(tensors)
    assert {name: array.shape for name, array in arrays.items()} == {n: t.shape for n, t in tensors.items()}


def test_missing_shard(shards: Path) -> None:
    (shards / SECOND).unlink()
    assert f"[{shards / INDEX}] need the shard {SECOND} beside it, got no such file" in refusal(shards)


def test_shard_outside_the_folder(shards: Path) -> None:
    index = json.loads((shards / INDEX).read_text())
    index["weight_map"]["model.norm.weight"] = f"../{SECOND}"
    (shards / INDEX).write_text(json.dumps(index))
    (shards.parent / SECOND).touch()
    assert f"need the shard ../{SECOND} beside it" in refusal(shards)


def test_tensor_in_the_wrong_shard(shards: Path) -> None:
    index = json.loads((shards / INDEX).read_text())
    home = index["weight_map"]["model.norm.weight"]
    other = FIRST if home == SECOND else SECOND
    index["weight_map"]["model.norm.weight"] = other
    (shards / INDEX).write_text(json.dumps(index))
    assert f"[{shards / other}] need the tensor model.norm.weight that {INDEX} places there" in refusal(
        shards
    )


def test_truncated_shard(shards: Path) -> None:
    path = shards / FIRST
    path.write_bytes(path.read_bytes()[:-100])
    assert refusal(shards).startswith(f"[{path}: ")


@pytest.mark.parametrize("text", ["{}", '{"weight_map": []}', '{"weight_map": '])
def test_broken_index(shards: Path, text: str) -> None:
    (shards / INDEX).write_text(text)
    assert f"[{shards / INDEX}" in refusal(shards)
