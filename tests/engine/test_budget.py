"""Guards the cache arithmetic by numbers that the papers and model reports print, and by real caches."""

import mlx.core as mx
import pytest

from kvist.budget import kv_cache_bytes_per_token, mla_cache_bytes_per_token
from kvist.cache import KVCache
from kvist.errors import KvistError

PUBLISHED = {
    # name: (layers, KV heads, head_dim), bytes per token in 16 bits
    "OPT-13B": ((40, 40, 128), 819_200),  # "800 KB", 2309.06180 section 3
    "Llama-2-70B": ((80, 8, 128), 327_680),
    "Llama-3.1-405B": ((126, 8, 128), 516_096),  # 2505.09343 Table 1
    "Qwen2.5-72B": ((80, 8, 128), 327_680),  # 2505.09343 Table 1
    "Qwen3-0.6B": ((28, 8, 128), 114_688),
    "Qwen3-8B": ((36, 8, 128), 147_456),
    "Qwen3-32B": ((64, 8, 128), 262_144),
    "Qwen3-30B-A3B": ((48, 4, 128), 98_304),
    "Qwen3-235B-A22B": ((94, 4, 128), 192_512),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_models(name: str) -> None:
    shape, expected = PUBLISHED[name]
    assert kv_cache_bytes_per_token(*shape) == expected


def test_published_latent_caches() -> None:
    assert mla_cache_bytes_per_token(61, 512, 64) == 70_272  # DeepSeek-V3, 2505.09343 Table 1
    # DeepSeek-V2 Table 9, elements per token: 15.6K against 110.6K (small), 34.6K (large)
    assert mla_cache_bytes_per_token(27, 512, 64, 1) == 15_552
    assert kv_cache_bytes_per_token(27, 16, 128, 1) == 110_592
    assert mla_cache_bytes_per_token(60, 512, 64, 1) == 34_560
    # "93.3 % smaller than DeepSeek 67B" is a ratio of bytes, with 6 bits per element against 16
    reduction = 1 - mla_cache_bytes_per_token(60, 512, 64, 0.75) / kv_cache_bytes_per_token(95, 8, 128)
    assert round(reduction, 3) == 0.933


def test_formula_counts_a_real_cache() -> None:
    cache = KVCache()
    cache.update(mx.zeros((1, 8, 5, 128), mx.float16), mx.zeros((1, 8, 5, 128), mx.float16))
    assert cache.nbytes == 5 * kv_cache_bytes_per_token(1, 8, 128)


def test_part_of_a_byte_counts_as_one() -> None:
    assert mla_cache_bytes_per_token(1, 1, 2, 0.75) == 3


def test_refusals() -> None:
    with pytest.raises(KvistError, match="positive sizes"):
        kv_cache_bytes_per_token(0, 8, 128)
    with pytest.raises(KvistError, match="positive sizes"):
        mla_cache_bytes_per_token(1, 512, 64, 0)
