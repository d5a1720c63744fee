"""Guards the paged cache: what is gathered is what was written, and every block finds its way back."""

import mlx.core as mx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvist.cache import BlockPool, KVCache, PagedKVCache
from kvist.errors import KvistError

HEADS, DIM = 2, 4


def rows(start: int, length: int) -> mx.array:
    return mx.broadcast_to(
        mx.arange(start, start + length, dtype=mx.float32)[None, None, :, None], (1, HEADS, length, DIM)
    )


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 7), st.booleans()), max_size=12))
def test_equals_the_dense_cache(steps: list[tuple[str, int, bool]]) -> None:
    pool = BlockPool(64, 4, HEADS, DIM)
    paged = {name: PagedKVCache(pool) for name in "ab"}
    dense = {name: KVCache(8) for name in "ab"}
    for number, (name, length, trim) in enumerate(steps):
        if trim:
            assert paged[name].trim(length) == dense[name].trim(length)
            continue
        k = rows(100 * number, length)
        for got, want in zip(paged[name].update(k, -k), dense[name].update(k, -k), strict=True):
            assert mx.array_equal(got, want)
        assert paged[name].nbytes == dense[name].nbytes
    held = sum(len(cache.block_table) for cache in paged.values())
    assert pool.num_free == 64 - held
    for cache in paged.values():
        assert len(cache.block_table) == -(-cache.offset // 4)
        cache.trim(cache.offset)
    assert pool.num_free == 64


def test_a_fork_shares_blocks_until_one_writes() -> None:
    pool = BlockPool(8, 4, HEADS, DIM)
    first = PagedKVCache(pool)
    first.update(rows(0, 6), rows(0, 6))
    second = first.fork()
    assert pool.num_free == 6 and second.block_table == first.block_table
    second.update(rows(50, 1), rows(50, 1))
    assert pool.num_free == 5 and second.block_table[0] == first.block_table[0]
    assert second.block_table[1] != first.block_table[1]
    first.update(rows(90, 1), rows(90, 1))
    assert first.gather()[0][0, 0, :, 0].tolist() == [0, 1, 2, 3, 4, 5, 90]
    assert second.gather()[0][0, 0, :, 0].tolist() == [0, 1, 2, 3, 4, 5, 50]
    first.trim(7)
    assert second.gather()[0][0, 0, :, 0].tolist() == [0, 1, 2, 3, 4, 5, 50]
    second.trim(7)
    assert pool.num_free == 8


def test_a_pool_that_is_too_small_writes_nothing() -> None:
    pool = BlockPool(2, 4, HEADS, DIM)
    cache = PagedKVCache(pool)
    cache.update(rows(0, 5), rows(0, 5))
    with pytest.raises(KvistError, match="need 1 free blocks, got 0"):
        cache.update(rows(5, 4), rows(5, 4))
    assert cache.offset == 5 and pool.num_free == 0
    with pytest.raises(KvistError, match=r"need k and v of shape \(1, 2, L, 4\)"):
        cache.update(mx.zeros((2, HEADS, 1, DIM)), mx.zeros((2, HEADS, 1, DIM)))
    with pytest.raises(KvistError, match="positive sizes"):
        BlockPool(0, 4, HEADS, DIM)
    with pytest.raises(KvistError, match="a free block"):
        pool.take()
