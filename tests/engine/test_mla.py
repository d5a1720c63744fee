"""Guards MLA: absorbed = explicit = a numpy reading of the equations, and cached = uncached."""

import dataclasses
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten

from kvist.budget import mla_cache_bytes_per_token
from kvist.cache import LatentKVCache
from kvist.errors import KvistError
from kvist.nn import MLAConfig, MultiHeadLatentAttention

CONFIG = MLAConfig(
    hidden_size=64,
    num_attention_heads=4,
    kv_lora_rank=24,
    qk_nope_head_dim=16,
    qk_rope_head_dim=8,
    v_head_dim=12,
    q_lora_rank=20,
)
LENGTH = 9


def make(config: MLAConfig = CONFIG, absorb: bool = False) -> MultiHeadLatentAttention:
    """Random weights, norms included: a norm weight of one would hide that it is there."""
    mx.random.seed(0)
    layer = MultiHeadLatentAttention(config, absorb)
    layer.update(
        {name: {"weight": 1 + 0.3 * mx.random.normal(norm.weight.shape)} for name, norm in norms(layer)}
    )
    return layer


def norms(layer: MultiHeadLatentAttention) -> list[tuple[str, object]]:
    return [(name, module) for name, module in layer.children().items() if name.endswith("layernorm")]


def tokens() -> mx.array:
    return mx.random.normal((2, LENGTH, CONFIG.hidden_size), key=mx.random.key(1))


def by_equations(layer: MultiHeadLatentAttention, x: np.ndarray, c: MLAConfig) -> np.ndarray:
    """DeepSeek-V2 equations 9-19 in float64, one sequence, head by head, pairs (j, j + d/2) rotated."""
    w = {name: np.array(value, np.float64) for name, value in tree_flatten(layer.parameters())}

    def norm(name: str, y: np.ndarray) -> np.ndarray:
        return y / np.sqrt((y * y).mean(-1, keepdims=True) + c.rms_norm_eps) * w[f"{name}.weight"]

    def rotate(y: np.ndarray) -> np.ndarray:
        half = c.qk_rope_head_dim // 2
        angle = np.arange(len(y))[:, None] * c.rope_theta ** (-np.arange(half) / half)
        a, b = y[:, :half], y[:, half:]
        return np.concatenate(
            [a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)], 1
        )

    latent_q = norm("q_a_layernorm", x @ w["q_a_proj.weight"].T)
    down = x @ w["kv_a_proj_with_mqa.weight"].T
    c_kv, k_rope = norm("kv_a_layernorm", down[:, : c.kv_lora_rank]), rotate(down[:, c.kv_lora_rank :])
    heads = []
    for h in range(c.num_attention_heads):
        q = latent_q @ w["q_b_proj.weight"].reshape(c.num_attention_heads, c.qk_head_dim, -1)[h].T
        kv = c_kv @ w["kv_b_proj.weight"].reshape(c.num_attention_heads, -1, c.kv_lora_rank)[h].T
        q = np.concatenate([q[:, : c.qk_nope_head_dim], rotate(q[:, c.qk_nope_head_dim :])], 1)
        k, v = np.concatenate([kv[:, : c.qk_nope_head_dim], k_rope], 1), kv[:, c.qk_nope_head_dim :]
        scores = q @ k.T / np.sqrt(c.qk_nope_head_dim + c.qk_rope_head_dim)
        scores[np.triu_indices(len(x), 1)] = -np.inf
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        heads.append(weights / weights.sum(-1, keepdims=True) @ v)
    return np.concatenate(heads, 1) @ w["o_proj.weight"].T


@pytest.mark.parametrize("absorb", [False, True])
def test_equals_the_equations(absorb: bool) -> None:
    layer, x = make(absorb=absorb), tokens()
    expected = [by_equations(layer, np.array(row, np.float64), CONFIG) for row in x]
    np.testing.assert_allclose(layer(x), np.stack(expected), atol=2e-6)


@pytest.mark.parametrize("chunks", [[LENGTH], [5, 1, 1, 1, 1], [2, 3, 4]])
@pytest.mark.parametrize("absorb", [False, True])
def test_cached_equals_uncached(absorb: bool, chunks: list[int]) -> None:
    layer, x = make(absorb=absorb), tokens()
    cache, start, parts = layer.make_cache(), 0, []
    for length in chunks:
        parts.append(layer(x[:, start : start + length], cache))
        start += length
    np.testing.assert_allclose(mx.concatenate(parts, axis=1), layer(x), atol=2e-6)
    assert cache.offset == LENGTH


def test_forms_share_one_cache() -> None:
    """Prefill explicit, decode absorbed, as a server does."""
    layer, x = make(), tokens()
    whole, cache = layer(x), layer.make_cache()
    layer(x[:, :-1], cache)
    layer.absorb = True
    np.testing.assert_allclose(layer(x[:, -1:], cache), whole[:, -1:], atol=2e-6)


def test_cache_bytes_are_the_formula() -> None:
    layer, x = make(), tokens()
    cache = layer.make_cache()
    layer(x, cache)
    held = [array[:, :, : cache.offset] for array in cache.state]
    assert sum(array.nbytes for array in held) == cache.nbytes
    per_token = mla_cache_bytes_per_token(1, CONFIG.kv_lora_rank, CONFIG.qk_rope_head_dim, 4)
    assert cache.nbytes == x.shape[0] * LENGTH * per_token
    assert cache.trim(4) == 4
    assert cache.nbytes == x.shape[0] * (LENGTH - 4) * per_token


def test_query_latent_is_optional() -> None:
    config = MLAConfig(64, 4, 24, 16, 8, 12)
    layer = make(config)
    assert "q_proj" in layer
    assert "q_a_proj" not in layer
    explicit = layer(tokens())
    layer.absorb = True
    np.testing.assert_allclose(layer(tokens()), explicit, atol=2e-6)


def test_interleaved_pairs_are_a_permutation_of_the_weights() -> None:
    """Moving the rotated rows of a half-split checkpoint to neighbouring pairs must change nothing."""
    halves = make(MLAConfig(64, 4, 24, 16, 8, 12))
    pairs = make(MLAConfig(64, 4, 24, 16, 8, 12, rope_interleave=True))
    order = mx.array([0, 4, 1, 5, 2, 6, 3, 7])  # neighbour 2j is half j, 2j + 1 is j + 4
    q = halves.q_proj.weight.reshape(4, 24, 64)
    q = mx.concatenate([q[:, :16], q[:, 16:][:, order]], axis=1).reshape(96, 64)
    kv = halves.kv_a_proj_with_mqa.weight
    pairs.update(halves.parameters())
    pairs.q_proj.weight = q
    pairs.kv_a_proj_with_mqa.weight = mx.concatenate([kv[:24], kv[24:][order]], axis=0)
    np.testing.assert_allclose(pairs(tokens()), halves(tokens()), atol=2e-6)
    pairs.q_proj.weight = halves.q_proj.weight
    assert mx.abs(pairs(tokens()) - halves(tokens())).max().item() > 1e-3


@pytest.mark.parametrize("model", ["deepseek_v2", "deepseek_v3"])
@pytest.mark.parametrize("absorb", [False, True])
def test_equals_transformers(oracle: Path, model: str, absorb: bool) -> None:
    """Frozen by scripts/make_mla_oracle.py; these checkpoints pair neighbouring features."""
    frozen = mx.load(str(oracle / "mla" / f"{model}.safetensors"))
    x, expected = frozen.pop("input"), frozen.pop("output")
    layer = MultiHeadLatentAttention(dataclasses.replace(CONFIG, rope_interleave=True), absorb)
    layer.load_weights(list(frozen.items()))
    assert mx.abs(expected).max().item() > 1
    np.testing.assert_allclose(layer(x), expected, atol=1e-5)


def test_parameters_are_named_as_in_deepseek_checkpoints() -> None:
    names = {name for name, _ in tree_flatten(make().parameters())}
    assert names == {
        "q_a_proj.weight",
        "q_a_layernorm.weight",
        "q_b_proj.weight",
        "kv_a_proj_with_mqa.weight",
        "kv_a_layernorm.weight",
        "kv_b_proj.weight",
        "o_proj.weight",
    }


def test_refusals() -> None:
    with pytest.raises(KvistError, match="even qk_rope_head_dim"):
        MLAConfig(64, 4, 24, 16, 7, 12)
    with pytest.raises(KvistError, match="one latent per token"):
        LatentKVCache().update(mx.zeros((1, 2, 3, 4)), mx.zeros((1, 2, 3, 2)))
