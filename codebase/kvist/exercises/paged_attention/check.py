"""Paged attention: the engine's own is `kvist.cache.PagedKVCache`."""

from types import ModuleType

import mlx.core as mx
import numpy as np

from kvist.cache import BlockPool, PagedKVCache


def check_slots(solution: ModuleType) -> None:
    """Finds tokens across the edge of a block."""
    got = list(solution.slots([9, 4, 7], 4, 2, 7))
    want = [(9, 2), (9, 3), (4, 0), (4, 1), (4, 2), (4, 3), (7, 0)]
    assert got == want, f"need {want}, got {got}"


def check_gather(solution: ModuleType) -> None:
    """Reads back what the engine's cache wrote, for two sequences that take turns."""
    pool = BlockPool(16, 4, 2, 3)
    early, *caches = [PagedKVCache(pool) for _ in range(3)]
    early.update(mx.ones((1, 2, 12, 3)), mx.ones((1, 2, 12, 3)))
    for n, length in enumerate((5, 3, 4, 6, 1)):
        rows = mx.random.normal((1, 2, length, 3), key=mx.random.key(n))
        caches[n % 2].update(rows, rows)
        early.trim(12)  # its blocks are free again, and the next are not in order
    for cache in caches:
        want = np.array(cache.gather()[0])
        got = np.array(solution.gather(pool.keys, list(cache.block_table), cache.offset))
        assert got.shape == want.shape, f"need shape {want.shape}, got {got.shape}"
        assert np.array_equal(got, want), "rows are not in the order of the block table"
