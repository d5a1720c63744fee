"""The block: the engine's own are `kvist.nn.TransformerBlock` and `kvist.budget.count_parameters`."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.budget import count_parameters
from kvist.nn import MLP, Attention, TransformerBlock

CONFIG = {
    "vocab_size": 151936, "hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16,
    "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 3072, "tie_word_embeddings": True,
}  # fmt: skip


def check_wiring(solution: ModuleType) -> None:
    """Equals the engine's block made of the same four layers."""
    mx.random.seed(0)
    engine = TransformerBlock(Attention(16, 4, 2, 4), MLP(16, 32), 16)
    x = mx.random.normal((1, 5, 16), key=mx.random.key(1))
    parts = engine.input_layernorm, engine.self_attn, engine.post_attention_layernorm, engine.mlp
    worst = np.abs(np.array(solution.block(x, *parts) - engine(x))).max()
    assert worst < 1e-5, f"a number is off by {worst:.2g}: the second half reads the sum of the first"


def check_count(solution: ModuleType) -> None:
    """Counts 596,049,920 parameters for Qwen3-0.6B."""
    got = solution.count_parameters(CONFIG)
    assert got == 596_049_920, f"need 596,049,920, got {got:,}"


def check_untied(solution: ModuleType) -> None:
    """Counts the output matrix when it is not the embedding."""
    config = {**CONFIG, "tie_word_embeddings": False}
    got, want = solution.count_parameters(config), count_parameters(config)
    assert got == want, f"need {want:,}, got {got:,}"
