"""Guards the dense KV cache: what goes in comes out, in order, whatever the chunks and however it grew."""

import mlx.core as mx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvist.cache import KVCache
from kvist.errors import KvistError


def rows(start: int, length: int) -> tuple[mx.array, mx.array]:
    """Keys that hold their position, values that hold its negative: (1, 2, length, 4)."""
    k = mx.broadcast_to(mx.arange(start, start + length, dtype=mx.float32)[:, None], (1, 2, length, 4))
    return k, -k


@settings(deadline=None, max_examples=50)
@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(1, 7), st.integers(0, 4)), min_size=1, max_size=6),
)
def test_chunks_and_trims_keep_the_order(step: int, moves: list[tuple[int, int]]) -> None:
    cache, seen, results = KVCache(step), 0, []
    for length, trimmed in moves:
        k, v = cache.update(*rows(seen, length))
        seen += length
        results.append((seen, k, v))
        assert cache.offset == seen
        seen -= cache.trim(trimmed)
    for length, k, v in results:  # only now: later writes must not reach what was returned earlier
        assert k[0, 1, :, 3].tolist() == list(range(length))
        assert v[0, 0, :, 0].tolist() == [-position for position in range(length)]


def test_bytes_count_tokens_and_not_the_reserve() -> None:
    cache = KVCache(step=16)
    assert (cache.nbytes, cache.reserved_nbytes, cache.state) == (0, 0, [])
    cache.update(*rows(0, 3))
    assert cache.nbytes == 3 * 2 * 4 * 4 * 2  # tokens x heads x head_dim x float32 x (key and value)
    assert cache.reserved_nbytes == cache.nbytes // 3 * 16
    assert cache.trim(1) == 1
    assert cache.nbytes == 2 * 2 * 4 * 4 * 2


def test_trim_stops_at_the_start() -> None:
    cache = KVCache()
    cache.update(*rows(0, 3))
    assert (cache.trim(5), cache.offset, cache.trim(1), cache.trim(-1)) == (3, 0, 0, 0)


def test_no_new_tokens_at_all() -> None:
    cache = KVCache(step=4)
    assert cache.update(*rows(0, 0))[0].shape == (1, 2, 0, 4)
    cache.update(*rows(0, 4))
    assert cache.update(*rows(4, 0))[1].shape == (1, 2, 4, 4)


def test_refuses_other_shapes() -> None:
    cache = KVCache()
    cache.update(*rows(0, 2))
    with pytest.raises(KvistError, match=r"\(1, 2, L, 4\) as before, got \(3, 2, 1, 4\). hint"):
        cache.update(mx.zeros((3, 2, 1, 4)), mx.zeros((3, 2, 1, 4)))
    assert cache.offset == 2
    with pytest.raises(KvistError, match="k and v of shape"):
        cache.update(mx.zeros((1, 2, 1, 4)), mx.zeros((1, 2, 2, 4)))
    with pytest.raises(KvistError, match="step"):
        KVCache(step=0)


def test_rows_written_elsewhere_count_as_appended() -> None:
    """`reserve` and `replace` are `update` for an operator that writes the rows itself."""
    k, v = mx.random.normal((1, 2, 5, 4)), mx.random.normal((1, 2, 5, 4))
    by_update, by_replace = KVCache(step=4), KVCache(step=4)
    for start, stop in ((0, 3), (3, 5)):
        want = by_update.update(k[:, :, start:stop], v[:, :, start:stop])
        keys, values = (mx.array(x) for x in by_replace.reserve(1, 2, stop - start, 4, mx.float32))
        keys[:, :, start:stop], values[:, :, start:stop] = k[:, :, start:stop], v[:, :, start:stop]
        got = by_replace.replace(keys, values, stop - start)
        assert all(mx.array_equal(a, b).item() for a, b in zip(got, want, strict=True))
    assert by_replace.offset == by_update.offset == 5
    assert by_replace.reserved_nbytes == by_update.reserved_nbytes
