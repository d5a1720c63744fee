"""Guards the parameter count against a published model and against arrays that exist."""

import json
from pathlib import Path

import pytest
from mlx.utils import tree_flatten

import kvist
from kvist.budget import count_parameters
from kvist.errors import KvistError
from kvist.models import load_model

QWEN3_06B = {
    "vocab_size": 151936, "hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16,
    "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 3072, "tie_word_embeddings": True,
}  # fmt: skip


def test_published_and_our_own() -> None:
    assert count_parameters(QWEN3_06B) == 596_049_920
    folder = Path(kvist.__file__).parent / "assets" / "tiny"
    model, _ = load_model(folder)
    held = sum(array.size for _, array in tree_flatten(model.parameters()))
    assert count_parameters(json.loads((folder / "config.json").read_text())) == held == 984_448


def test_a_size_is_missing() -> None:
    with pytest.raises(KvistError, match="got no head_dim"):
        count_parameters({**QWEN3_06B, "head_dim": None})
