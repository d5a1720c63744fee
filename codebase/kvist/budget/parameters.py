"""Parameters of a model, counted from its configuration."""

from collections.abc import Mapping
from typing import Any

from kvist.errors import KvistError

_NEEDED = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
    "head_dim", "intermediate_size",
)  # fmt: skip


def count_parameters(config: Mapping[str, Any]) -> int:
    """Number of parameters of a Qwen3 model with this config.json (grouped queries, QK-norm, SwiGLU).

    Example: Qwen3-0.6B, whose input and output embedding are one matrix, has 596 049 920.
    Raises KvistError if a size is missing.
    """
    missing = [name for name in _NEEDED if not isinstance(config.get(name), int)]
    if missing:
        raise KvistError("count_parameters", f"whole numbers for {', '.join(_NEEDED)}", f"no {missing[0]}")
    vocab, width, layers, heads, kv_heads, dim, inner = (config[name] for name in _NEEDED)
    attention = width * dim * (2 * heads + 2 * kv_heads) + 2 * dim  # q, o, k, v and the norms of q and k
    mlp = 3 * width * inner
    embeddings = vocab * width * (1 if config.get("tie_word_embeddings") else 2)
    return embeddings + layers * (attention + mlp + 2 * width) + width
