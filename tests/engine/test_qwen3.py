"""Guards Qwen3 against transformers: frozen logits, with and without a cache; and gradients.

The logits are of size 3 and were computed in float32, so 1e-5 is a few times the rounding of the sums.
"""

import shutil
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten

from kvist.errors import KvistError
from kvist.models import Qwen3, Qwen3Config, load_model

CASES = ["qwen3-tied", "qwen3-untied-rope-theta", "qwen3-sharded"]
TOLERANCE = 1e-5


def load(folder: Path) -> tuple[Qwen3, mx.array, np.ndarray]:
    model, _ = load_model(folder, dtype=mx.float32)
    return model, mx.array(np.load(folder / "tokens.npy")), np.load(folder / "logits.npy")


def off_by(logits: mx.array, expected: np.ndarray) -> float:
    return float(np.abs(np.array(logits) - expected).max())


@pytest.mark.parametrize("case", CASES)
def test_logits_equal_transformers(oracle: Path, case: str) -> None:
    model, tokens, expected = load(oracle / case)
    assert expected.shape == (2, 24, 256) and expected.std() > 0.5
    assert off_by(model(tokens), expected) < TOLERANCE


@pytest.mark.parametrize("case", CASES)
def test_cached_equals_uncached(oracle: Path, case: str) -> None:
    model, tokens, expected = load(oracle / case)
    cache = model.make_cache()
    chunks = [tokens[:, :1], tokens[:, 1:8], tokens[:, 8:16]] + [tokens[:, i : i + 1] for i in range(16, 24)]
    logits = mx.concatenate([model(chunk, cache) for chunk in chunks], axis=1)
    assert [layer.offset for layer in cache] == [24, 24]
    assert off_by(logits, expected) < TOLERANCE


def test_trimmed_cache_forgets(oracle: Path) -> None:
    model, tokens, expected = load(oracle / CASES[0])
    cache = model.make_cache()
    model(mx.concatenate([tokens[:, :10], tokens[:, :5]], axis=1), cache)
    for layer in cache:
        layer.trim(5)
    assert off_by(model(tokens[:, 10:], cache), expected[:, 10:]) < TOLERANCE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"rope_theta": 1000000.0', '"rope_theta": 10000.0'),
        ('"rms_norm_eps": 1e-06', '"rms_norm_eps": 1e-02'),
    ],
)
def test_the_oracle_notices_a_wrong_setting(oracle: Path, tmp_path: Path, old: str, new: str) -> None:
    folder = shutil.copytree(oracle / "qwen3-tied", tmp_path / "model")
    config = (folder / "config.json").read_text()
    assert old in config
    (folder / "config.json").write_text(config.replace(old, new))
    model, tokens, expected = load(folder)
    assert off_by(model(tokens), expected) > 100 * TOLERANCE


def test_the_oracle_depends_on_every_weight(oracle: Path) -> None:
    model, tokens, expected = load(oracle / "qwen3-untied-rope-theta")
    for name, weight in tree_flatten(model.parameters()):
        model.load_weights([(name, weight[::-1])], strict=False)
        assert off_by(model(tokens), expected) > 100 * TOLERANCE, name
        model.load_weights([(name, weight)], strict=False)


def test_gradients_reach_every_parameter() -> None:
    config = Qwen3Config(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        tie_word_embeddings=False,
    )
    mx.random.seed(0)
    model, tokens = Qwen3(config), mx.random.randint(0, 32, (2, 9))

    def loss(model: Qwen3) -> mx.array:
        return nn.losses.cross_entropy(model(tokens[:, :-1]), tokens[:, 1:]).mean()

    value, gradients = nn.value_and_grad(model, loss)(model)
    assert abs(value.item() - np.log(32)) < 1.0
    flat = dict(tree_flatten(gradients))
    assert flat.keys() == dict(tree_flatten(model.parameters())).keys()
    for name, gradient in flat.items():
        assert mx.isfinite(gradient).all().item() and mx.abs(gradient).max().item() > 0, name
    # one step against the gradient lowers the loss by about |gradient|² times the step
    squared = sum(mx.square(gradient).sum().item() for gradient in flat.values())
    stepped = {name: weight - 1e-3 * flat[name] for name, weight in tree_flatten(model.parameters())}
    model.load_weights(list(stepped.items()))
    assert (value - loss(model)).item() == pytest.approx(1e-3 * squared, rel=0.1)


def test_refuses_tokens_without_a_batch(oracle: Path) -> None:
    with pytest.raises(KvistError, match=r"\[Qwen3\] need tokens of shape \(B, L\), got shape \(3,\)"):
        load(oracle / CASES[0])[0](mx.array([1, 2, 3]))
