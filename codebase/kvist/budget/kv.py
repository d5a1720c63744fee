"""Bytes of KV cache that one token costs."""

from kvist.errors import KvistError


def kv_cache_bytes_per_token(
    num_layers: int, num_kv_heads: int, head_dim: int, bytes_per_value: float = 2
) -> int:
    """2 · num_kv_heads · head_dim · num_layers · bytes_per_value: a key and a value per KV head and layer.

    `bytes_per_value` is 2 for float16 and bfloat16, 4 for float32, 1 for 8 bits, 0.75 for 6 bits. Whole
    bytes, rounded up. Example: Llama-2-70B has 80 layers, 8 KV heads of 128: 327 680 bytes.
    """
    return _whole_bytes(2 * num_kv_heads * head_dim, num_layers, bytes_per_value)


def mla_cache_bytes_per_token(
    num_layers: int, kv_lora_rank: int, qk_rope_head_dim: int, bytes_per_value: float = 2
) -> int:
    """(kv_lora_rank + qk_rope_head_dim) · num_layers · bytes_per_value: a latent and a rotated key per layer.

    Source: DeepSeek-V2 (arXiv:2405.04434), Table 1. Example: DeepSeek-V3 has 61 layers of 512 + 64: 70 272
    bytes.
    """
    return _whole_bytes(kv_lora_rank + qk_rope_head_dim, num_layers, bytes_per_value)


def _whole_bytes(values_per_layer: int, num_layers: int, bytes_per_value: float) -> int:
    if values_per_layer < 1 or num_layers < 1 or bytes_per_value <= 0:
        got = f"{num_layers} layers of {values_per_layer} values of {bytes_per_value} bytes"
        raise KvistError("budget", "positive sizes", got)
    size = values_per_layer * num_layers * bytes_per_value
    return int(size) + (size > int(size))
