"""The KV cache: the engine's own is `kvist.cache.KVCache`."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.cache import KVCache
from kvist.ops import attention


def _rows(n: int, length: int) -> mx.array:
    return mx.random.normal((1, 2, length, 4), key=mx.random.key(n))


def check_append(solution: ModuleType) -> None:
    """Holds what was appended, in order, over a prompt and three tokens."""
    mine, engine = solution.Cache(), KVCache()
    for n, length in enumerate((5, 1, 1, 1)):
        got, want = (
            mine.update(_rows(n, length), -_rows(n, length)),
            engine.update(_rows(n, length), -_rows(n, length)),
        )
        for name, a, b in zip(("keys", "values"), got, want, strict=True):
            assert a.shape == b.shape, f"need {name} of shape {b.shape}, got {a.shape}"
            assert np.array_equal(np.array(a), np.array(b)), f"the {name} are not what was appended"
    assert mine.offset == 8, f"need offset 8, got {mine.offset}"


def check_cached_is_uncached(solution: ModuleType) -> None:
    """The last token sees with the cache what it sees without."""
    q, k, v = (_rows(n, 6) for n in range(3))
    whole = attention(q, k, v, mask="causal")
    cache = solution.Cache()
    for i in range(6):
        step = attention(q[:, :, i : i + 1], *cache.update(k[:, :, i : i + 1], v[:, :, i : i + 1]))
    worst = np.abs(np.array(step - whole[:, :, -1:])).max()
    assert worst < 1e-5, f"a number is off by {worst:.2g}"


def check_trim(solution: ModuleType) -> None:
    """Forgets refused tokens and goes on from there."""
    cache = solution.Cache()
    cache.update(_rows(0, 5), _rows(0, 5))
    cache.trim(2)
    keys, _ = cache.update(_rows(1, 1), _rows(1, 1))
    want = np.concatenate([np.array(_rows(0, 5))[:, :, :3], np.array(_rows(1, 1))], axis=2)
    assert cache.offset == 4, f"need offset 4, got {cache.offset}"
    assert np.array_equal(np.array(keys), want), "after trim(2) the next token follows the third"
