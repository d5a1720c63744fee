"""Qwen3, dense: grouped queries with QK-norm, SwiGLU, pre-norm, no biases.

Parameters are named as in Hugging Face checkpoints (`model.layers.0.self_attn.q_proj.weight`, …).
"""

from dataclasses import dataclass
from typing import TypeVar

import mlx.core as mx
import mlx.nn as nn

from kvist.cache import BaseKVCache, KVCache
from kvist.errors import KvistError
from kvist.json_file import JsonFile
from kvist.models.rope_config import rope_base
from kvist.nn import MLP, Attention, Embedding, Linear, RMSNorm, TransformerBlock, run_layers

Tensor = TypeVar("Tensor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwen3Config:
    """Sizes of a Qwen3 model, named as in config.json."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    """D, which need not be hidden_size / num_attention_heads."""
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1_000_000.0
    tie_word_embeddings: bool = True
    """True: the output layer is the embedding, and the checkpoint has no lm_head."""
    max_position_embeddings: int = 32768

    @staticmethod
    def from_file(config: JsonFile) -> "Qwen3Config":
        """Read config.json. Raises KvistError on a missing key and on settings that are not built."""
        config.refuse_unless("hidden_act", "silu")
        config.refuse_unless("attention_bias", False)
        config.refuse_unless("use_sliding_window", False)
        num_heads = config.positive("num_attention_heads")
        num_kv_heads = config.positive("num_key_value_heads")
        if num_heads % num_kv_heads:
            need = f'"num_key_value_heads" that divides "num_attention_heads" ({num_heads})'
            raise KvistError(f"{config.path}", need, str(num_kv_heads))
        return Qwen3Config(
            vocab_size=config.positive("vocab_size"),
            hidden_size=config.positive("hidden_size"),
            intermediate_size=config.positive("intermediate_size"),
            num_hidden_layers=config.positive("num_hidden_layers"),
            num_attention_heads=num_heads,
            num_key_value_heads=num_kv_heads,
            head_dim=config.positive("head_dim"),
            rms_norm_eps=config.positive("rms_norm_eps", float),
            rope_theta=rope_base(config),
            # Absent means untied, as in the Qwen3Config of transformers.
            tie_word_embeddings=config.get("tie_word_embeddings", bool, False),
            max_position_embeddings=config.positive("max_position_embeddings", int, 32768),
        )


class Qwen3Model(nn.Module):
    """Embedding, layers and final norm: tokens (B, L) -> hidden states (B, L, E)."""

    def __init__(self, config: Qwen3Config) -> None:
        super().__init__()
        self.embed_tokens = Embedding(config.vocab_size, config.hidden_size)
        self.layers = [_make_block(config) for _ in range(config.num_hidden_layers)]
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.implementation: str | None = None
        """How the layers are run: see `kvist.nn.run_layers`."""

    def __call__(self, tokens: mx.array, cache: list[BaseKVCache] | None = None) -> mx.array:
        x = self.embed_tokens(tokens)
        return run_layers(self.layers, self.norm, x, cache, implementation=self.implementation)


class Qwen3(nn.Module):
    """A Qwen3 language model: tokens (B, L) -> logits (B, L, V)."""

    def __init__(self, config: Qwen3Config) -> None:
        super().__init__()
        self.config = config
        self.model = Qwen3Model(config)
        if not config.tie_word_embeddings:
            self.lm_head = Linear(config.hidden_size, config.vocab_size)

    def __call__(self, tokens: mx.array, cache: list[BaseKVCache] | None = None) -> mx.array:
        """Logits after each token; with a cache, `tokens` are the new ones only."""
        if tokens.ndim != 2:
            raise KvistError("Qwen3", "tokens of shape (B, L)", f"shape {tokens.shape}")
        x = self.model(tokens, cache)
        return self.model.embed_tokens.as_linear(x) if self.config.tie_word_embeddings else self.lm_head(x)

    @property
    def vocab_size(self) -> int:
        """V."""
        return self.config.vocab_size

    @property
    def context_length(self) -> int:
        """Most tokens the model was made for."""
        return self.config.max_position_embeddings

    def make_cache(self) -> list[BaseKVCache]:
        """An empty dense cache for each layer."""
        return [KVCache() for _ in self.model.layers]

    def sanitize(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Checkpoint tensors (arrays or headers) under this model's names: the one place of renaming."""
        if not self.config.tie_word_embeddings:
            return weights
        # Some savers store the tied output layer as a second copy of the embedding.
        return {name: tensor for name, tensor in weights.items() if not name.startswith("lm_head.")}


def _make_block(config: Qwen3Config) -> TransformerBlock:
    attention = Attention(
        config.hidden_size,
        config.num_attention_heads,
        config.num_key_value_heads,
        config.head_dim,
        rope_base=config.rope_theta,
        qk_norm_eps=config.rms_norm_eps,
    )
    mlp = MLP(config.hidden_size, config.intermediate_size)
    return TransformerBlock(attention, mlp, config.hidden_size, config.rms_norm_eps)
