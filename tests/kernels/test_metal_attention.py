"""Guards the Metal implementations of attention: what they take, what they refuse, and what they share."""

from collections.abc import Callable

import mlx.core as mx
import pytest

from kvist.errors import KvistError
from kvist.ops import attention, flash_attention, paged_attention
from kvist.ops.metal import flash_attention as flash_attention_calls
from kvist.ops.metal import paged_attention as paged_attention_calls


def normal(seed: int, *shape: int) -> mx.array:
    return mx.random.normal(shape, key=mx.random.key(seed))


Q, K, V = normal(1, 1, 2, 3, 16), normal(2, 1, 1, 5, 16), normal(3, 1, 1, 5, 16)
BLOCKS = normal(4, 3, 1, 4, 16)
WIDE = mx.zeros((1, 1, 2, 130))

REFUSED: dict[str, Callable[[], mx.array]] = {
    'need mask None or "causal" for implementation="metal", got an array': lambda: attention(
        Q, K, V, mask=mx.ones((3, 5), mx.bool_), implementation="metal"
    ),
    "[attention] need at least one key, got none": lambda: attention(
        Q, K[:, :, :0], V[:, :, :0], implementation="metal"
    ),
    "[flash_attention] need at least one key, got none": lambda: flash_attention(
        Q, K[:, :, :0], V[:, :, :0], causal=False
    ),
    "need a head_dim of at most 128": lambda: attention(WIDE, WIDE, WIDE, implementation="metal"),
    "need keys and values of one shape": lambda: attention(Q, K, V[..., :8], implementation="metal"),
    "need q, k and v of one dtype": lambda: attention(Q, K.astype(mx.float16), V, implementation="metal"),
    "need implementation reference, metal, got 'cpp'": lambda: flash_attention(Q, K, V, implementation="cpp"),
    "need implementation reference, cpp, metal, got 'gpu'": lambda: paged(implementation="gpu"),
    "need blocks of keys and values of one shape": lambda: paged(v=BLOCKS[..., :8]),
    "need lengths from 1, the new tokens, to 8": lambda: paged(length=9),
    "need version naive, simd, combined, grouped, got 'fast'": lambda: paged_launch("fast"),
    "need version naive, online, tiled, matrix, got 'fast'": lambda: flash_launch(version="fast"),
}


def paged(v: mx.array | None = None, length: int = 7, implementation: str = "metal") -> mx.array:
    v = BLOCKS if v is None else v
    q, table, lengths = Q[:, :, :1], mx.array([[2, 0]]), mx.array([length])
    return paged_attention(q, BLOCKS, v, table, lengths, implementation=implementation)


def paged_launch(version: str) -> mx.array:
    table, lengths = mx.array([[2, 0]]), mx.array([7])
    return paged_attention_calls.launch(Q, BLOCKS, BLOCKS, table, lengths, 1.0, version).run()[0]


def flash_launch(version: str) -> mx.array:
    return flash_attention_calls.launch(Q, K, V, 1.0, causal=True, version=version).run()[0]


@pytest.mark.parametrize("message", REFUSED)
def test_what_the_kernels_have_not_is_refused(message):
    with pytest.raises(KvistError) as caught:
        REFUSED[message]()
    assert message in str(caught.value)


def test_no_query_gives_nothing():
    for run in (attention, flash_attention):
        assert run(Q[:, :, :0], K, V, implementation="metal").shape == (1, 2, 0, 16)
        assert run(Q[:0], K[:0], V[:0], implementation="metal").shape == (0, 2, 3, 16)


def test_a_pool_with_other_axes_first_is_read_as_it_is_meant():
    """As a transposed view: (num_blocks, block_size, Hkv, D) in memory."""
    pool, q = normal(5, 3, 4, 2, 16), normal(6, 1, 4, 1, 16)
    view, table, lengths = pool.swapaxes(1, 2), mx.array([[2, 0]]), mx.array([7])
    got, want = (
        paged_attention(q, view, view, table, lengths, implementation=name) for name in ("metal", "reference")
    )
    assert mx.allclose(got, want, rtol=1e-5, atol=1e-5)


@pytest.mark.slow  # a compile for itself
def test_queries_and_pool_of_different_types():
    q, table, lengths = Q[:, :, :1], mx.array([[2, 0]]), mx.array([7])
    blocks = BLOCKS.astype(mx.bfloat16)
    got, want = (
        paged_attention(q, blocks, blocks, table, lengths, implementation=name)
        for name in ("metal", "reference")
    )
    assert got.dtype == mx.float32
    assert mx.allclose(got, want, rtol=1e-5, atol=1e-5)
